export { AnomalyReason, anomalyReasons } from "./AnomalyReason.js"
export { BackupReport, ExportReport, RestoreReport } from "./BundleReports.js"
export { AttachSession, Command, type CommandOf, type CommandType, MessageMode } from "./commands/index.js"
export { EffectKind, type EffectLane, EffectStatus, effectKinds } from "./Effects.js"
export * from "./Events.js"
export { ExplainFact, ExplainReport, ExplainTopic } from "./Explain.js"
export { AnomalyView } from "./entities/Anomaly.js"
export { AttachedSession, AttachRequest } from "./entities/AttachedSession.js"
export { DelegationView } from "./entities/Delegation.js"
export { type EffectRow, Receipt, type RequestedEffect } from "./entities/Effect.js"
export {
  Actor,
  blankEnvelope,
  Channel,
  type EntityIdName,
  EventEnvelope,
  entityIds,
  ProviderEvent,
} from "./entities/EventEnvelope.js"
export { InferenceView } from "./entities/Inference.js"
export { ItemView } from "./entities/Item.js"
export { QueueView } from "./entities/QueuedMessage.js"
export { RealtimeRunView } from "./entities/RealtimeRun.js"
export { RequestDetail, RequestStatus, RequestView } from "./entities/Request.js"
export { SessionView } from "./entities/Session.js"
export { Evidence } from "./entities/shared.js"
export { TaskView } from "./entities/Task.js"
export { ThreadDetail, ThreadStatus, ThreadView } from "./entities/Thread.js"
export { ThreadSnapshot } from "./entities/ThreadSnapshot.js"
export { TurnDetail, TurnView } from "./entities/Turn.js"
export { ThreadUsage, UsageView } from "./entities/Usage.js"
export { ProviderError, TokenCounts, UsageMode } from "./events/Common.js"
export {
  ContentDelta,
  ContentStream,
  ItemCompleted,
  ItemEnd,
  ItemKind,
  ItemStarted,
  textStreamOf,
} from "./events/ItemEvents.js"
export { RealtimeCloseReason } from "./events/RealtimeEvents.js"
export {
  Answers,
  Asked,
  ChangedFile,
  Choice,
  PortableDecision,
  Question,
  QuestionOption,
  RequestKind,
} from "./events/RequestEvents.js"
export { SessionStatus } from "./events/SessionEvents.js"
export { TurnOutcome } from "./events/TurnEvents.js"
export { MessageId, RequestId, SessionId, ThreadId, TurnId, uuidV7Pattern } from "./Ids.js"
export { isTooDeep, type JsonFault, readJson, readWireJson } from "./Json.js"
export {
  channelLimit,
  elsewhereLimit,
  firstWordsLength,
  maxJsonDepth,
  maxJsonValues,
  maxPushLines,
  maxRecordedLineBytes,
  maxSeq,
  maxTime,
  maxTokenCount,
  maxTypeLength,
  queueLimit,
  requestedTurnLimit,
  rewindTurnLimit,
  voiceStartLimit,
} from "./Limits.js"
export { NativeRef, strengthOf } from "./Native.js"
export { nearest, unknownName } from "./nearest.js"
export {
  type AdapterCheckResult,
  type AdapterFinding,
  AdapterReport,
  CheckReport,
  FoundReport,
  ImportReport,
  LogReport,
  ProjectionsReport,
  RebuildReport,
  SalvageReport,
  VerifyReport,
} from "./Reports.js"
export type {
  AnomalyRow,
  AnyRow,
  Bit,
  ChunkHalf,
  ConnectionRow,
  DelegationRow,
  InferenceRow,
  ItemChunkRow,
  ItemRow,
  RealtimeRunRow,
  RequestRow,
  RewindRow,
  Rows,
  SessionRow,
  TaskRow,
  ThreadRow,
  TurnRow,
  UsageRow,
} from "./Rows.js"
export type { Emitted, Scope } from "./Source.js"
export { LogStats, Stats } from "./StatsReports.js"
export * from "./StorageUnavailable.js"
export { columnName, type RowList, type TableName, tableNames, tables } from "./Tables.js"
export { Cause, EventHead, FieldSet, Refused, RowFate, RuleName, SetBy, WhyEvent, WhyReport, WhyRow } from "./Why.js"
