/**
 * The phase of a turn, and what waits for it in that phase (rule 2 of docs/rules.md): the only definition of "busy". The queue
 * also waits for an uncertain turn, because that turn may be running; a turn that a person has just requested does not wait for
 * it.
 */
import type { SessionRow, TurnRow } from "@threadfold/contracts"
import { isInterruptedEarly, isWaiting } from "../state/lifecycle.js"

/** The living session; null: none lives. */
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
  /** It was requested, and none of its bytes were sent. */
  waiting: { holdsQueue: true, holdsDelivery: false, settles: false },
  /** It was delivered, and has not started. */
  delivered: { holdsQueue: true, holdsDelivery: true, settles: false },
  /** It may have been delivered, to the session that lives: it may be running. */
  doubted: { holdsQueue: true, holdsDelivery: false, settles: false },
  /** It may have been delivered, to a session that is over: it does not run. */
  lost: { holdsQueue: false, holdsDelivery: false, settles: false },
  running: { holdsQueue: true, holdsDelivery: true, settles: false },
  /** Its end was only inferred, and the agent's own terminal may still come. */
  provisional: { holdsQueue: true, holdsDelivery: true, settles: true },
  /** Its end was only inferred, and no terminal of the agent is expected. */
  closing: { holdsQueue: false, holdsDelivery: false, settles: true },
  /** Its end is final. */
  over: { holdsQueue: false, holdsDelivery: false, settles: false },
} as const satisfies Record<string, Phase>
export type TurnPhase = keyof typeof turnPhases

/** The phase of the turn, given the living session. */
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
 * Whether the agent's own terminal of an unsettled turn may still come. A turn that never ran has none. The exception is a turn
 * of the living session that was interrupted before its start: if the agent starts it now, a message that is sent at this moment
 * would go into it. (Whether late items and deltas still apply is another rule: `takesLateEvents` of the fold.)
 */
const isProvisional = (turn: TurnRow, living: Living): boolean =>
  turn.startedAt !== null || (isInterruptedEarly(turn) && turn.sessionId === living?.sessionId)

/** The turns that hold the queue, or another turn's delivery. */
export const turnsThat = (does: keyof Phase, turns: readonly TurnRow[], living: Living): readonly TurnRow[] =>
  turns.filter((turn) => turnPhases[turnPhase(turn, living)][does])
