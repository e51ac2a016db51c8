/**
 * The shapes that tools rely on. Absent is null, never 0 or "".
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
  /** Tokens of the prompt, cached ones included. */
  inputTokens: nullable(N),
  /** Prompt tokens that were read from the provider's cache. */
  cachedInputTokens: nullable(N),
  /** Tokens of the answer, reasoning included. */
  outputTokens: nullable(N),
  /** Tokens of hidden or shown reasoning. */
  reasoningTokens: nullable(N),
  /** The provider's own total. */
  totalTokens: nullable(N),
})
export type UsageView = typeof UsageView.Type

/** Tokens of a thread: the sum of its turns', those taken back included. */
export const ThreadUsage = Schema.Struct({
  ...UsageView.fields,
  /** Context window of the model, tokens. */
  contextWindow: nullable(N),
  /** What the last model call used, where the provider tells it. */
  last: nullable(UsageView),
})
export type ThreadUsage = typeof ThreadUsage.Type

export const ThreadView = Schema.Struct({
  /** Our id; also the id of the thread's stream. */
  threadId: S,
  /** Display name; null: it has none, then `firstWords` stand for it in a list. */
  title: nullable(S),
  /** The first words of its first message that was not taken back, in one line of at most 80 characters; null: none was sent. */
  firstWords: nullable(S),
  /** Provider kind. */
  provider: nullable(S),
  /** The provider's thread id. */
  nativeThreadId: nullable(S),
  /** Thread that spawned this one, by evidence only. */
  parentThreadId: nullable(S),
  /** Thread this one was copied from. */
  forkedFromThreadId: nullable(S),
  /** What it is doing. */
  status: ThreadStatus,
  /** The running turn. */
  activeTurnId: nullable(S),
  /** Requests that wait for an answer. */
  openRequests: N,
  /** Messages in the queue. */
  queued: N,
  /** The queue waits for a person's consent. */
  queueHeld: Schema.Boolean,
  /** Turns seen. */
  turns: N,
  /** Name of the configured agent that works in it; null: Threadfold does not run it. */
  agent: nullable(S),
  /** Working directory. */
  cwd: nullable(S),
  /** Model last named. */
  model: nullable(S),
  /** Source clock, ms since the epoch. */
  createdAt: nullable(N),
  /** Our clock at the last event, ms since the epoch. */
  updatedAt: nullable(N),
  /** Our clock at the last event that shows activity, ms since the epoch. */
  lastActivityAt: nullable(N),
  /** ms since the epoch; null: not archived. */
  archivedAt: nullable(N),
  /** ms since the epoch; null: not deleted. A deleted thread takes no command but its restore. */
  deletedAt: nullable(N),
  /** Version of the last event folded in. */
  streamVersion: N,
})
export type ThreadView = typeof ThreadView.Type

/** One thread, by its id. */
export const ThreadDetail = Schema.Struct({
  ...ThreadView.fields,
  /** Settings of its sessions, in the provider's words. */
  settings: Schema.Unknown,
  /** What the agent works towards, in the provider's words; null: it told nothing. */
  goal: Schema.Unknown,
  /** The agent's to-do list: `{explanation, steps}`; null: it told none. */
  plan: Schema.Unknown,
  /** The reaper leaves the thread alone until then, ms since the epoch. */
  keepAliveUntil: nullable(N),
})
export type ThreadDetail = typeof ThreadDetail.Type

export const SessionView = Schema.Struct({
  /** Our id. */
  sessionId: S,
  /** Its thread. */
  threadId: S,
  /** Its connection. */
  connectionId: nullable(S),
  /** 1, 2, 3 … per thread. */
  epoch: N,
  /** Provider kind. */
  provider: nullable(S),
  /** `managed`, `attached` or `imported`. */
  mode: S,
  /** The provider's own session id, where it differs from its thread id: by it the thread is resumed. */
  nativeSessionId: nullable(S),
  /** Model name. */
  model: nullable(S),
  /** Working directory, as the provider names it. */
  cwd: nullable(S),
  /** What else it runs with, in the provider's words: approval policy, sandbox, version. */
  config: Schema.Unknown,
  /** `starting`, `running`, `ready`, `interrupted`, `stopped` or `error`. */
  status: SessionStatus,
  /** The running turn; null unless the status is `starting` or `running`. */
  activeTurnId: nullable(S),
  /** The oldest requested turn. */
  pendingTurnId: nullable(S),
  /** Last error message, fatal or not. */
  lastError: nullable(S),
  /** Why it ended. */
  cause: nullable(S),
  /** `observed` or `inferred`; null while it lives. */
  evidence: nullable(S),
  /** Start by the source clock, ms since the epoch. */
  startedAt: nullable(N),
  /** End by the source clock, ms since the epoch; null while it runs. */
  endedAt: nullable(N),
  /** Our clock, ms since the epoch. */
  lastActivityAt: nullable(N),
})
export type SessionView = typeof SessionView.Type

