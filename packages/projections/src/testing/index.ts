export { openProjections } from "./fixtures.js"
export { projectionStoreContract, type StoreUnderTest } from "./ProjectionStoreContract.js"
export { randomEvent } from "./randomEvents.js"
export { type TestEvent, TestLog } from "./TestLog.js"
