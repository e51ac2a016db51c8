/** What the end of a turn or a session closes: one function per kind of row, used by every path that ends something. */

import type {
  DelegationRow,
  Evidence,
  ItemRow,
  RealtimeCloseReason,
  RealtimeRunRow,
  TurnOutcome,
  TurnRow,
} from "@threadfold/contracts"
import { isCarried } from "../state/lifecycle.js"
import { byRule } from "./byRule.js"
import {
  openAfterEndItems,
  openDelegationsFor,
  openDelegationsOf,
  openItemsOf,
  openRequests,
  openRequestsOf,
  runningInferences,
  runningInferencesOf,
  runningTasks,
} from "./openRows.js"
import type { Step } from "./Step.js"

/** Cause of an attempt that the observed end of its turn closed. */
const INFERENCE_TURN_ENDED = "turn-ended"
/** Cause of an attempt that an inferred end closed: its own terminal may still replace that, once (rule 7). */
export const INFERENCE_TURN_ENDED_INFERRED = "turn-ended-inferred"
/** Cause of an item that went on in the background when its turn completed (rule 5). */
export const ITEM_BACKGROUNDED = "backgrounded"

/** Rule 5: closes the open items of a turn (null: those outside any turn), keeping their partial text. */
export const interruptOpenItems = byRule(5, (step: Step, turnId: string | null, cause: string): void => {
  for (const item of openItemsOf(step, turnId)) {
    step.putItem({ ...item, status: "interrupted", cause, evidence: "inferred", endedAt: step.at })
  }
})

/**
 * Rule 5: closes work that the agent does after its turn's end: of one turn, or of every turn of the thread. The caller knows
 * that none of it goes on.
 */
export const interruptAfterEnd = byRule(5, (step: Step, cause: string, turnId: string | null = null): void => {
  for (const item of turnId === null ? openAfterEndItems(step) : openItemsOf(step, turnId)) {
    if (item.afterEnd === 0) continue
    step.putItem({ ...item, status: "interrupted", cause, evidence: "inferred", endedAt: step.at })
  }
})

/**
 * Rule 5: commands that still run when their turn completes become tasks. The task has the item's id: it is a UUIDv7
 * already, and an item grows into one task at the most.
 */
export const backgroundCommands = byRule(5, (step: Step, commands: readonly ItemRow[], turn: TurnRow): void => {
  for (const item of commands) {
    step.putItem({
      ...item,
      status: "completed",
      cause: ITEM_BACKGROUNDED,
      evidence: "inferred",
      endedAt: step.at,
    })
    step.putTask({
      taskId: item.itemId,
      threadId: step.threadId,
      sessionId: item.sessionId,
      turnId: turn.turnId,
      itemId: item.itemId,
      nativeTaskId: null,
      kind: "command",
      title: item.title,
      processId: item.processId,
      status: "running",
      outcome: null,
      cause: null,
      evidence: null,
      startedAt: item.startedAt,
      endedAt: null,
      sequence: step.sequence,
    })
  }
})

/** Rule 6: the turn's end cancels what it still asked. */
export const cancelRequestsOfTurn = byRule(6, (step: Step, turnId: string): void => {
  for (const request of openRequestsOf(step, turnId)) {
    step.putRequest({ ...request, status: "cancelled", cause: "turn-ended", evidence: "inferred", endedAt: step.at })
  }
})

/** Rule 6: the session's end expires them all; it is applied before the turn's end, because session beats turn. */
export const expireRequests = byRule(6, (step: Step, cause: string): void => {
  for (const request of openRequests(step)) {
    step.putRequest({ ...request, status: "expired", cause, evidence: "inferred", endedAt: step.at })
  }
})

/** How an attempt ends with its turn: a failed turn fails it, every other end cancels it (rule 7). */
export const endWithTurn = (outcome: TurnOutcome | null, evidence: Evidence | null) =>
  ({
    status: outcome === "failed" ? "failed" : "cancelled",
    cause: evidence === "observed" ? INFERENCE_TURN_ENDED : INFERENCE_TURN_ENDED_INFERRED,
  }) as const

/** How an attempt ends with its session. It was not cancelled. */
export const endWithSession = { status: "aborted", cause: "session-ended" } as const

