export * from "./Driver.js"
