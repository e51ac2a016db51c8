/**
 * Where a turn stands, and what waits for it there (rule 2 of docs/rules.md): the one notion of "busy". A queue that runs on by itself
 * waits for more than a turn that a person has asked for: it also waits for a turn in doubt, which may be running.
 */
import type { SessionRow, TurnRow } from "@threadfold/contracts"
import { isInterruptedEarly, isWaiting } from "../state/lifecycle.js"

/** What is to be known of the session that lives; null: none does. */
type Living = Pick<SessionRow, "sessionId"> | null

interface Phase {
  /** The next message of the queue waits. */
  readonly holdsQueue: boolean
  /** The delivery of another turn waits. */
  readonly holdsDelivery: boolean
  /** Its end was only inferred, and becomes final after a while. */
  readonly settles: boolean
}

/** Every phase of a turn. */
export const turnPhases = {
  /** It was asked for, and no byte of it went out. */
  waiting: { holdsQueue: true, holdsDelivery: false, settles: false },
  /** It was delivered, and has not started. */
  delivered: { holdsQueue: true, holdsDelivery: true, settles: false },
  /** It may have been delivered, to the session that lives: it may be running. */
  doubted: { holdsQueue: true, holdsDelivery: false, settles: false },
  /** It may have been delivered, to a session that is over: it does not run. */
  lost: { holdsQueue: false, holdsDelivery: false, settles: false },
  running: { holdsQueue: true, holdsDelivery: true, settles: false },
  /** Its end was only inferred, and its agent's own word about it may still come. */
  provisional: { holdsQueue: true, holdsDelivery: true, settles: true },
  /** Its end was only inferred, and no word of its agent is to be waited for. */
  closing: { holdsQueue: false, holdsDelivery: false, settles: true },
  /** Its end is final. */
  over: { holdsQueue: false, holdsDelivery: false, settles: false },
} as const satisfies Record<string, Phase>
export type TurnPhase = keyof typeof turnPhases

/** Where the turn stands, seen from the session that lives. */
export const turnPhase = (turn: TurnRow, living: Living): TurnPhase => {
  switch (turn.status) {
    case "running":
      return "running"
    case "requested":
      if (isWaiting(turn)) return turn.handedOver === 0 ? "waiting" : "delivered"
      return turn.sessionId === living?.sessionId ? "doubted" : "lost"
    case "ended":
      if (turn.settled === 1) return "over"
      return isProvisional(turn, living) ? "provisional" : "closing"
  }
}

/**
 * Whether its agent's own word about the end of an unsettled turn may still come. One that never ran has none to come, but for one
 * that was interrupted before its start, in the session that lives: a message that is sent now might go into it, should the agent
 * start it in this moment. (Whether late items and deltas still apply is another rule: `takesLateEvents` of the fold.)
 */
const isProvisional = (turn: TurnRow, living: Living): boolean =>
  turn.startedAt !== null || (isInterruptedEarly(turn) && turn.sessionId === living?.sessionId)

/** The turns that hold the queue, or another turn's delivery. */
export const turnsThat = (does: keyof Phase, turns: readonly TurnRow[], living: Living): readonly TurnRow[] =>
  turns.filter((turn) => turnPhases[turnPhase(turn, living)][does])
