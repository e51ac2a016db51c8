/** Renders the steps inside a turn, in the order in which a correct provider sends them. */
import type { ItemKind } from "@threadfold/contracts"
import { textStreamOf } from "@threadfold/contracts"
import { renderSubagent } from "./renderSubagent.js"
import { renderVoice } from "./renderVoice.js"
import { generatedEpoch } from "./seeded.js"
import {
  emit,
  emitAsClient,
  emitOnConnection,
  type Later,
  nextCallId,
  nextItemId,
  nextRequestId,
  ours,
  type ThreadRendering,
} from "./ThreadRendering.js"
import type { Action, SingleEvent } from "./WorldPlan.js"

type Of<D extends Action["do"]> = Extract<Action, { readonly do: D }>

const described = (kind: ItemKind, processId: string | null) => ({
  kind,
  nativeKind: `native_${kind}`,
  title: kind === "command" ? "make test" : null,
  ...(processId === null ? {} : { processId }),
})

/** Joins the pieces the way a reader will see them: parts by a blank line, pieces of a part without one. */
const wholeText = (item: Of<"item">): string => {
  const parts = new Map<number, string>()
  item.pieces.forEach((piece, index) => {
    const part = partOf(item, index)
    parts.set(part, (parts.get(part) ?? "") + piece)
  })
  return [...parts.values()].join("\n\n")
}

/** Consecutive pieces share a part; later pieces never return to an earlier part. */
const partOf = (item: Of<"item">, index: number): number =>
  item.kind === "reasoning" ? Math.floor((index * item.parts) / Math.max(item.pieces.length, 1)) : 0

const renderItem = (thread: ThreadRendering, item: Of<"item">): Later | null => {
  const itemId = nextItemId(thread)
  const native = { itemId, ...(thread.turn === null ? {} : { turnId: thread.turn }) }
  const processId = item.process && item.kind === "command" ? `p-${itemId}` : null
  const stream = textStreamOf(item.kind)
  emit(thread, "item.started", described(item.kind, processId), { native })
  if (processId !== null) emit(thread, "item.updated", { processId, data: { step: 1 } }, { native })
  if (stream !== null) {
    item.pieces.forEach((delta, index) => {
      emit(thread, "content.delta", { stream, part: partOf(item, index), delta, frames: 1 }, { native })
    })
  }
  if (item.end === "open") return null
  const status = item.end
  const finish: Later = () => {
    const text = stream === null ? null : wholeText(item)
    const exitCode = item.kind === "command" ? (status === "completed" ? 0 : 1) : null
    emit(thread, "item.completed", { ...described(item.kind, processId), status, text, exitCode }, { native })
  }
  if (item.late) return finish
  finish()
  return null
}

const renderRequest = (thread: ThreadRendering, request: Of<"request">): void => {
  const native = { requestId: nextRequestId(thread), ...(thread.turn === null ? {} : { turnId: thread.turn }) }
  const asksUser = request.kind === "user_input"
  const opened = { kind: request.kind, title: "May I?", decisions: ["accept", "decline"] }
  const open = () => emit(thread, asksUser ? "user-input.requested" : "request.opened", opened, { native })
  open()
  if (request.again) open()
  if (request.answer === "expired") emitAsClient(thread, "request.expired", { reason: "no person is there" }, native)
  if (request.answer === "answered" || request.answer === "both") {
    emitAsClient(thread, "request.answering", { decision: "accept", by: "user" }, native)
    emitAsClient(thread, "request.answered", { decision: "accept", by: "user" }, native)
  }
  if (request.answer === "failed") {
    for (const reaches of [false, true]) {
      const commandId = thread.world.ownId()
      const answer = { decision: reaches ? "decline" : "accept", by: "user" }
      const said = { native, channel: "client", actor: "client" } as const
      emit(thread, "request.answering", answer, { ...said, commandId })
      if (reaches) emit(thread, "request.answered", answer, said)
      else emit(thread, "request.answer-failed", { commandId, message: "no such request" }, { native, ...ours })
    }
  }
  if (request.answer === "resolved" || request.answer === "both") {
    emit(thread, asksUser ? "user-input.resolved" : "request.resolved", { decision: null }, { native })
  }
}

