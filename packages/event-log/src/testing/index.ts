export { type DriverFixture, logDriverContract } from "./LogDriverContract.js"
export * from "./samples.js"
