/**
 * What follows from a thread's rows by itself (rule 2 and "The queue" of docs/rules.md): an inferred end becomes final, the queue runs
 * on. Derived from the rows every time, so that a crash at any point loses none of it. What follows from silence is the watchdog's.
 */
import type { Bit, EffectKind, EffectRow, SessionRow, ThreadRow, TurnRow } from "@threadfold/contracts"
import { turnsThat } from "./turnPhase.js"

/** The input of the workflow's rules: a thread with the turns that are open in it, read at one moment. */
export interface ThreadWork {
  readonly thread: ThreadRow
  /** The session that lives, or null. */
  readonly session: SessionRow | null
  /** The newest session, ended or not; null: there was none. */
  readonly last: SessionRow | null
  /** Turns that run or wait, and those whose end is not final yet; oldest first. */
  readonly turns: readonly TurnRow[]
  /** There are newer ones than those. They may run or wait, so nothing starts before they are read. */
  readonly hasMoreTurns: boolean
}

/** How long after an inferred end the agent's own word may still come before the end is final, ms. */
export const settleMs = 1_000

/** What decides whether a thread's queue runs on. */
export interface QueueSituation {
  readonly thread: Pick<ThreadRow, "agent" | "deletedAt" | "queueHeld"> | null
  /** The session that lives, or null. */
  readonly session: Pick<SessionRow, "sessionId" | "mode"> | null
  /** How many messages wait. */
  readonly queued: number
  /** Turns that run or wait, and those whose end is not final. */
  readonly turns: readonly TurnRow[]
  /** There are more of these turns than were read. */
  readonly hasMoreTurns: boolean
  /** Open items of turns that have ended: what the agent does after its turn's end goes first, too. */
  readonly afterEndItems: number
}

/** Whether messages of the queue continue by themselves: some wait, and the queue is not held. */
const isQueueOpen = ({ queued, queueHeld }: Pick<ThreadRow, "queued" | "queueHeld">): boolean =>
  queued > 0 && queueHeld === 0

/**
 * Whether the next message of the queue may become a turn: a message waits, the queue is not held, an agent of ours works in the
 * thread, and nothing runs or waits.
 */
export const mayDrain = ({ afterEndItems, hasMoreTurns, queued, session, thread, turns }: QueueSituation): boolean =>
  thread !== null &&
  thread.agent !== null &&
  thread.deletedAt === null &&
  isQueueOpen({ queued, queueHeld: thread.queueHeld }) &&
  (session === null || session.mode === "managed") &&
  afterEndItems === 0 &&
  !hasMoreTurns &&
  turnsThat("holdsQueue", turns, session).length === 0

/**
 * Whether the queue waits until an effect of this kind has ended. A message that is being steered may still be in the queue. An interrupt
 * may wait for a start that never comes.
 */
const delaysQueue: { readonly [K in EffectKind]: boolean } = {
  "session.start": true,
  "turn.start": true,
  "turn.steer": true,
  "session.configure": true,
  "turn.interrupt": false,
  "request.answer": true,
  "session.stop": true,
  "thread.rewind": true,
  "task.stop": false,
}

/** The follow-ups of a thread. */
export interface FollowUp {
  /** Turns whose end is to become final, `settleMs` after it. */
  readonly settles: readonly TurnRow[]
  /** The next message of the queue may become a turn, unless an open effect holds it. */
  readonly drains: boolean
}

/** What follows from a thread's rows. */
export const followUpOf = ({ hasMoreTurns, session, thread, turns }: ThreadWork): FollowUp => ({
  settles: turnsThat("settles", turns, session),
  drains: mayDrain({
    thread,
    session,
    turns,
    hasMoreTurns,
    queued: thread.queued,
    afterEndItems: thread.afterEndItems,
  }),
})

/** What tells at a glance whether something may follow in a thread. */
export interface FollowUpCandidate extends Pick<ThreadRow, "threadId" | "queued" | "queueHeld" | "activeTurnId"> {
  /** 1: a turn has ended, and its end is not final. */
  readonly unsettled: Bit
}

/**
 * Whether something may follow in a thread: an end becomes final, or the queue runs on. Never false where `followUpOf` concludes
 * something from all of its rows.
 */
export const mayFollow = ({ activeTurnId, unsettled, ...thread }: FollowUpCandidate): boolean =>
  unsettled === 1 || (isQueueOpen(thread) && activeTurnId === null)

/** Whether the queue waits for one of these open effects. */
export const queueWaitsFor = (open: readonly Pick<EffectRow, "kind">[]): boolean =>
  open.some(({ kind }) => delaysQueue[kind])
