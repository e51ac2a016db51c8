/**
 * The shapes that tools rely on (DESIGN section 9). Absent is null, never 0 or "".
 */
import { Schema } from "effect"
import { SessionStatus } from "./events/Session.js"

const S = Schema.String
const N = Schema.Number
const nullable = Schema.NullOr

/** What a thread is doing, in one word. */
export const ThreadStatus = Schema.Literal(
  "idle",
  "working",
  "waiting",
  "starting",
  "stopped",
  "error",
  "stalled",
  "archived",
)
export type ThreadStatus = typeof ThreadStatus.Type

/** Tokens; a count that nobody reported is null. */
export const UsageView = Schema.Struct({
  inputTokens: nullable(N),
  cachedInputTokens: nullable(N),
  outputTokens: nullable(N),
  reasoningTokens: nullable(N),
  totalTokens: nullable(N),
})
export type UsageView = typeof UsageView.Type

export const ThreadView = Schema.Struct({
  threadId: S,
  title: nullable(S),
  provider: nullable(S),
  nativeThreadId: nullable(S),
  parentThreadId: nullable(S),
  forkedFromThreadId: nullable(S),
  status: ThreadStatus,
  /** The running turn. */
  activeTurnId: nullable(S),
  /** Requests that wait for an answer. */
  openRequests: N,
  /** Turns seen. */
  turns: N,
  cwd: nullable(S),
  model: nullable(S),
  /** Source clock, ms since the epoch. */
  createdAt: nullable(N),
  updatedAt: nullable(N),
  archivedAt: nullable(N),
  streamVersion: N,
})
export type ThreadView = typeof ThreadView.Type

export const SessionView = Schema.Struct({
  sessionId: S,
  threadId: S,
  connectionId: nullable(S),
  epoch: N,
  mode: S,
  status: SessionStatus,
  activeTurnId: nullable(S),
  pendingTurnId: nullable(S),
  lastError: nullable(S),
  cause: nullable(S),
  evidence: nullable(S),
  startedAt: nullable(N),
  endedAt: nullable(N),
  /** Our clock, ms since the epoch. */
  lastActivityAt: nullable(N),
})
export type SessionView = typeof SessionView.Type

export const TurnView = Schema.Struct({
  turnId: S,
  nativeTurnId: nullable(S),
  sessionId: nullable(S),
  status: Schema.Literal("requested", "running", "ended"),
  outcome: nullable(S),
  cause: nullable(S),
  evidence: nullable(S),
  startedAt: nullable(N),
  endedAt: nullable(N),
  usage: nullable(UsageView),
  /** Why it failed. */
  error: Schema.Unknown,
  origin: S,
  settled: Schema.Boolean,
  stalled: Schema.Boolean,
  steeredInto: nullable(S),
})
export type TurnView = typeof TurnView.Type

export const ItemView = Schema.Struct({
  itemId: S,
  nativeItemId: nullable(S),
  turnId: nullable(S),
  kind: S,
  nativeKind: nullable(S),
  status: Schema.Literal("open", "completed", "failed", "declined", "interrupted"),
  cause: nullable(S),
  evidence: nullable(S),
  title: nullable(S),
  phase: nullable(S),
  text: nullable(S),
  exitCode: nullable(N),
  data: Schema.Unknown,
  startedAt: nullable(N),
  endedAt: nullable(N),
})
export type ItemView = typeof ItemView.Type

export const RequestView = Schema.Struct({
  requestId: S,
  nativeRequestId: nullable(S),
  turnId: nullable(S),
  itemId: nullable(S),
  kind: S,
  status: Schema.Literal("open", "answering", "answered", "cancelled", "expired"),
  decision: nullable(S),
  decidedBy: nullable(S),
  cause: nullable(S),
  title: nullable(S),
  data: Schema.Unknown,
  openedAt: nullable(N),
  endedAt: nullable(N),
})
export type RequestView = typeof RequestView.Type

export const InferenceView = Schema.Struct({
  inferenceId: S,
  nativeInferenceId: nullable(S),
  turnId: nullable(S),
  status: Schema.Literal("running", "completed", "failed", "cancelled", "aborted"),
  cause: nullable(S),
  model: nullable(S),
  responseId: nullable(S),
  upstreamRequestId: nullable(S),
  /** How many complete output items were seen. */
  outputItems: N,
  usage: nullable(UsageView),
  error: nullable(S),
  startedAt: nullable(N),
  endedAt: nullable(N),
})
export type InferenceView = typeof InferenceView.Type

