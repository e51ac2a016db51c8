/** Rule 2: turns that end between their delivery and their start, and the provider's later events about them. */

import type { TurnRow } from "@threadfold/contracts"
import {
  INTERRUPT_REQUESTED,
  isInterruptedEarly,
  isNeverStarted,
  livingSession,
  NEVER_STARTED,
} from "../state/lifecycle.js"
import { byRule } from "./byRule.js"
import { leaveStarting } from "./pointer.js"
import { holdQueueAfterTurn } from "./queue.js"
import type { Step } from "./Step.js"
import { turnSubject } from "./subjects.js"
import { endTurn } from "./turnEnd.js"

/**
 * `turn.start-timed-out`. It does not hold the queue: the message was accepted, and nothing shows that what waits is no longer
 * wanted.
 */
export const turnStartTimedOut = (step: Step): void => {
  const turn = step.waiting.find(({ turnId }) => turnId === step.event.turnId)
  if (turn === undefined || turn.handedOver === 0) {
    return step.note("turn-unknown", turnSubject(step.event.turnId ?? "-"), "it does not wait to start")
  }
  endTurn(step, turn, { outcome: "failed", cause: NEVER_STARTED, evidence: "inferred", holdsQueue: false })
  leaveStarting(step)
}

/** Ends a requested turn that was interrupted, without waiting for the provider. */
export const interruptRequested = byRule(2, (step: Step, turn: TurnRow): void => {
  endTurn(step, turn, { outcome: "cancelled", cause: INTERRUPT_REQUESTED, evidence: "inferred" })
  holdQueueAfterTurn(step)
  leaveStarting(step)
})

/**
 * Whether an interrupt ends the turn at once. The provider ends a running turn, and a turn that is being delivered at this
 * moment. In a recording it always does: its own event follows there.
 */
export const endsAtOnce = (step: Step, turn: TurnRow, underWay: boolean): boolean => {
  if (turn.status === "running") return false
  if (turn.handedOver === 0) return !underWay
  return turn.uncertain === 1 || livingSession(step.state)?.mode !== "imported"
}

/** Whether the event comes from the session that the turn was delivered to. */
const isOfItsSession = (step: Step, turn: TurnRow): boolean =>
  step.relation === "current" && turn.sessionId === step.event.sessionId

/** Whether a late start of a turn that ended as `never-started` may count: rule 3 then decides whether it runs. */
export const mayRunLate = (step: Step, turn: TurnRow): boolean => isNeverStarted(turn) && isOfItsSession(step, turn)

/** Whether the event is a start of a turn that was interrupted before it started. */
export const isEarlyStart = (step: Step, turn: TurnRow): boolean =>
  isInterruptedEarly(turn) && isOfItsSession(step, turn)

/**
 * A turn that was interrupted before it started, and on which the provider now works: the row stays ended but shows the work, so
 * that the interrupt is sent. Any other turn is returned unchanged.
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

/**
 * The answer to the delivery of a turn that has ended meanwhile: binds the native id, so that later events find the turn. True
 * where it was one.
 */
export const bindEarlyEnd = byRule(2, (step: Step, turn: TurnRow, nativeTurnId: string): boolean => {
  if (!isInterruptedEarly(turn) && !isNeverStarted(turn)) return false
  if (turn.nativeTurnId !== null || !isOfItsSession(step, turn)) return false
  step.putTurn({ ...turn, nativeTurnId })
  return true
})
