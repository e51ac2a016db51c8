/** Rules 2 and 3: how a turn comes to run: it is requested, accepted or refused, and started. */

import { type PayloadOf, requestedTurnLimit, strengthOf, type TurnRow } from "@threadfold/contracts"
import { findNativeTurn, tombstoneOf } from "../resolve/lookup.js"
import { livingSession } from "../state/lifecycle.js"
import { byRule } from "./byRule.js"
import { interruptAfterEnd, linkDelegationsOfTurn } from "./closures.js"
import { linkDelegation } from "./delegation.js"
import { bindEarlyEnd, isEarlyStart, mayRunLate, startedEarly } from "./earlyEnd.js"
import { hearRequest } from "./firstWords.js"
import { turnOf } from "./openRows.js"
import { leaveStarting, moveSession } from "./pointer.js"
import { eventSession, refuseEnded, refuseStale, type Step } from "./Step.js"
import { nativeTurnSubject, turnSubject } from "./subjects.js"
import { forgetFailure, takeFailureBack } from "./thread.js"
import { endTurn } from "./turnEnd.js"

const blankTurn = (step: Step, turnId: string): TurnRow => ({
  turnId,
  threadId: step.threadId,
  sessionId: step.event.sessionId,
  ordinal: step.counted.turns + 1,
  nativeTurnId: null,
  clientId: null,
  callId: null,
  origin: "provider",
  status: "requested",
  outcome: null,
  cause: null,
  evidence: null,
  settled: 0,
  uncertain: 0,
  stalled: 0,
  rejoined: 0,
  handedOver: 0,
  interruptRequestedAt: null,
  steeredInto: null,
  supersededBy: null,
  error: null,
  usage: null,
  preview: null,
  items: 0,
  requestedAt: null,
  startedAt: null,
  endedAt: null,
  sequence: step.sequence,
})

/**
 * Rule 9: a delegation that went into another turn never becomes a turn of its own. Notes such an event; true where it was one.
 */
const refuseSteered = byRule(9, (step: Step, turnId: string): boolean => {
  const delegation = step.find("delegations", turnId)
  if (delegation === null || delegation.turnId === turnId) return false
  step.note("turn-conflict", turnSubject(turnId), "the id is that of a delegation that went into another turn")
  return true
})

const countTurn = byRule(16, (step: Step): void => {
  forgetFailure(step)
  step.amendThread((thread) => ({ ...thread, turns: thread.turns + 1 }))
})

/**
 * `turn.requested`: the turn exists before the provider is asked; a ready session is `starting` from now on. A turn that was
 * delivered to an ended session can neither start nor wait for the next session, so it is refused.
 */
export const turnRequested = (step: Step, payload: PayloadOf<"turn.requested">): void => {
  const { event, state } = step
  if (event.turnId === null) return step.note("turn-unknown", turnSubject("-"))
  if (turnOf(step, event.turnId) !== null) return step.note("turn-restarted", turnSubject(event.turnId))
  if (refuseSteered(step, event.turnId)) return
  const handedOver = payload.handedOver === true
  if (handedOver && refuseEnded(step)) return
  if (state.requested.length >= requestedTurnLimit) {
    return step.note("limit-reached", "requested-turns", `${requestedTurnLimit} have not started`)
  }
  step.putTurn({
    ...blankTurn(step, event.turnId),
    sessionId: step.relation === "current" ? event.sessionId : handedOver ? (state.session?.sessionId ?? null) : null,
    clientId: event.native?.clientId ?? null,
    callId: event.native?.callId ?? null,
    origin: payload.origin ?? (event.actor === "import" ? "import" : "client"),
    handedOver: handedOver ? 1 : 0,
    text: payload.text ?? null,
    parts: payload.parts ?? null,
    requestedAt: step.at,
  })
  linkDelegation(step, turnOf(step, event.turnId))
  countTurn(step)
  hearRequest(step, payload.text)
  waitToStart(step)
}

/** A turn waits to start: its session, where one lives, is `starting` unless it runs. */
const waitToStart = (step: Step): void => {
  const session = livingSession(step.state)
  if (session !== null) moveSession(step, session.status === "running" ? "running" : "starting")
}

/**
 * An event of an ended session about a requested turn ends the turn and its uncertainty: the provider's work on it ended with the
 * session.
 */