/** Rule 7: closes the attempts of a turn that still run. */
export const closeInferencesOfTurn = byRule(
  7,
  (step: Step, turnId: string, outcome: TurnOutcome, evidence: Evidence): void => {
    for (const attempt of runningInferencesOf(step, turnId)) {
      step.putInference({ ...attempt, ...endWithTurn(outcome, evidence), evidence: "inferred", endedAt: step.at })
    }
  },
)

/**
 * The session's end aborts the attempts that the ends of its turns have left: those without a turn, such as titles and summaries,
 * and those of a turn that never ran.
 */
export const closeInferencesOfSession = byRule(7, (step: Step): void => {
  for (const attempt of runningInferences(step)) {
    step.putInference({ ...attempt, ...endWithSession, evidence: "inferred", endedAt: step.at })
  }
})

/**
 * Rule 8, the one path on which a live voice run closes, once, for every reason. Nothing applies to it afterwards, because it has
 * left the open state.
 */
export const closeRealtime = byRule(
  8,
  (step: Step, run: RealtimeRunRow, reason: RealtimeCloseReason, evidence: Evidence): void => {
    step.putRealtime({ ...run, status: "closed", reason, evidence, endedAt: step.at })
  },
)

/** Rule 8: a pending start fails. It gets no close, because it never started. */
export const failPendingRealtime = byRule(
  8,
  (step: Step, run: RealtimeRunRow, message: string, evidence: Evidence): void => {
    step.putRealtime({ ...run, status: "failed", lastError: message, evidence, endedAt: step.at })
  },
)

/** Rule 8: a voice run ends with the session that carries it. One that no session carries goes on: it has a transport of its own. */
export const endRealtimeOfSession = byRule(8, (step: Step): void => {
  for (const run of step.state.pendingRealtime.filter(isCarried)) {
    failPendingRealtime(step, run, "the session ended", "inferred")
  }
  const live = step.state.realtime
  if (live !== null && isCarried(live)) closeRealtime(step, live, "session_ended", "inferred")
})

/** Rule 9: closes a delegation. It waits for no turn any more. */
export const closeDelegation = byRule(9, (step: Step, delegation: DelegationRow, cause: string): void => {
  step.putDelegation({ ...delegation, nativeTurnId: null, status: "closed", cause, endedAt: step.at })
})

/** Rule 9: links delegations to a turn that they named before it was seen. Called before anything that may end the turn. */
export const linkDelegationsOfTurn = byRule(9, (step: Step, { nativeTurnId, sessionId, turnId }: TurnRow): void => {
  if (nativeTurnId === null) return
  for (const delegation of openDelegationsFor(step, nativeTurnId, sessionId)) {
    step.putDelegation({ ...delegation, nativeTurnId: null, turnId })
  }
})

/** Rule 9: any final end of its turn closes a delegation. One whose message still waits in the queue goes with that. */
export const closeDelegationsOfTurn = byRule(9, (step: Step, turnId: string): void => {
  for (const delegation of openDelegationsOf(step, turnId)) {
    if (!step.state.queue.includes(delegation.delegationId)) closeDelegation(step, delegation, "turn-ended")
  }
})

/** Rule 9: the end of a turn that was never seen to start closes the delegations that named it: a later start does not count. */
export const closeDelegationsOfUnseen = byRule(9, (step: Step, nativeTurnId: string): void => {
  for (const delegation of openDelegationsFor(step, nativeTurnId, step.event.sessionId)) {
    closeDelegation(step, delegation, "turn-ended")
  }
})

/** Rule 9: delegations without a turn end with the session; the others wait for the final end of their turn. */
export const closeDelegationsOfSession = byRule(9, (step: Step): void => {
  for (const delegation of openDelegationsOf(step, null)) closeDelegation(step, delegation, "session-ended")
})

/** Rule 5: background tasks end with their session. */
export const endTasks = byRule(5, (step: Step, cause: string): void => {
  for (const task of runningTasks(step)) {
    step.putTask({ ...task, status: "ended", outcome: "interrupted", cause, evidence: "inferred", endedAt: step.at })
  }
})
