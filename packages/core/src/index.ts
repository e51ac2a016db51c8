export * from "./Change.js"
export * from "./RowSource.js"
