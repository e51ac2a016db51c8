export { eventLogContract } from "./EventLogContract.js"
export { LogUnderTest } from "./LogUnderTest.js"
export * from "./WorkStoreContract.js"
