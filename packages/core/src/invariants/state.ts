/**
 * The *fold* kind of invariants: what must be true of the open state after every step. They are checked in every step, so each
 * reads only the rows that the step wrote, the open rows of the turns that it ended, and counts.
 */
import { openItemsOf, runningInferencesOf } from "../fold/openRows.js"
import type { Step } from "../fold/Step.js"
import { hasEnded, isActive, isCarried } from "../state/lifecycle.js"
import type { StateInvariant } from "./Invariant.js"

/** A row of a turn. */
interface OfTurn {
  readonly turnId: string | null
}

/** The first of the rows that are open in a turn that is not, or null. */
const misplaced = <R extends OfTurn>(
  step: Step,
  written: Iterable<R>,
  isOpen: (row: R) => boolean,
  isPlace: (turnId: string) => boolean,
  openOf: (step: Step, turnId: string) => readonly R[],
): R | null => {
  for (const row of written) if (isOpen(row) && row.turnId !== null && !isPlace(row.turnId)) return row
  for (const turn of step.seen.written("turns")) {
    const [left] = turn.status === "ended" ? openOf(step, turn.turnId) : []
    if (left !== undefined) return left
  }
  return null
}

const isRunning = ({ state }: Step, turnId: string): boolean => state.active?.turnId === turnId

/** Whether a turn has not ended: it runs, or waits to start. */
const isOpenTurn = (step: Step, turnId: string): boolean =>
  isRunning(step, turnId) || step.state.requested.some((turn) => turn.turnId === turnId)

export const stateInvariants: readonly StateInvariant[] = [
  {
    id: "fold.inactive-session-has-no-active-turn",
    kind: "fold",
    severity: "error",
    text: "A session that is ready, interrupted, stopped or in error holds no active turn.",
    violation: ({ state: { active, session } }) =>
      session !== null && !isActive(session.status) && (session.activeTurnId !== null || active !== null)
        ? `session ${session.sessionId} is ${session.status} and holds turn ${session.activeTurnId ?? active?.turnId}`
        : null,
  },
  {
    id: "fold.pointer-names-the-running-turn",
    kind: "fold",
    severity: "error",
    text: "The session's pointer names exactly the turn that runs.",
    violation: ({ state: { active, session } }) =>
      (session?.activeTurnId ?? null) === (active?.turnId ?? null)
        ? null
        : `the session points at ${session?.activeTurnId ?? "no turn"}, ${active?.turnId ?? "no turn"} runs`,
  },
  {
    id: "fold.active-turn-runs",
    kind: "fold",
    severity: "error",
    text: "The active turn has the status running and belongs to the current session.",
    violation: ({ state: { active, session } }) =>
      active !== null && (active.status !== "running" || active.sessionId !== session?.sessionId)
        ? `turn ${active.turnId} is ${active.status} in session ${active.sessionId}`
        : null,
  },
  {
    id: "fold.requested-turns-wait",
    kind: "fold",
    severity: "error",
    text: "A requested turn has not started and has no outcome.",
    violation: ({ state: { requested } }) => {
      const odd = requested.find((turn) => turn.status !== "requested" || turn.outcome !== null)
      return odd === undefined ? null : `turn ${odd.turnId} is ${odd.status}`
    },
  },
  {
    id: "fold.open-items-belong-to-the-running-turn",
    kind: "fold",
    severity: "error",
    text: "An open item belongs to the running turn, to none, or is work after the end of its turn.",
    violation: (step) => {
      const { open } = step.state
      const item = misplaced(
        step,
        step.seen.written("items"),
        ({ afterEnd, status }) => status === "open" && afterEnd === 0,
        (turnId) => isRunning(step, turnId),
        (of, turnId) =>
          open.items === open.afterEnd ? [] : openItemsOf(of, turnId).filter(({ afterEnd }) => afterEnd === 0),
      )
      if (item !== null) return `item ${item.itemId} is open in turn ${item.turnId}`
      for (const { afterEnd, itemId, status, turnId } of step.seen.written("items")) {
        const runs = turnId === null || isRunning(step, turnId)
        if (status === "open" && afterEnd === 1 && runs) return `item ${itemId} is work after the end of what runs`
      }
      return null
    },
  },
  {
    id: "fold.open-requests-belong-to-the-living-session",
    kind: "fold",
    severity: "error",
    text: "A request that waits belongs to the session that lives.",
    violation: ({ seen, state: { session } }) => {
      for (const { requestId, sessionId, status } of seen.written("requests")) {
        const waits = status === "open" || status === "answering"
        if (waits && sessionId !== null && sessionId !== session?.sessionId) {
          return `request ${requestId} waits in session ${sessionId}`
        }
      }
      return null
    },
  },
  {
    id: "fold.running-inferences-belong-to-an-open-turn",
    kind: "fold",
    severity: "error",
    text: "A running inference attempt belongs to a turn that is open, or to none.",
    violation: (step) => {
      const attempt = misplaced(
        step,
        step.seen.written("inferences"),
        ({ status }) => status === "running",
        (turnId) => isOpenTurn(step, turnId),
        runningInferencesOf,
      )
      return attempt === null ? null : `inference ${attempt.inferenceId} runs in turn ${attempt.turnId}`
    },
  },
  {
    id: "fold.ended-session-holds-nothing",
    kind: "fold",
    severity: "error",
    text: "An ended session holds no running turn, item, request, inference, task or voice run of its own.",
    violation: ({ state: { active, open, pendingRealtime, realtime, session } }) =>
      session !== null &&
      hasEnded(session) &&
      (active !== null ||
        open.items + open.requests + open.inferences + open.tasks > 0 ||
        [realtime, ...pendingRealtime].some((run) => run !== null && isCarried(run)))
        ? `session ${session.sessionId} ended and something of it is still open`
        : null,
  },
  {
    id: "fold.counts-are-possible",
    kind: "fold",
    severity: "error",
    text: "No count of open rows is below zero, and what is at hand is part of what is counted.",
    violation: ({ state: { open, recentItems } }) => {
      const least = Math.min(...Object.values(open))
      if (least < 0) return `a count is ${least}`
      return recentItems.length > open.items ? `${recentItems.length} of ${open.items} open items are at hand` : null
    },
  },
  {
    id: "fold.voice-run-is-started-once",
    kind: "fold",
    severity: "error",
    text: "The live voice run has the status started, pending ones the status requested.",
    violation: ({ state: { pendingRealtime, realtime } }) =>
      (realtime !== null && realtime.status !== "started") || pendingRealtime.some((run) => run.status !== "requested")
        ? `voice run ${realtime?.realtimeId ?? pendingRealtime[0]?.realtimeId} has the wrong status`
        : null,
  },
]

/** The first invariant that the state of a step breaks, as one line, or null. */
export const brokenStateInvariant = (step: Step): string | null => {
  for (const invariant of stateInvariants) {
    const violation = invariant.violation(step)
    if (violation !== null) return `${invariant.id}: ${violation}`
  }
  return null
}
