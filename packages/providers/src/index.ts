export * from "./acp/drive/AcpConfig.js"
export * from "./acp/drive/AcpDriver.js"
export * from "./acp/drive/acpPresets.js"
export * from "./acp/translate/AcpTranslator.js"
export { type ClaudeConfig, type ClaudeLimits, makeClaudeDriver } from "./claude/drive/ClaudeDriver.js"
export {
  type LocatedSdk,
  type LocateOptions,
  locateSdk,
  type MissingSdk,
  sdkPackage,
} from "./claude/drive/locateSdk.js"
export {
  type ClaudeTranslator,
  type ClaudeTranslatorOptions,
  makeClaudeTranslator,
} from "./claude/translate/ClaudeTranslator.js"
export * from "./codex/drive/CodexDriver.js"
export * from "./codex/translate/CodexTranslator.js"
export * from "./codex/translate/codexMethods.js"
export { type ItemView, knownItemTypes, readItem } from "./codex/translate/readItem.js"
export * from "./drive/LiveEvents.js"
export * from "./ProviderDriver.js"
export * from "./process/index.js"
export * from "./replay/ReplayDriver.js"
export { type Coalescer, type Draft, makeCoalescer, mergeLimitBytes, mergeWindowMs } from "./runtime/Coalescer.js"
export { type Fact, fact, type Merge, pieceOf } from "./runtime/Fact.js"
export { makeOrigin, type Origin, type WireChannel } from "./runtime/Origin.js"
export * from "./secrets/index.js"
export * from "./Translator.js"
export * from "./wire/liveLines.js"
export * from "./wire/parseRecordingLine.js"
