/** The thread's own row: its own fields, and the summary that every step updates. */

import type { PayloadOf, ThreadRow, ThreadStatus, TurnOutcome, TurnRow } from "@threadfold/contracts"
import { copyOfSession, copyOfThread } from "../state/copies.js"
import { type FoldState, initialState, type OpenCounts } from "../state/FoldState.js"
import { isPurged, livingSession, uncertainTurns, waitingTurns } from "../state/lifecycle.js"
import { byRule } from "./byRule.js"
import { refuseStale, type Step } from "./Step.js"

/** The row of a thread of which nothing is known yet. */
export const blankThread = (step: Step): ThreadRow => ({
  threadId: step.threadId,
  provider: null,
  nativeThreadId: step.event.native?.threadId ?? null,
  title: null,
  firstWords: null,
  firstWordsTurn: null,
  preview: null,
  previewTurn: null,
  cwd: null,
  model: null,
  agent: null,
  chosen: null,
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
  uncertainTurns: 0,
  failedTurnId: null,
  newsVersion: null,
  readVersion: null,
  turns: 0,
  items: 0,
  archivedAt: null,
  deletedAt: null,
  pinnedAt: null,
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

/** A title that the agent gives; null: it gives none, or a person has named the thread, and that stays. */
const titleBy = ({ state }: Step, title: string | null | undefined): string | null =>
  state.renamed ? null : (title ?? null)

/** `thread.started`: facts about the thread; it never touches session or turn (rule 1). */
export const threadStarted = (step: Step, payload: PayloadOf<"thread.started">): void => {
  const thread = step.state.thread
  if (thread === null || refuseStale(step)) return
  patch(step, {
    provider: payload.provider ?? thread.provider,
    // A new conversation in the thread is the one that later sessions resume.
    nativeThreadId: step.event.native?.threadId ?? thread.nativeThreadId,
    title: titleBy(step, payload.title) ?? thread.title,
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
    title: titleBy(step, payload.title) ?? thread.title,
    parentThreadId: payload.parentThreadId ?? thread.parentThreadId,
    parentNativeThreadId: payload.parentNativeThreadId ?? thread.parentNativeThreadId,
  })
}

/** `thread.created`. */
export const threadCreated = (step: Step, payload: PayloadOf<"thread.created">): void => {
  const thread = step.state.thread
  // A title that a client gives with the thread stays, as one that is given later. An adapter, which names no agent, may correct its own.
  if ((payload.title ?? null) !== null && (payload.agent ?? null) !== null) step.state.renamed = true
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
export const threadRenamed = (step: Step, payload: PayloadOf<"thread.renamed">): void => {
  step.state.renamed = true
  patch(step, { title: payload.title })
}
/** `thread.archived`, `thread.unarchived`. */
export const threadArchived = (step: Step): void => patch(step, { archivedAt: step.at })
export const threadUnarchived = (step: Step): void => patch(step, { archivedAt: null })
/** `thread.deleted`: a tombstone; the content goes with a purge. */
export const threadDeleted = (step: Step): void => patch(step, { deletedAt: step.at })
/** `thread.restored`. */
export const threadRestored = (step: Step): void => patch(step, { deletedAt: null })
/** `thread.forked`. */
export const threadForked = (step: Step, payload: PayloadOf<"thread.forked">): void => {
  // What a person allowed in the source was not allowed here.
  step.keepHeavy({ unattended: null })
  patch(step, { forkedFromThreadId: payload.fromThreadId, agent: payload.agent ?? step.state.thread?.agent ?? null })
  // The totals of a forked conversation may begin with what its origin used, which counts for that one alone.
  const { baseline } = step.state
  if ((payload.agent ?? null) === null || baseline === null) return
  step.state.baseline = { ...baseline, rewound: true, left: null }
}
/** `thread.imported`. */
export const threadImported = (step: Step, payload: PayloadOf<"thread.imported">): void =>
  patch(step, { source: payload.source })
/** `thread.keep-alive-set`. */
export const threadKeepAliveSet = (step: Step, payload: PayloadOf<"thread.keep-alive-set">): void =>
  patch(step, { keepAliveUntil: payload.until })

/** `thread.unattended-set`. */
export const threadUnattendedSet = (step: Step, { rules }: PayloadOf<"thread.unattended-set">): void =>
  step.keepHeavy({ unattended: rules })

/** `thread.read`: what a person has seen stays seen, whatever comes late. */
export const threadRead = (step: Step, { version }: PayloadOf<"thread.read">): void => {
  const seen = Math.min(version, step.event.streamVersion)
  if (seen > (step.state.thread?.readVersion ?? 0)) patch(step, { readVersion: seen })
}
/** `thread.pinned`, `thread.unpinned`. */
export const threadPinned = (step: Step): void => patch(step, { pinnedAt: step.at })
export const threadUnpinned = (step: Step): void => patch(step, { pinnedAt: null })

/**
 * `thread.purged`: what stays of the thread is a tombstone. It follows from this event alone, so that a fold which begins here leads to
 * the same row and the same open state as one that has seen all the rest. The engine removes the thread's other rows.
 */
export const threadPurged = (step: Step, { createdAt, provider }: PayloadOf<"thread.purged">): void => {
  const { at, threadId } = step
  const blank = blankThread(step)
  Object.assign(step.state, initialState(threadId))
  step.keepThread({
    ...blank,
    nativeThreadId: null,
    provider: provider ?? null,
    createdAt: createdAt ?? null,
    status: "purged",
    deletedAt: at,
  })
  step.keepHeavy({ goal: null, plan: null, settings: null, unattended: null })
}

/** A recording that is read in brings no news: it is the past. */
const isPast = ({ state }: Step): boolean => state.thread?.source !== null || state.session?.mode === "imported"

/** Notes that the event is news to a person: a turn's end, a request. */
export const noteNews = byRule(16, (step: Step): void => {
  if (!isPast(step)) step.amendThread((thread) => ({ ...thread, newsVersion: step.event.streamVersion }))
})

/**
 * Keeps which turn failed last, for as long as it is the last turn. An end that replaces an inferred one may take the failure back.
 */
export const noteOutcome = byRule(16, (step: Step, turn: TurnRow, outcome: TurnOutcome): void => {
  const failed = outcome === "failed" && turn.ordinal >= step.counted.turns && !isPast(step)
  step.amendThread((thread) => {
    if (failed) return { ...thread, failedTurnId: turn.turnId }
    return thread.failedTurnId === turn.turnId ? { ...thread, failedTurnId: null } : thread
  })
})

/** A later turn was asked for or runs, or the turn was taken back: its failure is not what the thread is left with. */
export const forgetFailure = byRule(16, (step: Step): void => {
  step.amendThread((thread) => (thread.failedTurnId === null ? thread : { ...thread, failedTurnId: null }))
})

/** The turn runs, or runs again: it has not failed after all. */
export const takeFailureBack = byRule(16, (step: Step, { turnId }: TurnRow): void => {
  step.amendThread((thread) => (thread.failedTurnId === turnId ? { ...thread, failedTurnId: null } : thread))
})

/** The status of the thread, from the open state alone. */
export const threadStatus = (
  state: Pick<FoldState, "thread" | "session" | "active" | "requested"> & {
    readonly open: Pick<OpenCounts, "unanswered" | "afterEnd">
  },
): ThreadStatus => {
  if (isPurged(state)) return "purged"
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
  "thread.purged",
  "thread.imported",
  "thread.keep-alive-set",
  "thread.unattended-set",
  "thread.read",
  "thread.pinned",
  "thread.unpinned",
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
    if (session.lastActivityAt !== event.recordedAt) {
      const seen = copyOfSession(session)
      seen.lastActivityAt = event.recordedAt
      step.putSession(seen)
    }
  }
  const row = copyOfThread(thread)
  row.status = threadStatus(state)
  row.sessionId = session?.sessionId ?? null
  row.activeTurnId = state.active?.turnId ?? null
  row.openRequests = state.open.requests
  row.runningTasks = state.open.tasks
  row.afterEndItems = state.open.afterEnd
  row.queued = state.queue.length
  if (row.queued === 0) row.queueHeld = 0
  row.uncertainTurns = uncertainTurns(state)
  // Our clock: a source's time could lie in the future and move the thread in a list.
  row.updatedAt = event.recordedAt
  if (active) row.lastActivityAt = event.recordedAt
  row.streamVersion = event.streamVersion
  row.sequence = event.sequence
  step.putThread(step.heavyThread === null ? row : { ...row, ...step.heavyThread })
})