export const TurnView = Schema.Struct({
  /** Our id. */
  turnId: S,
  /** The provider's id. */
  nativeTurnId: nullable(S),
  /** Session that ran it; null while it waits for one. */
  sessionId: nullable(S),
  /** `requested`: asked for; `running`; `ended`: see `outcome`, `cause` and `evidence`. */
  status: Schema.Literal("requested", "running", "ended"),
  /** `completed`, `failed`, `interrupted`, `cancelled` or `unknown`; null until it ended. */
  outcome: nullable(S),
  /** Why it ended, a short token such as `session-ready` or `superseded`; null while it runs. */
  cause: nullable(S),
  /** `observed`: the provider said so; `inferred`: we concluded it; null while it runs. */
  evidence: nullable(S),
  /** Start by the source clock, ms since the epoch. */
  startedAt: nullable(N),
  /** End by the source clock, ms since the epoch; null while it runs. */
  endedAt: nullable(N),
  /** Tokens of this turn. */
  usage: nullable(UsageView),
  /** Why it failed. */
  error: Schema.Unknown,
  /** `client`, `queue`, `realtime`, `import`, `provider`, `synthetic`. */
  origin: S,
  /** True once the end is final: observed, or settled after an inferred one. */
  settled: Schema.Boolean,
  /** True while nothing is heard of it. */
  stalled: Schema.Boolean,
  /** True once it runs again, or ran again, because a join told that it had not ended. */
  rejoined: Schema.Boolean,
  /** Turn that took the message, when this one never ran. */
  steeredInto: nullable(S),
  /** The user's text of a turn that was asked for; null: the agent started it by itself, or its source did not tell. */
  text: nullable(S),
  /** The turn's changes as one unified diff, where the provider tells it. */
  diff: nullable(S),
  /** A plan of the agent that waits for consent. */
  proposal: nullable(S),
  /** True: the provider took the turn back (rule 13). It keeps its usage. */
  rewound: Schema.Boolean,
  /** Since when, by the source clock, ms since the epoch; null: it was not taken back. */
  rewoundAt: nullable(N),
  /** Sequence of the event that took it back; null: it was not taken back. */
  rewoundSequence: nullable(N),
})
export type TurnView = typeof TurnView.Type

/** One turn, by its id. */
export const TurnDetail = Schema.Struct({
  /** Its thread. */
  threadId: S,
  ...TurnView.fields,
  /** True: it was handed to the agent, and whether it arrived is not known. It is never sent again by itself. */
  uncertain: Schema.Boolean,
  /** When it was asked for, ms since the epoch; null: the agent started it by itself. */
  requestedAt: nullable(N),
  /** Sequence of the event that last changed it: what `ETag` and `If-Match` name. */
  version: N,
})
export type TurnDetail = typeof TurnDetail.Type

