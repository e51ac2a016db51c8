/**
 * Rows as the shapes that tools rely on (the views of contracts): pure functions, one per shape, shared by the HTTP API, the
 * command line and time travel. Absent is null, never 0 or "".
 */
import type {
  AnomalyView,
  DelegationView,
  InferenceView,
  ItemView,
  QueueView,
  RealtimeRunView,
  RequestDetail,
  RequestView,
  Rows,
  SessionView,
  TaskView,
  ThreadDetail,
  ThreadUsage,
  ThreadView,
  TokenCounts,
  TurnDetail,
  TurnView,
  UsageView,
} from "@threadfold/contracts"
import { isUnread } from "../workflow/inbox.js"

/** What the text of an item needs of a chunk. */
export type ChunkText = Pick<Rows["item_chunks"], "itemId" | "ordinal" | "part" | "text">

/** Streamed content as one text: the chunks of a part end to end, the parts with a blank line between. */
export const joinChunks = (chunks: readonly ChunkText[]): string | null => {
  const parts = new Map<number, string>()
  for (const { part, text } of [...chunks].sort((a, b) => a.ordinal - b.ordinal)) {
    parts.set(part, (parts.get(part) ?? "") + text)
  }
  if (parts.size === 0) return null
  return [...parts]
    .sort(([a], [b]) => a - b)
    .map(([, text]) => text)
    .join("\n\n")
}

/** The text a reader sees: the final one, or what has been streamed so far. */
export const itemText = (row: Rows["items"], chunks: readonly ChunkText[]): string | null =>
  row.hasFinal === 1 ? (row.text ?? null) : (joinChunks(chunks) ?? row.text ?? null)

/** Token counts as they are served: a count that was not reported is null. */
export const usageView = (counts: TokenCounts | Rows["usage"] | null): UsageView | null =>
  counts === null
    ? null
    : {
        inputTokens: counts.inputTokens ?? null,
        cachedInputTokens: counts.cachedInputTokens ?? null,
        outputTokens: counts.outputTokens ?? null,
        reasoningTokens: counts.reasoningTokens ?? null,
        totalTokens: counts.totalTokens ?? null,
      }

/** Tokens of a thread, and what is shown beside them. */
export const threadUsage = (row: Rows["usage"] | null): ThreadUsage | null => {
  const counts = usageView(row)
  return row === null || counts === null
    ? null
    : { ...counts, contextWindow: row.contextWindow, last: usageView(row.last) }
}

/** A thread as it is served in a list. */
export const threadView = (row: Rows["threads"]): ThreadView => ({
  threadId: row.threadId,
  title: row.title,
  firstWords: row.firstWords,
  preview: row.preview,
  provider: row.provider,
  nativeThreadId: row.nativeThreadId,
  parentThreadId: row.parentThreadId,
  forkedFromThreadId: row.forkedFromThreadId,
  status: row.status,
  activeTurnId: row.activeTurnId,
  openRequests: row.openRequests,
  queued: row.queued,
  queueHeld: row.queueHeld === 1,
  uncertainTurns: row.uncertainTurns,
  failedTurnId: row.failedTurnId,
  turns: row.turns,
  agent: row.agent,
  cwd: row.cwd,
  model: row.model,
  createdAt: row.createdAt,
  updatedAt: row.updatedAt,
  lastActivityAt: row.lastActivityAt,
  archivedAt: row.archivedAt,
  deletedAt: row.deletedAt,
  pinnedAt: row.pinnedAt,
  streamVersion: row.streamVersion,
  unread: isUnread(row),
})

/** A thread by its id: the list entry, and the fields that only one thread at a time is read for. */
export const threadDetail = (row: Rows["threads"]): ThreadDetail => ({
  ...threadView(row),
  settings: row.settings ?? null,
  chosen: row.chosen,
  goal: row.goal ?? null,
  plan: row.plan ?? null,
  keepAliveUntil: row.keepAliveUntil,
  unattended: row.unattended ?? null,
})

/** A session as it is served. */
export const sessionView = (row: Rows["sessions"]): SessionView => ({
  sessionId: row.sessionId,
  threadId: row.threadId,
  connectionId: row.connectionId,
  epoch: row.epoch,
  provider: row.provider,
  mode: row.mode,
  nativeSessionId: row.nativeSessionId,
  model: row.model,
  cwd: row.cwd,
  config: row.config,
  status: row.status,
  activeTurnId: row.activeTurnId,
  pendingTurnId: row.pendingTurnId,
  lastError: row.lastError,
  cause: row.cause,
  evidence: row.evidence,
  startedAt: row.startedAt,
  endedAt: row.endedAt,
  lastActivityAt: row.lastActivityAt,
})

/** A range of turns that were taken back, as far as views need it. */
export type RewoundRange = Pick<Rows["rewinds"], "ordinal" | "fromOrdinal" | "toOrdinal" | "rewoundAt" | "sequence">

/** The first rewind that took a turn back; null: it was not taken back. */
const rewindOf = ({ ordinal }: Rows["turns"], ranges: readonly RewoundRange[]): RewoundRange | null => {
  let first: RewoundRange | null = null
  for (const range of ranges) {
    const holds = range.fromOrdinal <= ordinal && ordinal <= range.toOrdinal
    if (holds && (first === null || range.ordinal < first.ordinal)) first = range
  }
  return first
}

