/**
 * Rule 6: requests that the provider resolves without saying how. Several clients may answer one agent, so such an event in a
 * running turn means that another client decided. But agents send the same event when they clear up at the end of a turn. The
 * turn's next event shows which of the two it was.
 */

import { type EventType, elsewhereLimit, type RequestRow, type TurnOutcome } from "@threadfold/contracts"
import { byRule } from "./byRule.js"
import type { Step } from "./Step.js"

/** The value of `decidedBy` for a request that the provider resolved without a decision. */
export const ELSEWHERE = "elsewhere"

const resolves: ReadonlySet<string> = new Set<EventType>(["request.resolved", "user-input.resolved"])

/** Takes an open request as decided by another client. */
export const elsewhere = byRule(6, (step: Step, request: RequestRow, turnId: string): void => {
  step.putRequest({
    ...request,
    status: "answered",
    decidedBy: ELSEWHERE,
    cause: "answered",
    evidence: "inferred",
    endedAt: step.at,
  })
  const earlier = step.state.elsewhere
  const requestIds = earlier?.turnId === turnId ? earlier.requestIds : []
  step.state.elsewhere = { turnId, requestIds: [...requestIds.slice(1 - elsewhereLimit), request.requestId] }
})

/** Runs before the rules of every event: the session's next event about a turn decides the case. */
export const takeElsewhere = (step: Step): void => {
  const { elsewhere } = step.state
  const { turnId, type } = step.event
  if (elsewhere === null || turnId === null || step.relation !== "current") return
  const isSame = turnId === elsewhere.turnId
  if (isSame && resolves.has(type)) return
  step.state.elsewhere = null
  if (isSame) step.decidedElsewhere = elsewhere.requestIds
}

/** The next event is the turn's terminal: one other than `completed` means that the agent was clearing up. */
export const cancelElsewhere = byRule(6, (step: Step, outcome: TurnOutcome): void => {
  if (outcome === "completed") return
  for (const requestId of step.decidedElsewhere) {
    const request = step.find("requests", requestId)
    // Stryker disable next-line ConditionalExpression: these requests have rows
    if (request === null) continue
    step.putRequest({
      ...request,
      status: "cancelled",
      decidedBy: null,
      cause: "turn-ended",
      evidence: "inferred",
      endedAt: step.at,
    })
  }
})
