export * from "./WorkStoreContract.js"
