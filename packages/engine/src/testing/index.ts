export { eventLogContract } from "./EventLogContract.js"
export { LogUnderTest } from "./LogUnderTest.js"
export { type WorkUnderTest, workStoreContract } from "./WorkStoreContract.js"
