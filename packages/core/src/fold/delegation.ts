/** Rule 9: delegations, that is work that a voice conversation hands to the coding agent. */

import type { DelegationRow, PayloadOf, TurnRow } from "@threadfold/contracts"
import { tombstoneOf } from "../resolve/lookup.js"
import { MESSAGE_CANCELLED } from "../state/lifecycle.js"
import { byRule } from "./byRule.js"
import { closeDelegation, closeDelegationsOfTurn } from "./closures.js"
import { turnOf } from "./openRows.js"
import { refuseEnded, type Step } from "./Step.js"
import { nativeSubject } from "./subjects.js"

const delegationOf = (step: Step): DelegationRow | null => {
  const { delegationId } = step.event
  if (delegationId === null) return null
  return step.find("delegations", delegationId)
}

/** The subject of an event that cannot be applied: the name that the provider gave the delegation. */
const subjectOf = ({ event }: Step): string => nativeSubject("handoff", event.native?.handoffId, event.sessionId)

/** Whether the end of the turn is final: observed or settled. */
const isFinal = (step: Step, turnId: string | null): boolean => turnOf(step, turnId)?.settled === 1

const open = (
  step: Step,
  delegationId: string,
  fields: Pick<DelegationRow, "turnId" | "routedBy"> & { readonly text: string | null },
): void => {
  const waitsFor = fields.turnId === null ? (step.event.native?.turnId ?? null) : null
  const over = isFinal(step, fields.turnId) || (waitsFor !== null && isTombstoned(step, waitsFor))
  step.putDelegation({
    delegationId,
    threadId: step.threadId,
    sessionId: step.event.sessionId,
    realtimeId: step.event.realtimeId,
    nativeHandoffId: step.event.native?.handoffId ?? null,
    nativeTurnId: over ? null : waitsFor,
    turnId: fields.turnId,
    routedBy: fields.routedBy,
    status: over ? "closed" : "open",
    cause: over ? "turn-ended" : null,
    text: fields.text,
    openedAt: step.at,
    endedAt: over ? step.at : null,
    sequence: step.sequence,
  })
}

/** Whether the end of the native turn was seen before its start: a delegation that names it is over, too. */
const isTombstoned = (step: Step, nativeTurnId: string): boolean =>
  tombstoneOf(step.rows, step.threadId, nativeTurnId, step.event.sessionId) !== null

/** `realtime.handoff`: the provider delegates work; the turn may be known already or come later. */
export const realtimeHandoff = (step: Step, payload: PayloadOf<"realtime.handoff">): void => {
  const { event } = step
  if (event.delegationId === null) return step.note("delegation-unknown", subjectOf(step))
  if (refuseEnded(step)) return
  if (delegationOf(step) !== null) return step.note("delegation-duplicate", subjectOf(step))
  open(step, event.delegationId, {
    turnId: event.turnId,
    routedBy: payload.routedBy ?? "provider",
    text: payload.text ?? null,
  })
}

/** `delegation.opened`: we route it: into a turn of exactly this id, or into the running one. */
export const delegationOpened = (step: Step, payload: PayloadOf<"delegation.opened">): void => {
  const { event } = step
  if (event.delegationId === null) return step.note("delegation-unknown", subjectOf(step))
  if (delegationOf(step) !== null) return step.note("delegation-duplicate", subjectOf(step))
  open(step, event.delegationId, {
    turnId: payload.route === "turn" ? event.delegationId : event.turnId,
    routedBy: "client",
    text: payload.text ?? null,
  })
}

/** `delegation.closed`. */
export const delegationClosed = (step: Step, payload: PayloadOf<"delegation.closed">): void => {
  const delegation = delegationOf(step)
  if (delegation === null) return step.note("delegation-unknown", subjectOf(step))
  if (delegation.status === "closed") return
  closeDelegation(step, delegation, payload.reason ?? "closed")
}

/** How a message leaves the queue. */
export type QueueExit = "dequeued" | "cancelled" | "steered"

/**
 * A delegation follows its message, which has its id, out of the queue: into the turn that took it, or that it becomes; one that is
 * cancelled is over, whatever became of the turn that it was meant for.
 */
export const followMessage = byRule(9, (step: Step, messageId: string, exit: QueueExit): void => {
  // Stryker disable next-line ConditionalExpression: it saves a look-up of what is not open
  const delegation = step.state.open.delegations === 0 ? null : step.find("delegations", messageId)
  if (delegation === null || delegation.status === "closed") return
  if (exit === "cancelled") return closeDelegation(step, { ...delegation, turnId: null }, MESSAGE_CANCELLED)
  if (exit === "dequeued") return step.putDelegation({ ...delegation, turnId: null })
  const turnId = turnOf(step, step.event.turnId)?.turnId ?? delegation.turnId
  const taken = { ...delegation, turnId }
  if (isFinal(step, turnId)) return closeDelegation(step, taken, "turn-ended")
  step.putDelegation(taken)
})

/** The message that a delegation became names it: the turn of the message works on it. */
export const linkDelegation = byRule(9, (step: Step, turn: TurnRow | null): void => {
  const delegation = delegationOf(step)
  if (delegation === null || delegation.turnId !== null || turn === null || delegation.status === "closed") return
  step.putDelegation({ ...delegation, nativeTurnId: null, turnId: turn.turnId })
  if (turn.settled === 1) closeDelegationsOfTurn(step, turn.turnId)
})
