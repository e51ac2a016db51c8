export { AnomalyReason, anomalyReasons } from "./AnomalyReason.js"
export { BackupReport, CompactReport, ExportReport, RestoreReport } from "./BundleReports.js"
export {
  AttachSession,
  Command,
  type CommandOf,
  type CommandType,
  MessageMode,
  maxHandoffText,
  maxVoiceAudio,
  maxVoiceText,
  VoiceModality,
  VoiceTransportAsked,
  VoiceTransportName,
} from "./commands/index.js"
export { EffectKind, type EffectLane, EffectStatus, effectKinds } from "./Effects.js"
export * from "./Events.js"
export { ExplainFact, ExplainReport, ExplainTopic } from "./Explain.js"
export {
  AgentAccount,
  AgentCommand,
  AgentLimit,
  AgentListName,
  type AgentLogin,
  type AgentLoginWay,
  AgentMcpServer,
  type AgentMcpState,
  AgentModel,
  AgentSkill,
} from "./entities/AgentListing.js"
export { AnomalyView } from "./entities/Anomaly.js"
export { AttachedSession, AttachRequest } from "./entities/AttachedSession.js"
export {
  Configuration,
  type ConfigurationChoice,
  type ConfigurationChoices,
  type ConfigurationName,
  configurationNames,
} from "./entities/Configuration.js"
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
export { FileChange, FileChangeKind, TurnChanges } from "./entities/FileChange.js"
export { Inbox, InboxCounts, InboxEntry, InboxKind } from "./entities/Inbox.js"
export { InferenceDetail, InferenceView } from "./entities/Inference.js"
export { ItemDetail, ItemView } from "./entities/Item.js"
export { ItemDecision, ItemLink, ItemReport } from "./entities/ItemReport.js"
export { QueueView } from "./entities/QueuedMessage.js"
export { RealtimeRunView } from "./entities/RealtimeRun.js"
export { RequestDetail, RequestStatus, RequestView } from "./entities/Request.js"
export { SearchHit, SearchText } from "./entities/Search.js"
export { SessionView } from "./entities/Session.js"
export { SubscriptionLag, SubscriptionView } from "./entities/Subscription.js"
export { Evidence } from "./entities/shared.js"
export { TaskView } from "./entities/Task.js"
export { FolderView, GitCheckout, Plan, ThreadDetail, ThreadStatus, ThreadView } from "./entities/Thread.js"
export { ThreadSnapshot } from "./entities/ThreadSnapshot.js"
export { Compaction, ContextMeter, LastWord, ThreadTree, TreeNode } from "./entities/ThreadTree.js"
export { TraceAttempt, TraceItem, TraceStep, TraceSubagent, TraceTurn } from "./entities/Trace.js"
export { Cut, TextRange, Truncated, truncated } from "./entities/Truncated.js"
export { TurnDetail, TurnView } from "./entities/Turn.js"
export { ThreadUsage, UsageSum, UsageSums, UsageView } from "./entities/Usage.js"
export { ProviderError, type TokenCountName, TokenCounts, tokenCountNames, UsageMode } from "./events/Common.js"
export type { ItemTruncation } from "./events/InferenceEvents.js"
export {
  ContentDelta,
  ContentStream,
  ItemCompleted,
  ItemEnd,
  ItemKind,
  ItemStarted,
  searchKinds,
  textStreamOf,
} from "./events/ItemEvents.js"
export { isMessagePart, type MessagePart, MessageParts, type MessagePartView, SentPart } from "./events/MessageParts.js"
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
  UnattendedRule,
  UnattendedRules,
  type UnattendedRuleView,
} from "./events/RequestEvents.js"
export { SessionStatus } from "./events/SessionEvents.js"
export { ReviewTarget, TurnOutcome, TurnWork } from "./events/TurnEvents.js"
export { type Values, valuesOf } from "./fields.js"
export { firstIssue, firstOfIssues, issueText } from "./firstIssue.js"
export { MessageId, RequestId, SessionId, TaskId, ThreadId, TurnId, uuidV7Pattern } from "./Ids.js"
export { isTooDeep, type JsonFault, readJson, readWireJson } from "./Json.js"
export {
  channelLimit,
  elsewhereLimit,
  firstWordsLength,
  htmlBundleBytes,
  longestPageBytes,
  longestTextBytes,
  maxJsonDepth,
  maxJsonValues,
  maxNativeIdLength,
  maxPushLines,
  maxRecordedLineBytes,
  maxReplaySpeed,
  maxSeq,
  maxTime,
  maxTokenCount,
  maxTypeLength,
  previewLength,
  queueLimit,
  requestedTurnLimit,
  rewindTurnLimit,
  shownBundle,
  subscriptionLimit,
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
export { RetainOutcome, RetainReport } from "./RetainReport.js"
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
export { columnName, isTableName, type RowList, type TableName, tableNames, tables } from "./Tables.js"
export { Cause, EventHead, FieldSet, Refused, RowFate, RuleName, SetBy, WhyEvent, WhyReport, WhyRow } from "./Why.js"
