/**
 * The *fold* kind of invariants: what must be true of the open state after every step. Checked in every step, so each
 * of them looks at open rows only.
 */
import type { FoldState } from "../state/FoldState.js"
import { hasEnded, isActive } from "../state/lifecycle.js"
import type { StateInvariant } from "./Invariant.js"

const none = (object: object): boolean => {
  for (const _key in object) return false
  return true
}

export const stateInvariants: readonly StateInvariant[] = [
  {
    id: "fold.inactive-session-has-no-active-turn",
    kind: "fold",
    severity: "error",
    text: "A session that is ready, interrupted, stopped or in error holds no active turn.",
    violation: ({ active, session }) =>
      session !== null && !isActive(session.status) && (session.activeTurnId !== null || active !== null)
        ? `session ${session.sessionId} is ${session.status} and holds turn ${session.activeTurnId ?? active?.turnId}`
        : null,
  },
  {
    id: "fold.pointer-names-the-running-turn",
    kind: "fold",
    severity: "error",
    text: "The session's pointer names exactly the turn that runs.",
    violation: ({ active, session }) =>
      (session?.activeTurnId ?? null) === (active?.turnId ?? null)
        ? null
        : `the session points at ${session?.activeTurnId ?? "no turn"}, ${active?.turnId ?? "no turn"} runs`,
  },
  {
    id: "fold.active-turn-runs",
    kind: "fold",
    severity: "error",
    text: "The active turn has the status running and belongs to the current session.",
    violation: ({ active, session }) =>
      active !== null && (active.status !== "running" || active.sessionId !== session?.sessionId)
        ? `turn ${active.turnId} is ${active.status} in session ${active.sessionId}`
        : null,
  },
  {
    id: "fold.requested-turns-wait",
    kind: "fold",
    severity: "error",
    text: "A requested turn has not started and has no outcome.",
    violation: ({ requested }) => {
      const odd = requested.find((turn) => turn.status !== "requested" || turn.outcome !== null)
      return odd === undefined ? null : `turn ${odd.turnId} is ${odd.status}`
    },
  },
  {
    id: "fold.open-items-belong-to-the-running-turn",
    kind: "fold",
    severity: "error",
    text: "An open item belongs to the running turn, or to none.",
    violation: ({ active, items }) => {
      for (const id in items) {
        const item = items[id]
        if (item !== undefined && item.turnId !== null && item.turnId !== active?.turnId) {
          return `item ${id} is open in turn ${item.turnId}`
        }
      }
      return null
    },
  },
  {
    id: "fold.open-requests-belong-to-the-living-session",
    kind: "fold",
    severity: "error",
    text: "A request that waits belongs to the session that lives.",
    violation: ({ requests, session }) => {
      for (const id in requests) {
        const sessionId = requests[id]?.sessionId ?? null
        if (sessionId !== null && sessionId !== session?.sessionId) return `request ${id} waits in session ${sessionId}`
      }
      return null
    },
  },
  {
    id: "fold.running-inferences-belong-to-an-open-turn",
    kind: "fold",
    severity: "error",
    text: "A running inference attempt belongs to a turn that is open, or to none.",
    violation: ({ active, inferences, requested }) => {
      for (const id in inferences) {
        const turnId = inferences[id]?.turnId ?? null
        if (turnId !== null && turnId !== active?.turnId && !requested.some((turn) => turn.turnId === turnId)) {
          return `inference ${id} runs in turn ${turnId}`
        }
      }
      return null
    },
  },
  {
    id: "fold.ended-session-holds-nothing",
    kind: "fold",
    severity: "error",
    text: "An ended session holds no running turn, item, request, inference, task or voice run.",
    violation: ({ active, inferences, items, pendingRealtime, realtime, requests, session, tasks }) =>
      session !== null &&
      hasEnded(session) &&
      (active !== null ||
        !none(items) ||
        !none(requests) ||
        !none(inferences) ||
        !none(tasks) ||
        realtime !== null ||
        pendingRealtime.length > 0)
        ? `session ${session.sessionId} ended and something of it is still open`
        : null,
  },
  {
    id: "fold.voice-run-is-started-once",
    kind: "fold",
    severity: "error",
    text: "The live voice run has the status started, pending ones the status requested.",
    violation: ({ pendingRealtime, realtime }) =>
      (realtime !== null && realtime.status !== "started") || pendingRealtime.some((run) => run.status !== "requested")
        ? `voice run ${realtime?.realtimeId ?? pendingRealtime[0]?.realtimeId} has the wrong status`
        : null,
  },
]

/** The first broken invariant of a state as one line, or null. */
export const brokenStateInvariant = (state: FoldState): string | null => {
  for (const invariant of stateInvariants) {
    const violation = invariant.violation(state)
    if (violation !== null) return `${invariant.id}: ${violation}`
  }
  return null
}