const renderInference = (thread: ThreadRendering, inference: Of<"inference">): void => {
  thread.counters.inferences += 1
  const inferenceId = `${thread.weakIds ? "inference" : `${thread.family}/inference`}-${thread.counters.inferences}`
  const said = {
    native: { inferenceId, ...(thread.turn === null ? {} : { turnId: thread.turn }) },
    channel: "gateway" as const,
  }
  const items = Array.from({ length: inference.items }, (_, index) => ({ key: `#${index}`, item: { index } }))
  emit(thread, "inference.started", { model: "model-a", provider: "provider-a" }, said)
  for (const item of items) emit(thread, "inference.item", item, said)
  const evidence = {
    upstreamRequestId: `upstream-${inferenceId}`,
    ...(inference.repeats ? { items } : {}),
  }
  switch (inference.end) {
    case "completed":
      emit(
        thread,
        "inference.completed",
        { ...evidence, responseId: `r-${inferenceId}`, usage: { totalTokens: 3 } },
        said,
      )
      break
    case "failed":
      emit(thread, "inference.failed", { ...evidence, error: "stream closed early" }, said)
      break
    case "cancelled":
      emit(thread, "inference.cancelled", { ...evidence, reason: "consumer went away" }, said)
      break
    case "open":
      break
  }
}

/** Reports the running totals. A driver that counts per turn reports them at the end of the turn instead. */
const renderUsage = (
  thread: ThreadRendering,
  usage: Of<"usage">,
  mode: "cumulative-thread" | "cumulative-session",
): void => {
  emit(
    thread,
    "thread.token-usage.updated",
    { mode, total: totalsOf(thread), last: { inputTokens: usage.input, outputTokens: usage.output } },
    { native: thread.turn === null ? {} : { turnId: thread.turn } },
  )
}

/** The running totals as token counts; what no report ever held stays absent. */
export const totalsOf = (thread: ThreadRendering) => ({
  inputTokens: thread.totals.input,
  outputTokens: thread.totals.output,
  totalTokens: thread.totals.input + thread.totals.output,
  ...(thread.totals.cached === null ? {} : { cachedInputTokens: thread.totals.cached }),
})

const renderSingle = (thread: ThreadRendering, what: SingleEvent): void => {
  const inTurn = thread.turn === null ? null : { turnId: thread.turn }
  switch (what) {
    case "plan":
      if (inTurn)
        emit(thread, "turn.plan.updated", { steps: [{ step: "look", status: "pending" }] }, { native: inTurn })
      break
    case "diff":
      if (inTurn) emit(thread, "turn.diff.updated", { diff: "--- a\n+++ b\n" }, { native: inTurn })
      break
    case "proposal":
      if (!inTurn) break
      emit(thread, "turn.proposed.delta", { delta: "First " }, { native: inTurn })
      emit(thread, "turn.proposed.completed", { text: "First look" }, { native: inTurn })
      break
    case "retried-error":
      if (!inTurn) break
      emit(thread, "runtime.error", { message: "reconnecting 1/2", willRetry: true }, { native: inTurn })
      break
    case "foreign-error":
      // Codex names the failed call's own id, which never was a turn.
      emit(
        thread,
        "runtime.error",
        { message: "conversation is not running", willRetry: false },
        { native: { turnId: `submission-${nextCallId(thread)}` } },
      )
      break
    case "steer":
      if (inTurn) emitAsClient(thread, "message.steered", { text: "and this" }, inTurn)
      break
    case "interrupt":
      if (inTurn) emitAsClient(thread, "turn.interrupt-requested", {}, { ...inTurn, callId: nextCallId(thread) })
      break
    case "stalled":
      if (inTurn) emit(thread, "turn.stalled", { silentMs: 60_000 }, { native: inTurn, actor: "orchestrator" })
      break
    case "compaction":
      emit(thread, "compaction.installed", { summary: "so far" }, inTurn ? { native: inTurn } : {})
      break
    case "rejoin":
      emit(thread, "session.started", { provider: "generated", mode: "managed", resumed: true })
      emit(thread, "thread.started", { provider: "generated" })
      break
    case "metadata":
      emit(thread, "thread.metadata.updated", { title: "A title" })
      break
    case "queue": {
      const messageId = thread.world.ownId()
      emitAsClient(thread, "message.queued", { messageId, text: "next" })
      emitAsClient(thread, "message.dequeued", { messageId })
      break
    }
    case "reorder": {
      const [one, other] = [thread.world.ownId(), thread.world.ownId()]
      emitAsClient(thread, "message.queued", { messageId: one, text: "first" })
      emitAsClient(thread, "message.queued", { messageId: other, text: "second" })
      emitAsClient(thread, "message.edited", { messageId: other, text: "second, written again" })
      emitAsClient(thread, "queue.reordered", { messageIds: [other, one] })
      emitAsClient(thread, "queue.resumed", {})
      emitAsClient(thread, "message.cancelled", { messageId: one })
      emitAsClient(thread, "message.dequeued", { messageId: other })
      break
    }
    case "notices":
      emit(thread, "runtime.warning", { message: "careful" })
      emit(thread, "config.warning", { message: "odd setting" })
      emit(thread, "deprecation.notice", { message: "old method" })
      emit(
        thread,
        "model.rerouted",
        { from: "model-a", to: "model-b", reason: "busy" },
        inTurn ? { native: inTurn } : {},
      )
      break
    case "account":
      emitOnConnection(thread, "account.updated", { data: { plan: "none" } })
      emitOnConnection(thread, "account.rate-limits.updated", { data: { used: 1 } })
      emitOnConnection(thread, "mcp.status.updated", { data: { server: "files", status: "ready" } })
      break
    case "archive":
      emitAsClient(thread, "thread.renamed", { title: "Done" })
      emitAsClient(thread, "thread.archived", {})
      emitAsClient(thread, "thread.unarchived", {})
      break
    case "deletion":
      emitAsClient(thread, "thread.deleted", {})
      emitAsClient(thread, "thread.restored", {})
      break
    case "keep-alive":
      emitAsClient(thread, "thread.keep-alive-set", { until: generatedEpoch + 3_600_000 })
      emitAsClient(thread, "thread.keep-alive-set", { until: null })
      emitAsClient(thread, "thread.unattended-set", { rules: [{ action: "decline", afterMs: 60_000 }] })
      break
    case "read":
      emitAsClient(thread, "thread.read", { version: 1_000_000 })
      emitAsClient(thread, "thread.pinned", {})
      emitAsClient(thread, "thread.unpinned", {})
      break
    case "effects":
      emitAsClient(thread, "effect.delivered", { effect: "turn/start" }, inTurn ?? {})
      emitAsClient(thread, "effect.uncertain", { effect: "turn/steer", message: "no answer" }, inTurn ?? {})
      emitAsClient(thread, "effect.failed", { effect: "turn/interrupt", message: "closed" }, inTurn ?? {})
      break
    case "delegation": {
      if (!inTurn) break
      thread.counters.handoffs += 1
      const handoffId = `own-handoff-${thread.counters.handoffs}`
      emitAsClient(thread, "delegation.opened", { text: "look", route: "steered" }, { ...inTurn, handoffId })
      emitAsClient(thread, "delegation.closed", { reason: "done" }, { handoffId })
      break
    }
    case "unmapped":
      emit(thread, "provider.unmapped", { method: "no/such", known: false })
      break
  }
}

