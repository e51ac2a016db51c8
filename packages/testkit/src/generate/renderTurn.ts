/** Tells a turn from its start to its end. */

import { type Later, renderAction, totalsOf } from "./renderAction.js"
import type { Teller } from "./ThreadRendering.js"
import { nextCallId, nextItemId, nextTurnId, ours, say, sayAsClient } from "./ThreadRendering.js"
import type { TurnPlan } from "./WorldPlan.js"

/** Opens the turn and says whether it runs. */
const open = (teller: Teller, turn: TurnPlan): boolean => {
  const callId = nextCallId(teller)
  if (turn.by === "refused") {
    sayAsClient(teller, "turn.requested", { text: "go", origin: "client", handedOver: true }, { callId })
    sayAsClient(teller, "turn.start-failed", { error: { message: "missing field", code: "-32600" } }, { callId })
    return false
  }
  // A turn that is still running was cut: the provider may only go on by saying that this one takes its place.
  const supersedes = teller.turn !== null
  if (teller.weakIds) teller.counters.items = 0
  const turnId = nextTurnId(teller)
  if (turn.by === "client" || turn.by === "never" || turn.by === "late") {
    sayAsClient(teller, "turn.requested", { text: "go", origin: "client", handedOver: true }, { callId })
    say(teller, "turn.accepted", {}, { native: { turnId, callId } })
  }
  if (turn.by === "never" || turn.by === "late") {
    say(teller, "turn.start-timed-out", { waitedMs: 60_000 }, { native: { turnId }, ...ours })
    // While another turn runs, a start would come too late.
    if (turn.by === "never" || supersedes) return false
  }
  teller.isSynthetic = turn.by === "synthetic" && !supersedes
  if (teller.isSynthetic) {
    // No start comes: the first item is what names the turn.
    teller.turn = turnId
    const native = { turnId, itemId: nextItemId(teller) }
    say(teller, "item.started", { kind: "agent_message" }, { native })
    say(teller, "item.completed", { kind: "agent_message", status: "completed", text: "review" }, { native })
    return true
  }
  teller.turn = turnId
  say(teller, "session.state.changed", { state: "running", nativeState: "active" })
  say(teller, "turn.started", { model: "model-a", ...(supersedes ? { supersedes } : {}) }, { native: { turnId } })
  return true
}

const completed = (teller: Teller, outcome: "completed" | "failed" | "interrupted", mode: string) => ({
  outcome,
  ...(outcome === "failed" ? { error: { message: "upstream failed", code: "other", httpStatus: 500 } } : {}),
  ...(mode === "per-turn" ? { usage: totalsOf(teller) } : {}),
})

const close = (teller: Teller, turn: TurnPlan, mode: string): void => {
  if (turn.end === "cut" || teller.turn === null) return
  const native = { turnId: teller.turn }
  const end = (outcome: "completed" | "failed" | "interrupted") =>
    say(teller, "turn.completed", completed(teller, outcome, mode), { native })
  switch (turn.end) {
    case "completed":
    case "failed":
    case "interrupted":
      end(turn.end)
      break
    case "aborted":
      say(teller, "turn.aborted", { reason: "interrupted" }, { native })
      break
    case "idle":
      say(teller, "session.state.changed", { state: "ready", nativeState: "idle" })
      say(teller, "turn.settled", {}, { native, channel: "client", actor: "orchestrator" })
      break
    case "idle-completed":
      say(teller, "session.state.changed", { state: "ready", nativeState: "idle" })
      end("completed")
      break
    case "error-failed":
      say(teller, "runtime.error", { message: "upstream failed", willRetry: false }, { native })
      end("failed")
      break
  }
  teller.ended = teller.turn
  teller.turn = null
}

/** Tells the turn. In `per-turn` mode its own tokens come with its end. */
export const renderTurn = (teller: Teller, turn: TurnPlan, mode: string): void => {
  if (mode === "per-turn") teller.totals = { input: 0, output: 0, cached: null }
  if (!open(teller, turn)) return
  const later: Later[] = []
  for (const action of turn.actions) {
    const waiting = renderAction(teller, action, mode)
    if (waiting !== null) later.push(waiting)
  }
  if (turn.end !== "cut") for (const finish of later.reverse()) finish()
  close(teller, turn, mode)
}
