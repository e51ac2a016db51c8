export * from "./acp/AcpDriver.js"
export * from "./acp/AcpTranslator.js"
export * from "./acp/presets.js"
export { type ClaudeConfig, type ClaudeLimits, makeClaudeDriver } from "./claude/ClaudeDriver.js"
export {
  type ClaudeTranslator,
  type ClaudeTranslatorOptions,
  makeClaudeTranslator,
} from "./claude/ClaudeTranslator.js"
export { type LocatedSdk, type LocateOptions, locateSdk, type MissingSdk, sdkPackage } from "./claude/live/locate.js"
export * from "./codex/CodexDriver.js"
export * from "./codex/CodexTranslator.js"
export { type ItemView, knownItemTypes, readItem } from "./codex/items.js"
export * from "./codex/methods.js"
export * from "./live/LiveEvents.js"
export * from "./live/lines.js"
export * from "./ProviderDriver.js"
export * from "./process/index.js"
export * from "./recording/parseRecordingLine.js"
export * from "./replay/ReplayDriver.js"
export { type Coalescer, type Draft, makeCoalescer, mergeLimitBytes, mergeWindowMs } from "./stream/Coalescer.js"
export { type Fact, fact, type Merge, pieceOf } from "./stream/Fact.js"
export { makeOrigin, type Origin, type WireChannel } from "./stream/Origin.js"
export * from "./Translator.js"
