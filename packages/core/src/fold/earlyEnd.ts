/** Rule 2: turns that end between their hand-over and their start, and what the provider says of them afterwards. */
import type { TurnRow } from "@threadfold/contracts"
import {
  INTERRUPT_REQUESTED,
  isInterruptedEarly,
  isNeverStarted,
  livingSession,
  NEVER_STARTED,
} from "../state/lifecycle.js"
import { leaveStarting } from "./pointer.js"
import { holdQueueAfterTurn } from "./queue.js"
import type { Step } from "./Step.js"
import { turnSubject } from "./subjects.js"
import { endTurn } from "./turnEnd.js"

/**
 * `turn.start-timed-out`. The messages behind it go on: what it was to do was accepted, and nothing says that it is not
 * wanted any more.
 */
export const turnStartTimedOut = (step: Step): void => {
  const turn = step.waiting.find(({ turnId }) => turnId === step.event.turnId)
  if (turn === undefined || turn.handedOver === 0) {
    return step.note("turn-unknown", turnSubject(step.event.turnId ?? "-"), "it does not wait to start")
  }
  endTurn(step, turn, { outcome: "failed", cause: NEVER_STARTED, evidence: "inferred", holdsQueue: false })
  leaveStarting(step)
}

/** Ends a requested turn that was interrupted: no provider's word is waited for. */
export const interruptRequested = (step: Step, turn: TurnRow): void => {
  endTurn(step, turn, { outcome: "cancelled", cause: INTERRUPT_REQUESTED, evidence: "inferred" })
  holdQueueAfterTurn(step)
  leaveStarting(step)
}

/**
 * Whether an interrupt ends the turn at once. A turn that runs, and one that is being handed over at this moment, the
 * provider ends, as it does in a recording: there the word that follows is known.
 */
export const endsAtOnce = (step: Step, turn: TurnRow, underWay: boolean): boolean => {
  if (turn.status === "running") return false
  if (turn.handedOver === 0) return !underWay
  return turn.uncertain === 1 || livingSession(step.state)?.mode !== "imported"
}

/** Whether the session that the turn was handed to says this. */
const isOfItsSession = (step: Step, turn: TurnRow): boolean =>
  step.standing === "live" && turn.sessionId === step.event.sessionId

/** A start after all of a turn that had ended `never-started`: rule 3 decides whether it runs. */
export const mayRunLate = (step: Step, turn: TurnRow): boolean => isNeverStarted(turn) && isOfItsSession(step, turn)

/** Whether the event is a start of a turn that was interrupted before it started. */
export const isEarlyStart = (step: Step, turn: TurnRow): boolean =>
  isInterruptedEarly(turn) && isOfItsSession(step, turn)

/**
 * A turn that was interrupted before it started, after the first word of its work: the row stays ended, and says that the
 * provider works on it, so that the interrupt follows. Any other turn as it is.
 */
export const startedEarly = (step: Step, turn: TurnRow): TurnRow =>
  isEarlyStart(step, turn) && turn.startedAt === null
    ? {
        ...turn,
        nativeTurnId: turn.nativeTurnId ?? step.event.native?.turnId ?? null,
        startedAt: step.at,
        settled: 0,
      }
    : turn

/** The answer to the hand-over of a turn that has ended meanwhile: its later words are known by that name. True when it was one. */
export const bindEarlyEnd = (step: Step, turn: TurnRow, nativeTurnId: string): boolean => {
  if (!isInterruptedEarly(turn) && !isNeverStarted(turn)) return false
  if (turn.nativeTurnId !== null || !isOfItsSession(step, turn)) return false
  step.putTurn({ ...turn, nativeTurnId })
  return true
}