const wentWithItsSession = byRule(2, (step: Step, turn: TurnRow, cause: string): void => {
  const { native, sessionId } = step.event
  const said = native?.turnId ?? null
  // Stryker disable next-line ConditionalExpression: without a name there is nothing to bind, whatever has none either
  const bound = said === null ? null : findNativeTurn(step.state, step.rows, said, sessionId)
  const nativeTurnId = bound === null ? said : null
  endTurn(step, turn, {
    outcome: "interrupted",
    cause,
    evidence: "inferred",
    fields: { nativeTurnId, handedOver: 1, sessionId: sessionId ?? turn.sessionId },
  })
  leaveStarting(step)
})

/** `turn.accepted`: binds the provider's turn id; an id that another turn has means that the message steered that turn. */
export const turnAccepted = (step: Step): void => {
  const { event, state } = step
  const native = event.native?.turnId
  const unmatched = () => step.note("turn-accept-unmatched", nativeTurnSubject(native ?? "-", event.sessionId))
  if (native === undefined) return unmatched()
  const turn = state.requested.find((candidate) => candidate.turnId === event.turnId)
  if (turn === undefined) {
    const ended = turnOf(step, event.turnId)
    return ended !== null && bindEarlyEnd(step, ended, native) ? undefined : unmatched()
  }
  // The living session has accepted it.
  if (turn.nativeTurnId !== null && refuseStale(step)) return
  const bound = findNativeTurn(step.state, step.rows, native, event.sessionId)
  if (bound !== null && bound.turnId !== turn.turnId) {
    endTurn(step, turn, {
      outcome: "cancelled",
      cause: "steered",
      evidence: "observed",
      fields: { steeredInto: bound.turnId },
    })
    leaveStarting(step)
    return
  }
  if (step.relation === "ended" || step.relation === "stale") {
    return wentWithItsSession(step, turn, "accepted-before-exit")
  }
  const sessionId = event.sessionId ?? turn.sessionId
  if (tombstoneOf(step.rows, step.threadId, native, event.sessionId) !== null) {
    // Its end came before the answer that names it, so it will not start.
    const fields = { nativeTurnId: native, handedOver: 1, sessionId } as const
    endTurn(step, turn, {
      outcome: "unknown",
      cause: "ended-before-accepted",
      evidence: "inferred",
      final: true,
      fields,
    })
    leaveStarting(step)
    return
  }
  const accepted: TurnRow = { ...turn, nativeTurnId: native, handedOver: 1, sessionId, uncertain: 0 }
  step.putTurn(accepted)
  linkDelegationsOfTurn(step, accepted)
  // An uncertain turn waits to start again.
  if (turn.uncertain === 1) waitToStart(step)
}

/** `turn.start-failed`: the requested turn never ran. */
export const turnStartFailed = (step: Step, payload: PayloadOf<"turn.start-failed">): void => {
  const turn = turnOf(step, step.event.turnId)
  if (turn === null || turn.status !== "requested") {
    return step.note("turn-unknown", turnSubject(step.event.turnId ?? "-"))
  }
  endTurn(step, turn, { outcome: "failed", cause: "start-failed", evidence: "observed", error: payload.error })
  leaveStarting(step)
}

/** The fields of its end, cleared, once a turn turns out to run. */
const corrected: Partial<TurnRow> = {
  outcome: null,
  cause: null,
  evidence: null,
  error: null,
  settled: 0,
  endedAt: null,
}

/**
 * A turn of which only a whole item is known: it may be old, so it is taken as ended, inferred. Its own terminal replaces that
 * end, and a join may show that it runs.
 */
export const turnFromContent = byRule(5, (step: Step, turnId: string): TurnRow | null => {
  if (refuseSteered(step, turnId)) return null
  const nativeTurnId = step.event.native?.turnId ?? null
  const turn = endTurn(step, { ...blankTurn(step, turnId), nativeTurnId }, CONTENT_ONLY)
  countTurn(step)
  return turn
})

/** The end of a turn of which only content is known. Nothing waits for it, so it is settled. */
const CONTENT_ONLY = { outcome: "unknown", cause: "content-only", evidence: "inferred", final: true } as const

/**
 * Whether an ended turn may run again: a join shows a turn with a strong id whose end was only inferred (rule 2). An observed end
 * stays.
 */
