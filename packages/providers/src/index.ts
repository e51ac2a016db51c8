/** The port to live agents, the drivers behind it, and what other packages use of translators, processes and redaction. */
export type { AcpConfig } from "./acp/drive/AcpConfig.js"
export { makeAcpDriver } from "./acp/drive/AcpDriver.js"
export { acpPreset, acpPresets } from "./acp/drive/acpPresets.js"
export { fileChangesIn } from "./changes/fileChanges.js"
export { linksIn, queriesIn, refusalIn as refusalOfItem, reviewIn } from "./changes/itemFacts.js"
export { makeClaudeDriver } from "./claude/drive/ClaudeDriver.js"
export { locateSdk, sdkPackage } from "./claude/drive/locateSdk.js"
export { makeHistoryTranslator } from "./claude/history/HistoryTranslator.js"
export { readHistoryLine } from "./claude/history/readHistoryLine.js"
export { makeCodexDriver } from "./codex/drive/CodexDriver.js"
export { makeRolloutTranslator } from "./codex/rollout/RolloutTranslator.js"
export { readRolloutLine } from "./codex/rollout/readRolloutLine.js"
export {
  manifestVersion,
  payloadRefs,
  readTraceLine,
  type TraceLine,
  traceVersions,
  unknownTraceVersion,
} from "./codex/trace/readTraceLine.js"
export { makeTraceTranslator, type TracePayload } from "./codex/trace/TraceTranslator.js"
export { makeCodexTranslator } from "./codex/translate/CodexTranslator.js"
export {
  clientRequestMethods,
  serverNotificationMethods,
  serverRequestMethods,
} from "./codex/translate/codexMethods.js"
export { allCapabilities, noChoices, notTaken, taken } from "./drive/AgentConfig.js"
export type { AgentLists, ListOf } from "./drive/AgentLists.js"
export {
  Attempt,
  type AttemptEvent,
  type AttemptInput,
  type CutFrame,
  frameOfMessage,
  type ModelProtocol,
  maxFrameBytes,
  maxItemBytes,
  modelIn,
  type ProtocolReader,
  protocolOf,
  requestInMessage,
  type Signal,
  type SocketRequest,
  SseFrames,
  socketProtocolOf,
  streamOfMessage,
} from "./inference/index.js"
export {
  type AnswerRequest,
  type Capabilities,
  type CompactThread,
  type ConfigureThread,
  ConnectionLost,
  type ConnectOptions,
  type Delivered,
  type DrivenPart,
  type ForkThread,
  type LoginStarted,
  type ModelRoute,
  type PartCapabilities,
  type ProviderConnection,
  type ProviderDriver,
  type ProviderFailure,
  type ProviderVoice,
  Refused,
  type RestoredFiles,
  type ResumeThread,
  type RewindThread,
  type Rewound,
  type SendTurn,
  type StartReview,
  type StartThread,
  type StartVoice,
  type Steer,
  type StopTask,
  type ThreadOpened,
  TimedOut,
  Unsupported,
} from "./ProviderDriver.js"
export { childEnvironment } from "./process/childEnvironment.js"
export { endTree } from "./process/endTree.js"
export { HeldBytes } from "./process/HeldBytes.js"
export { type MarkedProcess, markedProcesses } from "./process/marks.js"
export { stillRunning } from "./process/ProcessTable.js"
export { findProgram, isPath, notTrusted, type ProgramFound, withTrustedPath } from "./process/programs.js"
export { untrustedFolders } from "./process/untrustedFolders.js"
export { audioPieces } from "./realtime/audioPieces.js"
export { directVoiceLive } from "./realtime/DirectVoiceLive.js"
export { type DirectVoiceSettings, defaultDirectVoice } from "./realtime/DirectVoiceSettings.js"
export {
  AgentVoice,
  DirectVoice,
  refusalIn,
  type VoiceAudio,
  type VoiceCatalogue,
  type VoiceContext,
  VoiceFailed,
  type VoiceLink,
  VoiceRefused,
  type VoiceRequest,
  type VoiceTransport,
  type VoiceWord,
} from "./realtime/VoiceTransport.js"
export { type HeldSecrets, makeRedactor, type Redactor } from "./redaction/Redactor.js"
export { secretValues } from "./redaction/secretValues.js"
export { makeReplayDriver, type ReplayOptions } from "./replay/ReplayDriver.js"
export type { Emitted, WireLine } from "./Translator.js"
export { parseRecordingLine, readRecording } from "./wire/parseRecordingLine.js"
