export * from "./DriverContract.js"
export * from "./TranslatorContract.js"
export * from "./VoiceContract.js"
export { ofType, type Watched, watch } from "./Watched.js"