export const ItemView = Schema.Struct({
  /** Our id. */
  itemId: S,
  /** The provider's id. */
  nativeItemId: nullable(S),
  /** Its turn. */
  turnId: nullable(S),
  /** Our kind. */
  kind: S,
  /** The provider's type name. */
  nativeKind: nullable(S),
  /** `open`, or how it ended. */
  status: Schema.Literal("open", "completed", "failed", "declined", "interrupted"),
  /** Why it ended, a short token such as `session-ready` or `superseded`; null while it runs. */
  cause: nullable(S),
  /** `observed`: the provider said so; `inferred`: we concluded it; null while it runs. */
  evidence: nullable(S),
  /** True when the living session told it after the end of its turn. */
  afterEnd: Schema.Boolean,
  /** One line for a list. */
  title: nullable(S),
  /** The provider's phase of a message. */
  phase: nullable(S),
  /** User text parts joined; agent or plan text; reasoning summary parts joined by a blank line; a command's aggregated output; else null. Before the final content it is the joined chunks. */
  text: nullable(S),
  /** Exit code of a command. */
  exitCode: nullable(N),
  /** What else it says, in the provider's words. */
  data: Schema.Unknown,
  /** Start by the source clock, ms since the epoch. */
  startedAt: nullable(N),
  /** End by the source clock, ms since the epoch; null while it runs. */
  endedAt: nullable(N),
})
export type ItemView = typeof ItemView.Type

export const RequestView = Schema.Struct({
  /** Our id. */
  requestId: S,
  /** JSON text of the provider's id. */
  nativeRequestId: nullable(S),
  /** Its turn. */
  turnId: nullable(S),
  /** Its item. */
  itemId: nullable(S),
  /** Our kind. */
  kind: S,
  /** `open`, `answering`: an answer is on its way; or how it ended. */
  status: Schema.Literal("open", "answering", "answered", "cancelled", "expired"),
  /** The first accepted decision; null on one that is answered: another client decided, and the agent does not say what. */
  decision: nullable(S),
  /** Who decided: `client`, `policy`, `elsewhere`, or what the provider says. */
  decidedBy: nullable(S),
  /** What was answered beside the decision: `{answers}` by question id, else `{data}` in the provider's words. */
  answer: Schema.Unknown,
  /** Why the last answer did not reach the agent, so that the request is open again; null: none failed. */
  lastError: nullable(S),
  /** Why it ended, a short token such as `session-ready` or `superseded`; null while it runs. */
  cause: nullable(S),
  /** One line for a person. */
  title: nullable(S),
  /**
   * The question: `{decisions, choices, questions, changes, data}`. `choices` are the decisions that it takes, `questions` what
   * an answer fills, `changes` the files of an approval; `decisions` and `data` are in the provider's words.
   */
  data: Schema.Unknown,
  /** ms since the epoch. */
  openedAt: nullable(N),
  /** End by the source clock, ms since the epoch; null while it runs. */
  endedAt: nullable(N),
})
export type RequestView = typeof RequestView.Type

/** One question of an agent, by its id. */
export const RequestDetail = Schema.Struct({
  /** Its thread. */
  threadId: S,
  ...RequestView.fields,
  /** Sequence of the event that last changed it: what `ETag` and `If-Match` name. */
  version: N,
})
export type RequestDetail = typeof RequestDetail.Type

export const InferenceView = Schema.Struct({
  /** Our id. */
  inferenceId: S,
  /** The provider's or gateway's id. */
  nativeInferenceId: nullable(S),
  /** Its turn. */
  turnId: nullable(S),
  /** `running`, or how it ended. */
  status: Schema.Literal("running", "completed", "failed", "cancelled", "aborted"),
  /** Why it ended, a short token such as `session-ready` or `superseded`; null while it runs. */
  cause: nullable(S),
  /** Model that was asked for. */
  model: nullable(S),
  /** The provider's response id. */
  responseId: nullable(S),
  /** Request id of the upstream HTTP call. */
  upstreamRequestId: nullable(S),
  /** How many complete output items were seen. */
  outputItems: N,
  /** Tokens of this attempt. */
  usage: nullable(UsageView),
  /** What went wrong, or why it was cancelled. */
  error: nullable(S),
  /** Start by the source clock, ms since the epoch. */
  startedAt: nullable(N),
  /** End by the source clock, ms since the epoch; null while it runs. */
  endedAt: nullable(N),
})
export type InferenceView = typeof InferenceView.Type

export const RealtimeRunView = Schema.Struct({
  /** Our id. */
  realtimeId: S,
  /** `requested`, `started`, or how it ended. */
  status: Schema.Literal("requested", "failed", "started", "closed"),
  /** Why it closed: `requested`, `transport_closed`, `error`, `replaced` or `session_ended`. */
  reason: nullable(S),
  /** Last error message. */
  lastError: nullable(S),
  /** Protocol version. */
  version: nullable(S),
  /** Start by the source clock, ms since the epoch. */
  startedAt: nullable(N),
  /** End by the source clock, ms since the epoch; null while it runs. */
  endedAt: nullable(N),
})
export type RealtimeRunView = typeof RealtimeRunView.Type

