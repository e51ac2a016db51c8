/** The port to live agents, the drivers behind it, and what other packages use of translators, processes and redaction. */
export type { AcpConfig } from "./acp/drive/AcpConfig.js"
export { makeAcpDriver } from "./acp/drive/AcpDriver.js"
export { acpPreset, acpPresets } from "./acp/drive/acpPresets.js"
export { makeClaudeDriver } from "./claude/drive/ClaudeDriver.js"
export { locateSdk, sdkPackage } from "./claude/drive/locateSdk.js"
export { makeHistoryTranslator } from "./claude/history/HistoryTranslator.js"
export { readHistoryLine } from "./claude/history/readHistoryLine.js"
export { makeCodexDriver } from "./codex/drive/CodexDriver.js"
export { makeRolloutTranslator } from "./codex/rollout/RolloutTranslator.js"
export { readRolloutLine } from "./codex/rollout/readRolloutLine.js"
export { makeCodexTranslator } from "./codex/translate/CodexTranslator.js"
export {
  clientRequestMethods,
  serverNotificationMethods,
  serverRequestMethods,
} from "./codex/translate/codexMethods.js"
export {
  type AnswerRequest,
  type Capabilities,
  ConnectionLost,
  type ConnectOptions,
  type Delivered,
  type ProviderConnection,
  type ProviderDriver,
  type ProviderFailure,
  Refused,
  type ResumeThread,
  type SendTurn,
  type StartThread,
  type Steer,
  type ThreadOpened,
  TimedOut,
  Unsupported,
} from "./ProviderDriver.js"
export { childEnvironment } from "./process/childEnvironment.js"
export { endTree } from "./process/endTree.js"
export { type MarkedProcess, markedProcesses } from "./process/marks.js"
export { stillRunning } from "./process/ProcessTable.js"
export { findProgram, isPath, notTrusted, type ProgramFound, withTrustedPath } from "./process/programs.js"
export { untrustedFolders } from "./process/untrustedFolders.js"
export { type HeldSecrets, makeRedactor, type Redactor } from "./redaction/Redactor.js"
export { secretValues } from "./redaction/secretValues.js"
export { makeReplayDriver, type ReplayOptions } from "./replay/ReplayDriver.js"
export type { Emitted, WireLine } from "./Translator.js"
export { parseRecordingLine, readRecording } from "./wire/parseRecordingLine.js"