const mayRunAgain = (turn: TurnRow, joined: boolean): boolean =>
  joined && turn.evidence === "inferred" && hasStrongName(turn)

const hasStrongName = ({ nativeTurnId }: TurnRow): boolean =>
  // Stryker disable next-line ConditionalExpression: no name is no strong one
  nativeTurnId !== null && strengthOf(nativeTurnId) === "strong"

/** The fields of a turn that a join shows to be running. */
const runsAgain: Partial<TurnRow> = { ...corrected, rejoined: 1, supersededBy: null }

/**
 * Opens or starts a turn if rule 3 allows it: at most one runs. Returns the running row, or null after noting why not.
 */
export const startTurn = byRule(
  3,
  (
    step: Step,
    turnId: string,
    options: { readonly supersedes: boolean; readonly synthetic: boolean; readonly joined?: boolean },
  ): TurnRow | null => {
    const { event, state } = step
    const subject = turnSubject(turnId)
    if (refuseEnded(step)) return null
    if (step.relation !== "current") {
      step.note("session-unknown", eventSession(step), event.type)
      return null
    }
    const known = turnOf(step, turnId)
    const isLate = known !== null && mayRunLate(step, known)
    const again = known !== null && !isLate && mayRunAgain(known, options.joined === true)
    if (known !== null && known.status !== "requested" && !isLate && !again) {
      if (isEarlyStart(step, known)) step.putTurn(startedEarly(step, known))
      // A join that reports what is known changes nothing.
      else if (known.status !== "running" || options.joined !== true) step.note("turn-restarted", subject)
      return null
    }
    // Stryker disable next-line ConditionalExpression: no turn has the id of a steered delegation, so a known one needs no look-up
    if (known === null && refuseSteered(step, turnId)) return null
    const native = known?.nativeTurnId ?? event.native?.turnId ?? null
    if (native !== null && (findNativeTurn(state, step.rows, native, event.sessionId)?.turnId ?? turnId) !== turnId) {
      step.note("turn-conflict", subject, `the native id ${native} is another turn's`)
      return null
    }
    const active = state.active
    if (active !== null) {
      if ((known === null || isLate || again) && !options.supersedes) {
        step.note("turn-conflict", subject, `turn ${active.turnId} is active`)
        return null
      }
      endTurn(step, active, {
        outcome: "cancelled",
        cause: "superseded",
        evidence: "inferred",
        fields: { supersededBy: turnId },
      })
    }
    // Work after the end of another turn ends when the next turn starts.
    interruptAfterEnd(step, "turn-started")
    if (again && state.provisional?.turnId === turnId) state.provisional = null
    const before = known ?? { ...blankTurn(step, turnId), origin: options.synthetic ? "synthetic" : "provider" }
    const turn: TurnRow = {
      ...before,
      ...(isLate ? corrected : {}),
      sessionId: event.sessionId,
      nativeTurnId: native,
      status: "running",
      handedOver: known === null || again ? before.handedOver : 1,
      uncertain: 0,
      startedAt: (again ? before.startedAt : null) ?? step.at,
      ...(again ? runsAgain : {}),
    }
    step.putTurn(turn)
    linkDelegationsOfTurn(step, turn)
    if (known === null) countTurn(step)
    else takeFailureBack(step, turn)
    if (state.baseline !== null) state.baseline = { ...state.baseline, turnStarted: true }
    moveSession(step, "running")
    return state.active
  },
)

/** `turn.started`. */
export const turnStarted = (step: Step, payload: PayloadOf<"turn.started">): void => {
  const { event } = step
  if (event.turnId === null) {
    const native = event.native?.turnId
    return native === undefined
      ? step.note("turn-unknown", eventSession(step), "a start without any turn id")
      : step.note("turn-start-after-terminal", nativeTurnSubject(native, event.sessionId))
  }
  const doubted = step.state.requested.find((turn) => turn.turnId === event.turnId && turn.uncertain === 1)
  if (doubted !== undefined && (step.relation === "ended" || step.relation === "stale")) {
    return wentWithItsSession(step, doubted, "started-before-exit")
  }
  startTurn(step, event.turnId, {
    supersedes: payload.supersedes === true,
    synthetic: payload.synthetic === true,
    joined: payload.joined === true,
  })
}
