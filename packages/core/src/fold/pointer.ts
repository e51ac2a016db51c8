/**
 * Rule 1: only an active session can hold an active turn. Every change of a session's status goes through
 * {@link moveSession}, the one function that clears the pointer, and every end of a session through {@link endSession}.
 */

import type { Evidence, SessionRow, SessionStatus, TurnOutcome } from "@threadfold/contracts"
import { hasEnded, isActive, livingSession } from "../state/lifecycle.js"
import { byRule } from "./byRule.js"
import {
  closeDelegationsOfSession,
  closeInferencesOfSession,
  endRealtimeOfSession,
  endTasks,
  expireRequests,
  interruptAfterEnd,
  interruptOpenItems,
} from "./closures.js"
import { holdQueue } from "./queue.js"
import type { Step } from "./Step.js"
import { endTurn, settleProvisional } from "./turnEnd.js"

/** The inferred outcome of a turn whose session becomes inactive (rule 2). */
export const inferredOutcome = (status: SessionStatus): TurnOutcome => {
  switch (status) {
    case "interrupted":
    case "stopped":
      return "interrupted"
    case "error":
      return "failed"
    default:
      return "unknown"
  }
}

/**
 * Moves the current session to a status. An inactive one ends the running turn, inferred, and clears the pointer; a
 * turn that waits to start keeps the session `starting` through a `ready`.
 */
export const moveSession = byRule(1, (step: Step, status: SessionStatus, fields: Partial<SessionRow> = {}): void => {
  const active = step.state.active
  if (!isActive(status) && active !== null) {
    endTurn(step, active, { outcome: inferredOutcome(status), cause: `session-${status}`, evidence: "inferred" })
  }
  const session = step.state.session
  // Stryker disable next-line ConditionalExpression: a turn runs in a session
  if (session === null) return
  const { waiting } = step
  const over = hasEnded(session) || (fields.endedAt ?? null) !== null
  step.putSession({
    ...session,
    ...fields,
    status: status === "ready" && waiting.length > 0 && !over ? "starting" : status,
    activeTurnId: step.state.active?.turnId ?? null,
    pendingTurnId: over ? null : (waiting[0]?.turnId ?? null),
  })
})

/** After a requested turn ended without running: a session that was `starting` only for such turns is `ready` again. */
export const leaveStarting = (step: Step, fields: Partial<SessionRow> = {}): void => {
  const session = livingSession(step.state)
  if (session === null) return
  moveSession(step, session.status === "starting" ? "ready" : session.status, fields)
}

/** How and why a session ends. */
export interface SessionEnd {
  readonly status: "stopped" | "error"
  /** Short token, for example `replaced`, `exit code=0`, `lease-lapsed`. */
  readonly cause: string
  readonly evidence: Evidence
  readonly code?: number | null
  readonly signal?: string | null
  readonly message?: string | null
}

/**
 * Ends the current session: its requests expire, its turn ends, its voice run closes, its tasks and model calls end. Turns that
 * were not delivered yet stay and start in the next session; delivered and unanswered ones become uncertain. The turns of a
 * recorded session are settled with it.
 */
export const endSession = byRule(1, (step: Step, end: SessionEnd): void => {
  const session = livingSession(step.state)
  if (session === null) return
  expireRequests(step, `session-${end.status}`)
  // Nothing follows the end of a recorded session, so its inferred ends are final.
  const final = session.mode === "imported"
  if (final) settleProvisional(step)
  const active = step.state.active
  if (active !== null) {
    endTurn(step, active, { outcome: inferredOutcome(end.status), cause: end.cause, evidence: "inferred", final })
  }
  leaveRequestedTurns(step, session, end)
  interruptOpenItems(step, null, "session-ended")
  interruptAfterEnd(step, "session-ended")
  closeInferencesOfSession(step)
  endRealtimeOfSession(step)
  endTasks(step, "session-ended")
  closeDelegationsOfSession(step)
  step.state.provisional = null
  step.state.elsewhere = null
  holdQueue(step)
  moveSession(step, end.status, {
    cause: end.cause,
    evidence: end.evidence,
    endedAt: step.at,
    code: end.code ?? null,
    signal: end.signal ?? null,
    lastError: end.message ?? session.lastError,
  })
})

/** Rule 2 on requested turns whose session ends. Uncertain ones belong to a session that ended before. */
const leaveRequestedTurns = byRule(2, (step: Step, session: SessionRow, end: SessionEnd): void => {
  for (const turn of step.waiting) {
    if (end.status === "error") {
      endTurn(step, turn, { outcome: "failed", cause: "start-failed", evidence: "inferred" })
      continue
    }
    if (turn.handedOver === 0) continue
    if (turn.nativeTurnId !== null) {
      // The provider had accepted it: its work on it ended with the session.
      endTurn(step, turn, { outcome: "interrupted", cause: end.cause, evidence: "inferred" })
    } else if (session.mode === "imported") {
      // A recorded turn is never delivered by a later session, so its outcome stays unknown.
      endTurn(step, turn, { outcome: "unknown", cause: "recording-ended", evidence: "inferred" })
    } else {
      step.putTurn({ ...turn, uncertain: 1 })
    }
  }
})