export const DelegationView = Schema.Struct({
  /** Our id; the turn's id too, when we route it to an idle thread. */
  delegationId: S,
  /** Its voice run. */
  realtimeId: nullable(S),
  /** The turn that works on it. */
  turnId: nullable(S),
  /** `open` until its turn's end is final. */
  status: Schema.Literal("open", "closed"),
  /** What was asked for. */
  text: nullable(S),
})
export type DelegationView = typeof DelegationView.Type

export const TaskView = Schema.Struct({
  /** Our id. */
  taskId: S,
  /** The provider's id. */
  nativeTaskId: nullable(S),
  /** Turn that began it. */
  turnId: nullable(S),
  /** Item it grew out of. */
  itemId: nullable(S),
  /** The provider's word for its kind. */
  kind: nullable(S),
  /** One line for a list. */
  title: nullable(S),
  /** `running` or `ended`: see `outcome`. */
  status: Schema.Literal("running", "ended"),
  /** `completed`, `failed` or `interrupted`. */
  outcome: nullable(S),
  /** Start by the source clock, ms since the epoch. */
  startedAt: nullable(N),
  /** End by the source clock, ms since the epoch; null while it runs. */
  endedAt: nullable(N),
})
export type TaskView = typeof TaskView.Type

export const QueueView = Schema.Struct({
  /** Our id. */
  messageId: S,
  /** Place in the queue, from 1. */
  position: N,
  /** The user's text. */
  text: S,
  /** Settings of its turn, in the provider's words. */
  settings: Schema.Unknown,
  /** When it was queued, ms since the epoch. */
  queuedAt: nullable(N),
})
export type QueueView = typeof QueueView.Type

export const AnomalyView = Schema.Struct({
  /** The stream: a thread or a connection. */
  threadId: S,
  /** One of the closed list. */
  reason: S,
  /** What it is about, for example `turn:<id>` or `native-turn:<id>`. */
  subject: S,
  /** How often. */
  count: N,
  /** Sequence of the first one. */
  firstSequence: N,
  /** Sequence of the last one. */
  lastSequence: N,
  /** One sentence about the last one. */
  detail: nullable(S),
})
export type AnomalyView = typeof AnomalyView.Type

/** `thread ID --json`. */
export const ThreadSnapshot = Schema.Struct({
  /** Sequence of the log up to which the snapshot is true. */
  sequence: N,
  /** The thread. */
  thread: ThreadDetail,
  /** Its current or last session; null before the first one. */
  session: nullable(SessionView),
  /** Its turns, oldest first. */
  turns: Schema.Array(TurnView),
  /** Its items, oldest first. */
  items: Schema.Array(ItemView),
  /** Approvals, questions and tool callbacks, oldest first. */
  requests: Schema.Array(RequestView),
  /** Inference attempts, oldest first. */
  inferences: Schema.Array(InferenceView),
  /** Voice runs, oldest first. */
  realtimeRuns: Schema.Array(RealtimeRunView),
  /** Voice hand-overs, oldest first. */
  delegations: Schema.Array(DelegationView),
  /** Background tasks, oldest first. */
  tasks: Schema.Array(TaskView),
  /** Messages that wait for their turn, in the order in which they run. */
  queue: Schema.Array(QueueView),
  /** Tokens of the thread: the sum of its turns'; null where nobody reported any. */
  usage: nullable(ThreadUsage),
  /** What the fold refused to apply. */
  anomalies: Schema.Array(AnomalyView),
})
export type ThreadSnapshot = typeof ThreadSnapshot.Type