/** Takes back the newest turns. The running turn ends, and no later event names one of them. */
const renderRewind = (thread: ThreadRendering, { count, tells }: Of<"rewind">): void => {
  if (thread.turn !== null && thread.isSynthetic) return
  const kept = tells === "kept" && thread.turn !== null ? thread.ended : null
  emit(thread, "thread.rewound", kept === null ? { count } : { keptNativeTurnId: kept })
  thread.turn = null
  thread.ended = null
}

/** Events of a turn that has ended. */
const renderAfterEnd = (thread: ThreadRendering, work: Of<"after-end">): void => {
  if (thread.turn !== null || thread.ended === null) return
  const inTurn = { turnId: thread.ended }
  const native = { ...inTurn, itemId: nextItemId(thread) }
  const kind = "agent_message"
  emit(thread, "item.started", { kind }, { native })
  for (const delta of work.pieces) emit(thread, "content.delta", { stream: "text", delta, frames: 1 }, { native })
  if (work.end === "completed") {
    emit(thread, "item.completed", { kind, status: "completed", text: work.pieces.join("") }, { native })
  } else if (work.end === "silent") {
    emit(thread, "turn.after-end-settled", { silentMs: 60_000 }, { native: inTurn, ...ours })
  }
}

/** Renders one action. Returns the part that happens when the turn is about to end. */
export const renderAction = (thread: ThreadRendering, action: Action, mode: string): Later | null => {
  switch (action.do) {
    case "item":
      return renderItem(thread, action)
    case "request":
      renderRequest(thread, action)
      return null
    case "usage":
      thread.totals.input += action.input
      thread.totals.output += action.output
      if (action.cached !== null) thread.totals.cached = (thread.totals.cached ?? 0) + action.cached
      if (mode === "cumulative-thread" || mode === "cumulative-session") renderUsage(thread, action, mode)
      return null
    case "inference":
      renderInference(thread, action)
      return null
    case "task": {
      thread.counters.tasks += 1
      const taskId = `task-${thread.counters.tasks}`
      const native = { taskId, ...(thread.turn === null ? {} : { turnId: thread.turn }) }
      emit(thread, "task.started", { kind: "shell", title: "watch" }, { native })
      emit(thread, "task.progress", { message: "still here" }, { native: { taskId } })
      emitAsClient(thread, "task.stop-requested", { reason: "enough" }, native)
      if (action.end === "open") return null
      const status = action.end
      return () => emit(thread, "task.completed", { status }, { native: { taskId } })
    }
    case "voice":
      renderVoice(thread, action.what)
      return null
    case "subagent":
      return renderSubagent(thread, action.pieces)
    case "rewind":
      renderRewind(thread, action)
      return null
    case "after-end":
      renderAfterEnd(thread, action)
      return null
    case "single":
      renderSingle(thread, action.what)
      return null
  }
}