/** `ranges`: those that were taken back, at least all that hold this turn. */
export const turnView = (row: Rows["turns"], ranges: readonly RewoundRange[]): TurnView => ({
  turnId: row.turnId,
  nativeTurnId: row.nativeTurnId,
  sessionId: row.sessionId,
  status: row.status,
  outcome: row.outcome,
  cause: row.cause,
  evidence: row.evidence,
  startedAt: row.startedAt,
  endedAt: row.endedAt,
  usage: usageView(row.usage),
  error: row.error,
  origin: row.origin,
  settled: row.settled === 1,
  stalled: row.stalled === 1,
  rejoined: row.rejoined === 1,
  steeredInto: row.steeredInto,
  text: row.text ?? null,
  parts: row.parts ?? null,
  diff: row.diff ?? null,
  proposal: row.proposal ?? null,
  ...rewoundView(rewindOf(row, ranges)),
})

const rewoundView = (range: RewoundRange | null) => ({
  rewound: range !== null,
  rewoundAt: range?.rewoundAt ?? null,
  rewoundSequence: range?.sequence ?? null,
})

/** A turn by its id: its view, and what a reader needs outside the list of its thread. */
export const turnDetail = (row: Rows["turns"], ranges: readonly RewoundRange[]): TurnDetail => {
  const view = turnView(row, ranges)
  return {
    threadId: row.threadId,
    ...view,
    uncertain: row.uncertain === 1,
    requestedAt: row.requestedAt,
    // A rewind rewrites no turn, but what is served of it is another from then on.
    version: Math.max(row.sequence, view.rewoundSequence ?? 0),
  }
}

/** An item with its text. `chunks`: the streamed content of this item; not needed once the final text is there. */
export const itemView = (row: Rows["items"], chunks: readonly ChunkText[]): ItemView => ({
  itemId: row.itemId,
  nativeItemId: row.nativeItemId,
  turnId: row.turnId,
  kind: row.kind,
  nativeKind: row.nativeKind,
  status: row.status,
  cause: row.cause,
  evidence: row.evidence,
  afterEnd: row.afterEnd === 1,
  title: row.title,
  phase: row.phase,
  text: itemText(row, chunks),
  exitCode: row.exitCode,
  data: row.data ?? null,
  startedAt: row.startedAt,
  endedAt: row.endedAt,
})

/** The same for many items. `chunks`: the streamed content of those whose final text has not come, in any order. */
export const itemViewer = (chunks: readonly ChunkText[]): ((row: Rows["items"]) => ItemView) => {
  const byItem = new Map<string, ChunkText[]>()
  for (const chunk of chunks) {
    const list = byItem.get(chunk.itemId)
    if (list === undefined) byItem.set(chunk.itemId, [chunk])
    else list.push(chunk)
  }
  return (row) => itemView(row, byItem.get(row.itemId) ?? [])
}

/** A request as it is served in a list of its thread. */
export const requestView = (row: Rows["requests"]): RequestView => ({
  requestId: row.requestId,
  nativeRequestId: row.nativeRequestId,
  turnId: row.turnId,
  itemId: row.itemId,
  kind: row.kind,
  status: row.status,
  decision: row.decision,
  decidedBy: row.decidedBy,
  answer: row.answer ?? null,
  lastError: row.lastError,
  cause: row.cause,
  title: row.title,
  data: row.data ?? null,
  openedAt: row.openedAt,
  endedAt: row.endedAt,
})

/** A request by its id: its view, and what a reader needs outside the list of its thread. */
export const requestDetail = (row: Rows["requests"]): RequestDetail => ({
  threadId: row.threadId,
  ...requestView(row),
  version: row.sequence,
})

/** An inference attempt as it is served. */
export const inferenceView = (row: Rows["inferences"]): InferenceView => ({
  inferenceId: row.inferenceId,
  nativeInferenceId: row.nativeInferenceId,
  turnId: row.turnId,
  status: row.status,
  cause: row.cause,
  model: row.model,
  provider: row.provider,
  responseId: row.responseId,
  upstreamRequestId: row.upstreamRequestId,
  outputItems: row.items,
  usage: usageView(row.usage),
  firstByteMs: row.firstByteMs,
  untraced: row.untraced === 1,
  error: row.error,
  startedAt: row.startedAt,
  endedAt: row.endedAt,
})

/** A voice run as it is served. */
export const realtimeRunView = (row: Rows["realtime_runs"]): RealtimeRunView => ({
  realtimeId: row.realtimeId,
  status: row.status,
  reason: row.reason,
  lastError: row.lastError,
  version: row.version,
  startedAt: row.startedAt,
  endedAt: row.endedAt,
})

/** A delegation as it is served. */
export const delegationView = (row: Rows["delegations"]): DelegationView => ({
  delegationId: row.delegationId,
  realtimeId: row.realtimeId,
  turnId: row.turnId,
  status: row.status,
  text: row.text ?? null,
})

/** A background task as it is served. */
export const taskView = (row: Rows["tasks"]): TaskView => ({
  taskId: row.taskId,
  nativeTaskId: row.nativeTaskId,
  turnId: row.turnId,
  itemId: row.itemId,
  kind: row.kind,
  title: row.title,
  status: row.status,
  outcome: row.outcome,
  startedAt: row.startedAt,
  endedAt: row.endedAt,
})

/** A queued message as it is served. */
export const queueView = (row: Rows["queue"]): QueueView => ({
  messageId: row.messageId,
  position: row.position,
  text: row.text,
  parts: row.parts,
  settings: row.settings,
  queuedAt: row.queuedAt,
})

/** An anomaly as it is served. */
export const anomalyView = (row: Rows["anomalies"]): AnomalyView => ({
  threadId: row.threadId,
  reason: row.reason,
  subject: row.subject,
  count: row.count,
  firstSequence: row.firstSequence,
  lastSequence: row.lastSequence,
  detail: row.detail,
})