/** What importers print. `lines = mapped + kept + unreadable`; blank lines are not counted. */
export const ImportReport = Schema.Struct({
  /** Threads that the recordings speak of, with the events added to each and the anomalies of each. */
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
  /** True: no invariant is broken. */
  ok: Schema.Boolean,
  /** Broken invariants, with the event that broke the log or last touched the row. */
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

/** What `verify` says of the log itself: whether it holds what was written, by its digests. */
export const LogReport = Schema.Struct({
  /** True: everything that was compared is what was written. */
  ok: Schema.Boolean,
  /** Digests that were compared; each covers at most 64 events of one stream. */
  blocks: N,
  /** Events that they cover. */
  events: N,
  /** Events from before the digests began: an older version wrote them. */
  eventsBefore: N,
  /** True: every native body was read, too (`--bytes`). */
  bytes: Schema.Boolean,
  /** What is not what was written. At most 1,000. */
  findings: Schema.Array(
    Schema.Struct({
      /** What it is about. */
      part: Schema.Literal("row", "payload", "native", "events", "digests"),
      streamId: nullable(S),
      /** The first event that it may be; null where that is not known. */
      firstSequence: nullable(N),
      /** The last event that it may be; null where that is not known. */
      lastSequence: nullable(N),
      /** Id of the event, where it is one. */
      eventId: nullable(S),
      detail: S,
    }),
  ),
})
export type LogReport = typeof LogReport.Type

/** What `salvage` prints. */
export const SalvageReport = Schema.Struct({
  /** True: everything that the file tells of was copied, and nothing of it differs from its digest. */
  ok: Schema.Boolean,
  /** The damaged file. */
  from: S,
  /** The new database. */
  to: S,
  /** Events that were copied. They have new sequences there, in the same order. */
  events: N,
  /** Streams that they belong to. */
  streams: N,
  /** Sequences of events that could not be read. At most 1,000 ranges. */
  missing: Schema.Array(Schema.Struct({ firstSequence: N, lastSequence: N })),
  /** The same by stream and version. At most 1,000 ranges. */
  missingOfStreams: Schema.Array(Schema.Struct({ streamId: S, firstVersion: N, lastVersion: N })),
  /** Events that contradict one that was copied already. At most 1,000. */
  refused: Schema.Array(Schema.Struct({ sequence: N, detail: S })),
  /** Native messages. */
  bodies: Schema.Struct({
    /** How many were copied. */
    copied: N,
    /** Events whose message is there and cannot be read. At most 1,000 ranges. */
    lost: Schema.Array(Schema.Struct({ firstSequence: N, lastSequence: N, detail: S })),
  }),
  /** What was copied, compared with the digests that were written with it. */
  digests: Schema.Struct({
    /** Blocks that were compared. */
    checked: N,
    /** Blocks that could not be: of their events, or of the digests before them, some are lost. */
    unchecked: N,
    /** Blocks of which something was copied that is not what was written; sequences are those of the damaged file. At most 1,000. */
    mismatched: Schema.Array(
      Schema.Struct({
        streamId: S,
        firstSequence: N,
        lastSequence: N,
        part: Schema.Literal("row", "payload", "native"),
      }),
    ),
  }),
  pages: Schema.Struct({
    /** Pages that the file has. */
    read: N,
    /** Pages of which rows could not be read, or nothing at all. At most 1,000. */
    damaged: Schema.Array(N),
  }),
})
export type SalvageReport = typeof SalvageReport.Type

/** What a comparison of the stored rows with the log finds. */
export const ProjectionsReport = Schema.Struct({
  /** True: the stored rows are what the log leads to, and no thread is stale. */
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
export type ProjectionsReport = typeof ProjectionsReport.Type

/** What `verify` prints; `ok` speaks of the rows and of the log. */
export const VerifyReport = Schema.Struct({ ...ProjectionsReport.fields, log: LogReport })
export type VerifyReport = typeof VerifyReport.Type

/** What `stats` prints. */
export const Stats = Schema.Struct({
  /** Events in the log. */
  events: N,
  /** Threads, deleted ones included. */
  threads: N,
  /** Highest sequence; 0 for an empty log. */
  lastSequence: N,
  /** Size of the database file. */
  databaseBytes: N,
  /** Size of its write-ahead log. */
  walBytes: N,
  /** Anomalies over all threads. */
  anomalies: N,
  /** Event type → how many. Null when it was not asked for (it reads the whole log). */
  byType: nullable(Schema.Record({ key: S, value: N })),
})
export type Stats = typeof Stats.Type
