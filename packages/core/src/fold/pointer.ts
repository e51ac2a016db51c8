/**
 * Rule 1: only an active session can hold an active turn. Every change of a session's status goes through
 * {@link moveSession}, the one function that clears the pointer, and every end of a session through {@link endSession}.
 */
import type { Evidence, SessionRow, SessionStatus, TurnOutcome } from "@threadfold/contracts"
import { hasEnded, isActive } from "../state/lifecycle.js"
import {
  closeDelegationsOfSession,
  closeInferencesOutsideTurns,
  endRealtimeOfSession,
  endTasks,
  expireRequests,
  interruptOpenItems,
} from "./closures.js"
import type { Step } from "./Step.js"
import { endTurn } from "./turnEnd.js"

/** What a turn's end is taken for when its session turns inactive under it (rule 2). */
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
export const moveSession = (
  step: Step,
  status: SessionStatus,
  cause: string,
  fields: Partial<SessionRow> = {},
): void => {
  const active = step.state.active
  if (!isActive(status) && active !== null) {
    endTurn(step, active, { outcome: inferredOutcome(status), cause, evidence: "inferred" })
  }
  const session = step.state.session
  if (session === null) return
  const waiting = status === "ready" && step.state.requested.length > 0 && !hasEnded(session)
  step.putSession({
    ...session,
    ...fields,
    status: waiting ? "starting" : status,
    activeTurnId: step.state.active?.turnId ?? null,
    pendingTurnId: step.state.requested[0]?.turnId ?? null,
  })
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
 * Ends the current session: nobody can answer its requests, its turn is over, its voice run closes, its tasks and
 * model calls end. Turns that were not handed over yet survive and start in the next session; handed over and
 * unanswered they are uncertain.
 */
export const endSession = (step: Step, end: SessionEnd): void => {
  const session = step.state.session
  if (session === null || hasEnded(session)) return
  expireRequests(step, `session-${end.status}`)
  const active = step.state.active
  if (active !== null) {
    endTurn(step, active, { outcome: inferredOutcome(end.status), cause: end.cause, evidence: "inferred" })
  }
  interruptOpenItems(step, null, "session-ended")
  closeInferencesOutsideTurns(step)
  endRealtimeOfSession(step)
  endTasks(step, "session-ended")
  leaveRequestedTurns(step, session, end)
  closeDelegationsOfSession(step)
  step.state.provisional = null
  moveSession(step, end.status, end.cause, {
    cause: end.cause,
    evidence: end.evidence,
    endedAt: step.at,
    code: end.code ?? null,
    signal: end.signal ?? null,
    lastError: end.message ?? step.state.session?.lastError ?? null,
  })
}

/** Rule 2 on requested turns whose session ends. */
const leaveRequestedTurns = (step: Step, session: SessionRow, end: SessionEnd): void => {
  for (const turn of step.state.requested) {
    if (turn.sessionId !== session.sessionId || turn.handedOver === 0) continue
    if (end.status === "error") {
      endTurn(step, turn, { outcome: "failed", cause: "start-failed", evidence: "inferred" })
    } else if (turn.nativeTurnId !== null) {
      // The provider had accepted it: whatever it made of it ended with the session.
      endTurn(step, turn, { outcome: "interrupted", cause: end.cause, evidence: "inferred" })
    } else if (session.mode === "imported") {
      // No later session can hand over what is only recorded, so nobody will ever resolve the doubt.
      endTurn(step, turn, { outcome: "unknown", cause: "recording-ended", evidence: "inferred" })
    } else {
      step.putTurn({ ...turn, uncertain: 1 })
    }
  }
}
