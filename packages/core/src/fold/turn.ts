/** Rules 2 and 3: a turn's row, the events about it, and its end. */

import {
  type PayloadOf,
  type ProviderError,
  strengthOf,
  type TokenCounts,
  type TurnOutcome,
  type TurnRow,
} from "@threadfold/contracts"
import { closeDelegationsOfUnseen, interruptAfterEnd } from "./closures.js"
import { endsAtOnce, interruptRequested } from "./earlyEnd.js"
import { cancelElsewhere } from "./elsewhere.js"
import { turnOf } from "./openRows.js"
import { leaveStarting, moveSession } from "./pointer.js"
import { eventSession, refuseStale, type Step } from "./Step.js"
import { nativeTurnSubject, turnSubject } from "./subjects.js"
import { endTurn, settleTurn } from "./turnEnd.js"
import { usageOfTerminal } from "./usage.js"

/**
 * Whether late events of a turn that has ended still apply: its end is inferred, and they come from its session, which lives
 * (rule 2). Whether what follows from the end waits is another rule: `turnPhase` of the workflow.
 */
export const takesLateEvents = (step: Step, turn: TurnRow): boolean =>
  turn.evidence === "inferred" && step.relation === "current" && turn.sessionId === step.event.sessionId

/**
 * A terminal of a turn, of either type (rules 2 and 3): it ends the turn that it names, and only the first observed one counts.
 */
const turnTerminal = (
  step: Step,
  outcome: TurnOutcome,
  cause: string,
  said: { readonly error?: ProviderError | null | undefined; readonly usage?: TokenCounts | null | undefined } = {},
): void => {
  const { event, state } = step
  const native = event.native?.turnId
  if (event.turnId === null) {
    if (native === undefined) step.note("turn-terminal-untargeted", eventSession(step))
    else {
      step.note("turn-terminal-unknown", nativeTurnSubject(native, event.sessionId), strengthOf(native))
      closeDelegationsOfUnseen(step, native)
    }
    return
  }
  const turn = turnOf(step, event.turnId)
  const subject = turnSubject(event.turnId)
  if (turn === null) return step.note("turn-unknown", subject)
  if (turn.evidence === "observed") return step.note("turn-terminal-duplicate", subject)
  if (turn.sessionId !== event.sessionId && event.sessionId !== null) return step.note("session-stale", subject)
  cancelElsewhere(step, outcome)
  const wasActive = state.active?.turnId === turn.turnId
  const usage = said.usage ?? null
  endTurn(step, turn, {
    outcome,
    cause,
    evidence: "observed",
    error: said.error ?? null,
    fields: usage === null ? {} : { usage: usageOfTerminal(step, turn, usage) },
  })
  if (wasActive) {
    moveSession(step, "ready")
  } else if (turn.status === "requested") {
    leaveStarting(step)
  }
}

/** `turn.completed`. */
export const turnCompleted = (step: Step, payload: PayloadOf<"turn.completed">): void =>
  turnTerminal(step, payload.outcome, "provider", payload)

/** `turn.aborted`. */
export const turnAborted = (step: Step, payload: PayloadOf<"turn.aborted">): void =>
  turnTerminal(step, "interrupted", payload.reason ?? "aborted")

/** `turn.settled`: an inferred end is now taken as the end; what waited for it may follow. */
export const turnSettled = (step: Step): void => {
  const turn = turnOf(step, step.event.turnId)
  if (turn === null || turn.status !== "ended") return step.note("turn-unknown", turnSubject(step.event.turnId ?? "-"))
  settleTurn(step, turn)
}

/** `turn.after-end-settled`: no more events came about work after the turn's end, so that work ends (rule 5). */
export const turnAfterEndSettled = (step: Step): void => {
  const turn = turnOf(step, step.event.turnId)
  if (turn === null) return step.note("turn-unknown", turnSubject(step.event.turnId ?? "-"))
  interruptAfterEnd(step, "after-end-settled", turn.turnId)
}

/** `turn.stalled`: only shown; any later event of the turn removes the mark. */
export const turnStalled = (step: Step): void => {
  const active = step.state.active
  if (active === null || active.turnId !== step.event.turnId) {
    return step.note("turn-unknown", turnSubject(step.event.turnId ?? "-"))
  }
  step.putTurn({ ...active, stalled: 1 })
}

/**
 * `turn.interrupt-requested`: recorded; the provider's terminal ends the turn. A turn that has not started is cancelled at once:
 * its start, and with it a terminal, may never come (rule 2).
 */
export const turnInterruptRequested = (step: Step, payload: PayloadOf<"turn.interrupt-requested">): void => {
  const turn = turnOf(step, step.event.turnId)
  if (turn === null || turn.status === "ended") return
  const asked = { ...turn, interruptRequestedAt: step.at }
  if (endsAtOnce(step, turn, payload.underWay === true)) return interruptRequested(step, asked)
  step.putTurn(asked)
}

const onOpenTurn = (step: Step, change: (turn: TurnRow) => TurnRow): void => {
  const { event } = step
  const turn = turnOf(step, event.turnId)
  if (turn === null) {
    const native = event.native?.turnId
    return step.note(
      "turn-unknown",
      native === undefined ? eventSession(step) : nativeTurnSubject(native, event.sessionId),
    )
  }
  if (turn.status !== "ended" || takesLateEvents(step, turn)) step.putTurn(change(turn))
}

/** `turn.diff.updated`. */
export const turnDiffUpdated = (step: Step, payload: PayloadOf<"turn.diff.updated">): void =>
  onOpenTurn(step, (turn) => ({ ...turn, diff: payload.diff }))

/** `turn.proposed.completed`. */
export const turnProposedCompleted = (step: Step, payload: PayloadOf<"turn.proposed.completed">): void =>
  onOpenTurn(step, (turn) => ({ ...turn, proposal: payload.text }))

/** `turn.plan.updated`: the thread's to-do list, whole. */
export const turnPlanUpdated = (step: Step, payload: PayloadOf<"turn.plan.updated">): void => {
  if (refuseStale(step)) return
  step.keepHeavy({ plan: { explanation: payload.explanation ?? null, steps: payload.steps } })
}
