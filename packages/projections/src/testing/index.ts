export * from "./ProjectionStoreContract.js"
export * from "./randomChanges.js"
export * from "./rows.js"
