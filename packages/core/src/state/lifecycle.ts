/** What is going on in a thread: the status of its session (docs/rules.md), its session, its turns. */
import type { RealtimeRunRow, SessionRow, SessionStatus, TurnRow } from "@threadfold/contracts"
import type { FoldState } from "./FoldState.js"

/** Only an active session can hold an active turn. */
export const isActive = (status: SessionStatus): boolean => status === "starting" || status === "running"

/** Cause of a turn that the provider accepted and did not start in time (rule 2). */
export const NEVER_STARTED = "never-started"
/** Cause of a turn that was interrupted before it started. */
export const INTERRUPT_REQUESTED = "interrupt-requested"
/** Why a delegation closed whose message was cancelled before a turn had it. */
export const MESSAGE_CANCELLED = "message-cancelled"

type TurnEnd = Pick<TurnRow, "cause" | "evidence" | "handedOver" | "status">

/** Whether the turn ended because its start did not come in time: a late start may still run it. */
export const isNeverStarted = ({ cause, evidence, status }: TurnEnd): boolean =>
  status === "ended" && evidence === "inferred" && cause === NEVER_STARTED

/** Whether it was interrupted between its delivery and its start: if the provider starts it, the interrupt has to be sent. */
export const isInterruptedEarly = ({ cause, evidence, handedOver, status }: TurnEnd): boolean =>
  status === "ended" && evidence === "inferred" && handedOver === 1 && cause === INTERRUPT_REQUESTED

/** Whether the thread's content is gone for good: nothing comes after its tombstone (rule 19). */
export const isPurged = ({ thread }: Pick<FoldState, "thread">): boolean => thread?.status === "purged"

/** Whether the session has ended. */
export const hasEnded = (session: SessionRow): boolean => session.endedAt !== null

/** The session that lives, or null. */
export const livingSession = ({ session }: Pick<FoldState, "session">): SessionRow | null =>
  session !== null && !hasEnded(session) ? session : null

/** Whether a session carries the voice run, and ends it. One that none carries has a transport of its own. */
export const isCarried = ({ sessionId }: Pick<RealtimeRunRow, "sessionId">): boolean => sessionId !== null

/** Whether the turn was requested and will still start. An uncertain turn was delivered to a session that never answered. */
export const isWaiting = ({ status, uncertain }: Pick<TurnRow, "status" | "uncertain">): boolean =>
  status === "requested" && uncertain === 0

/** How many turns wait without a word on whether the agent got them. */
export const uncertainTurns = ({ requested }: Pick<FoldState, "requested">): number =>
  requested.reduce((count, { uncertain }) => count + uncertain, 0)

/** The turns of a thread that wait to start. */
export const waitingTurns = ({ requested }: Pick<FoldState, "requested">): readonly TurnRow[] =>
  requested.filter(isWaiting)
