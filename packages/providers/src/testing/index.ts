export * from "./DriverContract.js"
export * from "./TranslatorContract.js"
export { ofType, type Watched, watch } from "./Watched.js"
