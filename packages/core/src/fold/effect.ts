/** The outcome of a call to the provider, as far as a turn or the queue depends on it. */

import type { EffectKind, PayloadOf, TurnRow } from "@threadfold/contracts"
import { livingSession } from "../state/lifecycle.js"
import { endsAtOnce, interruptRequested } from "./earlyEnd.js"
import { leaveStarting } from "./pointer.js"
import { holdQueue } from "./queue.js"
import type { Step } from "./Step.js"

type Outcome = PayloadOf<"effect.delivered">

/** Whether the call was of this kind. A recording names the provider's method: `turn/start`. */
const isCall = ({ effect }: Outcome, kind: EffectKind): boolean => effect.replace("/", ".") === kind

/** The turn that the call is about, while it waits to start and is not uncertain. */
const waitingTurn = (step: Step) => step.waiting.find((turn) => turn.turnId === step.event.turnId) ?? null

/** `effect.delivered` of a turn's start: its bytes reached the provider, so that an exit of the session ends it. */
export const effectDelivered = (step: Step, payload: PayloadOf<"effect.delivered">): void => {
  const turn = waitingTurn(step)
  if (turn === null || turn.handedOver === 1 || !isCall(payload, "turn.start")) return
  const living = livingSession(step.state)
  const sessionId = turn.sessionId ?? step.event.sessionId ?? living?.sessionId ?? null
  const handed: TurnRow = { ...turn, handedOver: 1, sessionId }
  // It was interrupted while it was being delivered.
  if (handed.interruptRequestedAt !== null && endsAtOnce(step, handed, false)) return interruptRequested(step, handed)
  step.putTurn(handed)
}

/**
 * `effect.uncertain`: the bytes of the call may have reached the provider; it is unknown whether they did.
 *
 * A turn's start: the turn is shown as uncertain and never delivered again by itself; any later event of the provider about it
 * ends the uncertainty (rule 2). A steer: its message stays in the queue, which is held, so that it is not sent twice. For other
 * calls their own end or their deadline follows.
 */
export const effectUncertain = (step: Step, payload: PayloadOf<"effect.uncertain">): void => {
  if (isCall(payload, "turn.steer")) return holdQueue(step)
  const turn = waitingTurn(step)
  // What the provider has accepted is not in doubt, whenever its answer came.
  if (turn === null || turn.nativeTurnId !== null || !isCall(payload, "turn.start")) return
  const { event, state } = step
  const sessionId = turn.sessionId ?? event.sessionId ?? state.session?.sessionId ?? null
  const doubted: TurnRow = { ...turn, handedOver: 1, uncertain: 1, sessionId }
  if (doubted.interruptRequestedAt !== null) return interruptRequested(step, doubted)
  step.putTurn(doubted)
  leaveStarting(step)
}
