/**
 * Rule 2: the provider repeats our id of a message (`native.clientId`) in the turn that works on it. This is better evidence than
 * the answer: this turn has the message, even where the answer named another one. A message that was to steer a turn leaves the
 * queue now.
 */

import type { TurnRow } from "@threadfold/contracts"
import { echoedTurn, tombstoneOf } from "../resolve/lookup.js"
import { isInterruptedEarly, isNeverStarted } from "../state/lifecycle.js"
import { byRule } from "./byRule.js"
import { leaveStarting } from "./pointer.js"
import { messageEchoed } from "./queue.js"
import type { Step } from "./Step.js"
import { endTurn } from "./turnEnd.js"

/** The turn that the repeated id requested: it waits, or its inferred end may still be corrected. */
const askedFor = (step: Step, clientId: string): TurnRow | null => {
  const waiting = echoedTurn(step.state, clientId, step.event.sessionId)
  if (waiting !== null) return waiting
  // On a live connection the message has the id of its turn.
  const ended = step.find("turns", clientId)
  if (ended === null || ended.sessionId !== step.event.sessionId || ended.startedAt !== null) return null
  return isNeverStarted(ended) || isInterruptedEarly(ended) ? ended : null
}

/** Binds the turn that the message asked for to the native turn that has it, or ends it as steered into that one. */
export const hearEcho = byRule(2, (step: Step): void => {
  const { clientId, turnId: native } = step.event.native ?? {}
  if (clientId === undefined || native === undefined || step.relation !== "current") return
  if (messageEchoed(step, clientId)) return
  const turn = askedFor(step, clientId)
  if (turn === null) return
  const { turnId } = step.event
  if (turnId === turn.turnId) {
    const { sessionId } = step.event
    return step.putTurn({ ...turn, nativeTurnId: native, handedOver: 1, uncertain: 0, sessionId })
  }
  if (turnId !== null) {
    endTurn(step, turn, {
      outcome: "cancelled",
      cause: "steered",
      evidence: "observed",
      fields: { steeredInto: turnId, sessionId: step.event.sessionId },
    })
  } else if (tombstoneOf(step.rows, step.threadId, native, step.event.sessionId) !== null) {
    endTurn(step, turn, { outcome: "unknown", cause: "ended-before-accepted", evidence: "inferred", final: true })
  }
  leaveStarting(step)
})
