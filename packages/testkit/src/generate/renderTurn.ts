/** Renders a turn from its start to its end. */

import { renderAction, totalsOf } from "./renderAction.js"
import {
  emit,
  emitAsClient,
  type Later,
  nextCallId,
  nextItemId,
  nextTurnId,
  ours,
  type ThreadRendering,
} from "./ThreadRendering.js"
import type { TurnPlan } from "./WorldPlan.js"

/** Opens the turn and says whether it runs. */
const open = (thread: ThreadRendering, turn: TurnPlan): boolean => {
  const callId = nextCallId(thread)
  if (turn.by === "refused") {
    emitAsClient(thread, "turn.requested", { text: "go", origin: "client", handedOver: true }, { callId })
    emitAsClient(thread, "turn.start-failed", { error: { message: "missing field", code: "-32600" } }, { callId })
    return false
  }
  // A turn that still runs was cut. Then the provider reports that this turn supersedes it.
  const supersedes = thread.turn !== null
  if (thread.weakIds) thread.counters.items = 0
  const turnId = nextTurnId(thread)
  if (turn.by === "client" || turn.by === "never" || turn.by === "late") {
    emitAsClient(thread, "turn.requested", { text: "go", origin: "client", handedOver: true }, { callId })
    emit(thread, "turn.accepted", {}, { native: { turnId, callId } })
  }
  if (turn.by === "never" || turn.by === "late") {
    emit(thread, "turn.start-timed-out", { waitedMs: 60_000 }, { native: { turnId }, ...ours })
    // While another turn runs, a start would come too late.
    if (turn.by === "never" || supersedes) return false
  }
  thread.isSynthetic = turn.by === "synthetic" && !supersedes
  if (thread.isSynthetic) {
    // No start comes: the first item is what names the turn.
    thread.turn = turnId
    const native = { turnId, itemId: nextItemId(thread) }
    emit(thread, "item.started", { kind: "agent_message" }, { native })
    emit(thread, "item.completed", { kind: "agent_message", status: "completed", text: "review" }, { native })
    return true
  }
  thread.turn = turnId
  emit(thread, "session.state.changed", { state: "running", nativeState: "active" })
  emit(thread, "turn.started", { model: "model-a", ...(supersedes ? { supersedes } : {}) }, { native: { turnId } })
  return true
}

const completed = (thread: ThreadRendering, outcome: "completed" | "failed" | "interrupted", mode: string) => ({
  outcome,
  ...(outcome === "failed" ? { error: { message: "upstream failed", code: "other", httpStatus: 500 } } : {}),
  ...(mode === "per-turn" ? { usage: totalsOf(thread) } : {}),
})

const close = (thread: ThreadRendering, turn: TurnPlan, mode: string): void => {
  if (turn.end === "cut" || thread.turn === null) return
  const native = { turnId: thread.turn }
  const end = (outcome: "completed" | "failed" | "interrupted") =>
    emit(thread, "turn.completed", completed(thread, outcome, mode), { native })
  switch (turn.end) {
    case "completed":
    case "failed":
    case "interrupted":
      end(turn.end)
      break
    case "aborted":
      emit(thread, "turn.aborted", { reason: "interrupted" }, { native })
      break
    case "idle":
      emit(thread, "session.state.changed", { state: "ready", nativeState: "idle" })
      emit(thread, "turn.settled", {}, { native, channel: "client", actor: "orchestrator" })
      break
    case "idle-completed":
      emit(thread, "session.state.changed", { state: "ready", nativeState: "idle" })
      end("completed")
      break
    case "error-failed":
      emit(thread, "runtime.error", { message: "upstream failed", willRetry: false }, { native })
      end("failed")
      break
  }
  thread.ended = thread.turn
  thread.turn = null
}

/** Renders the turn. In `per-turn` mode its tokens come with its end. */
export const renderTurn = (thread: ThreadRendering, turn: TurnPlan, mode: string): void => {
  if (mode === "per-turn") thread.totals = { input: 0, output: 0, cached: null }
  if (!open(thread, turn)) return
  const later: Later[] = []
  for (const action of turn.actions) {
    const waiting = renderAction(thread, action, mode)
    if (waiting !== null) later.push(waiting)
  }
  if (turn.end !== "cut") for (const finish of later.reverse()) finish()
  close(thread, turn, mode)
}