export const RealtimeRunView = Schema.Struct({
  realtimeId: S,
  status: Schema.Literal("requested", "failed", "started", "closed"),
  reason: nullable(S),
  lastError: nullable(S),
  version: nullable(S),
  startedAt: nullable(N),
  endedAt: nullable(N),
})
export type RealtimeRunView = typeof RealtimeRunView.Type

export const DelegationView = Schema.Struct({
  delegationId: S,
  realtimeId: nullable(S),
  turnId: nullable(S),
  status: Schema.Literal("open", "closed"),
  text: nullable(S),
})
export type DelegationView = typeof DelegationView.Type

export const TaskView = Schema.Struct({
  taskId: S,
  nativeTaskId: nullable(S),
  turnId: nullable(S),
  itemId: nullable(S),
  kind: nullable(S),
  title: nullable(S),
  status: Schema.Literal("running", "ended"),
  outcome: nullable(S),
  startedAt: nullable(N),
  endedAt: nullable(N),
})
export type TaskView = typeof TaskView.Type

export const QueueView = Schema.Struct({ messageId: S, position: N, text: S, queuedAt: nullable(N) })
export type QueueView = typeof QueueView.Type

export const AnomalyView = Schema.Struct({
  threadId: S,
  reason: S,
  subject: S,
  count: N,
  firstSequence: N,
  lastSequence: N,
  detail: nullable(S),
})
export type AnomalyView = typeof AnomalyView.Type

/** `thread ID --json` and `at`. */
export const ThreadSnapshot = Schema.Struct({
  /** Sequence of the log up to which the snapshot is true. */
  sequence: N,
  thread: ThreadView,
  session: nullable(SessionView),
  turns: Schema.Array(TurnView),
  items: Schema.Array(ItemView),
  requests: Schema.Array(RequestView),
  inferences: Schema.Array(InferenceView),
  realtimeRuns: Schema.Array(RealtimeRunView),
  delegations: Schema.Array(DelegationView),
  tasks: Schema.Array(TaskView),
  queue: Schema.Array(QueueView),
  usage: nullable(UsageView),
  anomalies: Schema.Array(AnomalyView),
})
export type ThreadSnapshot = typeof ThreadSnapshot.Type

/** What importers print. `lines = mapped + kept + unreadable`; blank lines are not counted. */
export const ImportReport = Schema.Struct({
  threads: Schema.Array(Schema.Struct({ threadId: S, nativeThreadId: nullable(S), events: N, anomalies: N })),
  /** Lines that are not blank. */
  lines: N,
  /** Lines that became events of the domain. */
  mapped: N,
  /** Lines that are kept verbatim only. */
  kept: N,
  /** Lines that are no JSON object of the format. */
  unreadable: N,
  /** Their numbers, from 1, and what is wrong. At most 100. */
  unreadableLines: Schema.Array(Schema.Struct({ file: S, line: N, problem: S })),
  /** Events that this import added to the log. */
  events: N,
})
export type ImportReport = typeof ImportReport.Type

/** What `check` prints. */
export const CheckReport = Schema.Struct({
  ok: Schema.Boolean,
  violations: Schema.Array(
    Schema.Struct({
      invariant: S,
      kind: Schema.Literal("log", "row", "fold"),
      threadId: S,
      sequence: nullable(N),
      eventId: nullable(S),
      detail: S,
    }),
  ),
})
export type CheckReport = typeof CheckReport.Type

/** What `verify` prints. */
export const VerifyReport = Schema.Struct({
  ok: Schema.Boolean,
  /** Hash of the sorted thread hashes, SHA-256 hex. */
  hash: S,
  /** Threads that were compared. */
  threads: N,
  /** Table name → rows compared and their hash. */
  projections: Schema.Record({ key: S, value: Schema.Struct({ rows: N, hash: S }) }),
  /** Rows that the log does not lead to. */
  differences: Schema.Array(
    Schema.Struct({ threadId: S, table: S, key: S, expected: Schema.Unknown, actual: Schema.Unknown }),
  ),
  /** Threads folded by another version of the fold: to be rebuilt, not wrong. */
  stale: Schema.Array(Schema.Struct({ threadId: S, foldVersion: N })),
})
export type VerifyReport = typeof VerifyReport.Type

/** What `stats` prints. */
export const Stats = Schema.Struct({
  events: N,
  threads: N,
  lastSequence: N,
  databaseBytes: N,
  walBytes: N,
  anomalies: N,
  /** Event type → how many. Null when it was not asked for (it reads the whole log). */
  byType: nullable(Schema.Record({ key: S, value: N })),
})
export type Stats = typeof Stats.Type
