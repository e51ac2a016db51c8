/** The thread's own row: its own fields, and the summary that every step updates. */

import type { PayloadOf, ThreadRow, ThreadStatus } from "@threadfold/contracts"
import type { FoldState, OpenCounts } from "../state/FoldState.js"
import { livingSession, waitingTurns } from "../state/lifecycle.js"
import { byRule } from "./byRule.js"
import { type Mutable, refuseStale, type Step } from "./Step.js"

/** The row of a thread of which nothing is known yet. */
export const blankThread = (step: Step): ThreadRow => ({
  threadId: step.threadId,
  provider: null,
  nativeThreadId: step.event.native?.threadId ?? null,
  title: null,
  firstWords: null,
  firstWordsTurn: null,
  cwd: null,
  model: null,
  agent: null,
  parentThreadId: null,
  parentNativeThreadId: null,
  forkedFromThreadId: null,
  forkedFromNativeThreadId: null,
  source: null,
  status: "idle",
  sessionId: null,
  activeTurnId: null,
  openRequests: 0,
  runningTasks: 0,
  afterEndItems: 0,
  queued: 0,
  queueHeld: 0,
  turns: 0,
  items: 0,
  archivedAt: null,
  deletedAt: null,
  keepAliveUntil: null,
  createdAt: step.at,
  updatedAt: step.event.recordedAt,
  lastActivityAt: null,
  streamVersion: 0,
  sequence: step.sequence,
})

const patch = (step: Step, fields: Partial<ThreadRow>): void => {
  const thread = step.state.thread
  if (thread !== null) step.keepThread({ ...thread, ...fields })
}

/** `thread.started`: facts about the thread; it never touches session or turn (rule 1). */
export const threadStarted = (step: Step, payload: PayloadOf<"thread.started">): void => {
  const thread = step.state.thread
  if (thread === null || refuseStale(step)) return
  patch(step, {
    provider: payload.provider ?? thread.provider,
    // A new conversation in the thread is the one that later sessions resume.
    nativeThreadId: step.event.native?.threadId ?? thread.nativeThreadId,
    title: payload.title ?? thread.title,
    cwd: payload.cwd ?? thread.cwd,
    model: payload.model ?? thread.model,
    parentThreadId: payload.parentThreadId ?? thread.parentThreadId,
    parentNativeThreadId: payload.parentNativeThreadId ?? thread.parentNativeThreadId,
    forkedFromThreadId: payload.forkedFromThreadId ?? thread.forkedFromThreadId,
    forkedFromNativeThreadId: payload.forkedFromNativeThreadId ?? thread.forkedFromNativeThreadId,
  })
}

/** `thread.metadata.updated`. */
export const threadMetadataUpdated = (step: Step, payload: PayloadOf<"thread.metadata.updated">): void => {
  const thread = step.state.thread
  if (thread === null || refuseStale(step)) return
  if (payload.goal !== undefined) step.keepHeavy({ goal: payload.goal })
  patch(step, {
    title: payload.title ?? thread.title,
    parentThreadId: payload.parentThreadId ?? thread.parentThreadId,
    parentNativeThreadId: payload.parentNativeThreadId ?? thread.parentNativeThreadId,
  })
}

/** `thread.created`. */
export const threadCreated = (step: Step, payload: PayloadOf<"thread.created">): void => {
  const thread = step.state.thread
  patch(step, {
    provider: payload.provider ?? thread?.provider ?? null,
    title: payload.title ?? thread?.title ?? null,
    cwd: payload.cwd ?? thread?.cwd ?? null,
    model: payload.model ?? thread?.model ?? null,
    agent: payload.agent ?? thread?.agent ?? null,
  })
  const settings = payload.settings ?? null
  if (settings !== null) step.keepHeavy({ settings })
}
/** `thread.renamed`. */
export const threadRenamed = (step: Step, payload: PayloadOf<"thread.renamed">): void =>
  patch(step, { title: payload.title })
/** `thread.archived`, `thread.unarchived`. */
export const threadArchived = (step: Step): void => patch(step, { archivedAt: step.at })
export const threadUnarchived = (step: Step): void => patch(step, { archivedAt: null })
/** `thread.deleted`: a tombstone; the content goes with a purge. */
export const threadDeleted = (step: Step): void => patch(step, { deletedAt: step.at })
/** `thread.restored`. */
export const threadRestored = (step: Step): void => patch(step, { deletedAt: null })
/** `thread.forked`. */
export const threadForked = (step: Step, payload: PayloadOf<"thread.forked">): void =>
  patch(step, { forkedFromThreadId: payload.fromThreadId })
/** `thread.imported`. */
export const threadImported = (step: Step, payload: PayloadOf<"thread.imported">): void =>
  patch(step, { source: payload.source })
/** `thread.keep-alive-set`. */
export const threadKeepAliveSet = (step: Step, payload: PayloadOf<"thread.keep-alive-set">): void =>
  patch(step, { keepAliveUntil: payload.until })

/** The status of the thread, from the open state alone. */
export const threadStatus = (
  state: Pick<FoldState, "thread" | "session" | "active" | "requested"> & {
    readonly open: Pick<OpenCounts, "unanswered" | "afterEnd">
  },
): ThreadStatus => {
  if (state.thread !== null && state.thread.archivedAt !== null) return "archived"
  if (state.open.unanswered > 0) return "waiting"
  if (state.active !== null) return state.active.stalled === 1 ? "stalled" : "working"
  if (state.open.afterEnd > 0) return "working"
  // A waiting turn starts the next session.
  if (livingSession(state) === null && waitingTurns(state).length > 0) return "starting"
  switch (state.session?.status) {
    case "starting":
      return "starting"
    case "running":
      return "working"
    case "stopped":
      return "stopped"
    case "error":
      return "error"
    default:
      return "idle"
  }
}

/** Our own events that are no activity of the thread: they do not restart the reaper's window. */
const quiet = new Set<string>([
  "thread.archived",
  "thread.unarchived",
  "thread.deleted",
  "thread.restored",
  "thread.imported",
  "thread.keep-alive-set",
  "turn.settled",
  "turn.after-end-settled",
  "turn.stalled",
  "turn.start-timed-out",
  "session.reaped",
  "session.reconciled",
  "session.lease-lapsed",
])

/** Writes the summary of the open state to the rows of the thread and the session. Runs after the rules of every event. */
export const summarise = byRule(16, (step: Step): void => {
  const { event, state } = step
  const thread = state.thread
  if (thread === null) return
  const active = !quiet.has(event.type) && (step.relation === "current" || step.relation === "none")
  const session = state.session
  if (session !== null && session.sessionId === event.sessionId && active) {
    if (session.lastActivityAt !== event.recordedAt) step.putSession({ ...session, lastActivityAt: event.recordedAt })
  }
  // A copy that is then set, field by field: a literal that overrides so many fields of a spread costs four times as much.
  const row: Mutable<ThreadRow> = { ...thread }
  row.status = threadStatus(state)
  row.sessionId = session?.sessionId ?? null
  row.activeTurnId = state.active?.turnId ?? null
  row.openRequests = state.open.requests
  row.runningTasks = state.open.tasks
  row.afterEndItems = state.open.afterEnd
  row.queued = state.queue.length
  if (row.queued === 0) row.queueHeld = 0
  // Our clock: a source's time could lie in the future and move the thread in a list.
  row.updatedAt = event.recordedAt
  if (active) row.lastActivityAt = event.recordedAt
  row.streamVersion = event.streamVersion
  row.sequence = event.sequence
  step.putThread(step.heavyThread === null ? row : { ...row, ...step.heavyThread })
})
