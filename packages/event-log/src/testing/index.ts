export { childBundle } from "./childBundle.js"
export { type DriverFixture, logDriverContract } from "./LogDriverContract.js"
