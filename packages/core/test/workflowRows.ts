/** Rows as the rules of the workflow read them; a field that a test does not name has a neutral value. */
import type { EffectKind, EffectRow, RequestRow, SessionRow, ThreadRow, TurnRow } from "@threadfold/contracts"
import type { ThreadWork } from "../src/workflow/followUp.js"
import type { LivingSession } from "../src/workflow/reaper.js"
import { makeRow } from "./rows.js"

/** A thread in which an agent of ours works, and nothing happens. */
export const threadRow = (given: Partial<ThreadRow> = {}): ThreadRow =>
  makeRow("threads", { threadId: "thread", agent: "mine", status: "idle", ...given })

/** A session of ours that lives. */
export const sessionRow = (given: Partial<SessionRow> = {}): SessionRow =>
  makeRow("sessions", { sessionId: "session", threadId: "thread", mode: "managed", status: "ready", ...given })

/** A turn of that session, by default one that waits for its delivery. */
export const turnRow = (given: Partial<TurnRow> = {}): TurnRow =>
  makeRow("turns", {
    turnId: "turn",
    threadId: "thread",
    sessionId: "session",
    origin: "client",
    status: "requested",
    ...given,
  })

/** A question of that session. */
export const requestRow = (given: Partial<RequestRow> = {}): RequestRow =>
  makeRow("requests", {
    requestId: "request",
    threadId: "thread",
    sessionId: "session",
    kind: "other",
    status: "open",
    ...given,
  })

/** An effect that is pending. */
export const openEffect = (kind: EffectKind, given: Partial<EffectRow> = {}) => ({
  effectId: kind,
  kind,
  status: "pending" as EffectRow["status"],
  sessionId: null,
  attempts: 0,
  token: null,
  ...given,
})

/** A thread with what is open in it. */
export const threadWork = (
  turns: readonly TurnRow[] = [],
  thread: Partial<ThreadRow> = {},
  session: SessionRow | null = sessionRow(),
): ThreadWork => ({ thread: threadRow(thread), session, last: session, turns, hasMoreTurns: false })

/** A turn in each phase, seen from the session `session`. */
const ended = { status: "ended", outcome: "unknown", evidence: "inferred", cause: "session-ready" } as const
const early = { ...ended, outcome: "cancelled", cause: "interrupt-requested", handedOver: 1 } as const
export const turnIn = {
  waiting: turnRow(),
  delivered: turnRow({ handedOver: 1 }),
  doubted: turnRow({ handedOver: 1, uncertain: 1 }),
  lost: turnRow({ handedOver: 1, uncertain: 1, sessionId: "earlier" }),
  running: turnRow({ status: "running", handedOver: 1, startedAt: 1, nativeTurnId: "native" }),
  provisional: turnRow({ ...ended, startedAt: 1 }),
  closing: turnRow({ ...ended, cause: "never-started", handedOver: 1 }),
  over: turnRow({ ...ended, startedAt: 1, settled: 1 }),
} as const
/** A turn that was interrupted between its delivery and its start. */
export const interruptedEarly = turnRow(early)

/** A session of ours that lives, as the reaper reads it: nothing happens in its thread. */
export const livingSession = (given: Partial<LivingSession> = {}): LivingSession => ({
  threadId: "thread",
  sessionId: "session",
  connectionId: "connection",
  mode: "managed",
  status: "ready",
  agent: "mine",
  parentThreadId: null,
  forkedFromThreadId: null,
  threadSequence: 1,
  lastActivityAt: 0,
  keepAliveUntil: null,
  activeTurnId: null,
  waitingTurns: 0,
  openRequests: 0,
  runningTasks: 0,
  afterEndItems: 0,
  taskHeardAt: null,
  voice: 0,
  queued: 0,
  queueHeld: 0,
  ...given,
})
