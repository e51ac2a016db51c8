/** Tells the steps inside a turn, in the order in which a well-behaved provider sends them. */
import type { ItemKind } from "@threadfold/contracts"
import { textStreamOf } from "@threadfold/contracts"
import { generatedEpoch } from "./ids.js"
import { renderSubagent } from "./renderSubagent.js"
import { renderVoice } from "./renderVoice.js"
import type { Teller } from "./ThreadRendering.js"
import { nextCallId, nextItemId, nextRequestId, ours, say, sayAsClient, sayOnConnection } from "./ThreadRendering.js"
import type { Action, Saying } from "./WorldPlan.js"

type Of<D extends Action["do"]> = Extract<Action, { readonly do: D }>
/** Something that waits for the end of the turn. */
export type Later = () => void

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

const renderItem = (teller: Teller, item: Of<"item">): Later | null => {
  const itemId = nextItemId(teller)
  const native = { itemId, ...(teller.turn === null ? {} : { turnId: teller.turn }) }
  const processId = item.process && item.kind === "command" ? `p-${itemId}` : null
  const stream = textStreamOf(item.kind)
  say(teller, "item.started", described(item.kind, processId), { native })
  if (processId !== null) say(teller, "item.updated", { processId, data: { step: 1 } }, { native })
  if (stream !== null) {
    item.pieces.forEach((delta, index) => {
      say(teller, "content.delta", { stream, part: partOf(item, index), delta, frames: 1 }, { native })
    })
  }
  if (item.end === "open") return null
  const status = item.end
  const finish: Later = () => {
    const text = stream === null ? null : wholeText(item)
    const exitCode = item.kind === "command" ? (status === "completed" ? 0 : 1) : null
    say(teller, "item.completed", { ...described(item.kind, processId), status, text, exitCode }, { native })
  }
  if (item.late) return finish
  finish()
  return null
}

const renderRequest = (teller: Teller, request: Of<"request">): void => {
  const native = { requestId: nextRequestId(teller), ...(teller.turn === null ? {} : { turnId: teller.turn }) }
  const asksUser = request.kind === "user_input"
  const opened = { kind: request.kind, title: "May I?", decisions: ["accept", "decline"] }
  const open = () => say(teller, asksUser ? "user-input.requested" : "request.opened", opened, { native })
  open()
  if (request.again) open()
  if (request.answer === "expired") sayAsClient(teller, "request.expired", { reason: "nobody is there" }, native)
  if (request.answer === "answered" || request.answer === "both") {
    sayAsClient(teller, "request.answering", { decision: "accept", by: "user" }, native)
    sayAsClient(teller, "request.answered", { decision: "accept", by: "user" }, native)
  }
  if (request.answer === "failed") {
    for (const reaches of [false, true]) {
      const commandId = teller.world.ownId()
      const answer = { decision: reaches ? "decline" : "accept", by: "user" }
      const said = { native, channel: "client", actor: "client" } as const
      say(teller, "request.answering", answer, { ...said, commandId })
      if (reaches) say(teller, "request.answered", answer, said)
      else say(teller, "request.answer-failed", { commandId, message: "no such request" }, { native, ...ours })
    }
  }
  if (request.answer === "resolved" || request.answer === "both") {
    say(teller, asksUser ? "user-input.resolved" : "request.resolved", { decision: null }, { native })
  }
}

const renderInference = (teller: Teller, inference: Of<"inference">): void => {
  teller.counters.inferences += 1
  const inferenceId = `${teller.weakIds ? "inference" : `${teller.family}/inference`}-${teller.counters.inferences}`
  const said = {
    native: { inferenceId, ...(teller.turn === null ? {} : { turnId: teller.turn }) },
    channel: "gateway" as const,
  }
  const items = Array.from({ length: inference.items }, (_, index) => ({ key: `#${index}`, item: { index } }))
  say(teller, "inference.started", { model: "model-a", provider: "provider-a" }, said)
  for (const item of items) say(teller, "inference.item", item, said)
  const evidence = {
    upstreamRequestId: `upstream-${inferenceId}`,
    ...(inference.repeats ? { items } : {}),
  }
  switch (inference.end) {
    case "completed":
      say(
        teller,
        "inference.completed",
        { ...evidence, responseId: `r-${inferenceId}`, usage: { totalTokens: 3 } },
        said,
      )
      break
    case "failed":
      say(teller, "inference.failed", { ...evidence, error: "stream closed early" }, said)
      break
    case "cancelled":
      say(teller, "inference.cancelled", { ...evidence, reason: "consumer went away" }, said)
      break
    case "open":
      break
  }
}

/** Adds to the running totals and reports them; a driver that counts per turn says so at the turn's end instead. */
const renderUsage = (teller: Teller, usage: Of<"usage">, mode: "cumulative-thread" | "cumulative-session"): void => {
  say(
    teller,
    "thread.token-usage.updated",
    { mode, total: totalsOf(teller), last: { inputTokens: usage.input, outputTokens: usage.output } },
    { native: teller.turn === null ? {} : { turnId: teller.turn } },
  )
}

/** The running totals as token counts; what no report ever held stays absent. */
export const totalsOf = (teller: Teller) => ({
  inputTokens: teller.totals.input,
  outputTokens: teller.totals.output,
  totalTokens: teller.totals.input + teller.totals.output,
  ...(teller.totals.cached === null ? {} : { cachedInputTokens: teller.totals.cached }),
})

const renderSaying = (teller: Teller, what: Saying): void => {
  const inTurn = teller.turn === null ? null : { turnId: teller.turn }
  switch (what) {
    case "plan":
      if (inTurn) say(teller, "turn.plan.updated", { steps: [{ step: "look", status: "pending" }] }, { native: inTurn })
      break
    case "diff":
      if (inTurn) say(teller, "turn.diff.updated", { diff: "--- a\n+++ b\n" }, { native: inTurn })
      break
    case "proposal":
      if (!inTurn) break
      say(teller, "turn.proposed.delta", { delta: "First " }, { native: inTurn })
      say(teller, "turn.proposed.completed", { text: "First look" }, { native: inTurn })
      break
    case "retried-error":
      if (!inTurn) break
      say(teller, "runtime.error", { message: "reconnecting 1/2", willRetry: true }, { native: inTurn })
      break
    case "foreign-error":
      // Codex names the failed call's own id, which never was a turn.
      say(
        teller,
        "runtime.error",
        { message: "conversation is not running", willRetry: false },
        { native: { turnId: `submission-${nextCallId(teller)}` } },
      )
      break
    case "steer":
      if (inTurn) sayAsClient(teller, "message.steered", { text: "and this" }, inTurn)
      break
    case "interrupt":
      if (inTurn) sayAsClient(teller, "turn.interrupt-requested", {}, { ...inTurn, callId: nextCallId(teller) })
      break
    case "stalled":
      if (inTurn) say(teller, "turn.stalled", { silentMs: 60_000 }, { native: inTurn, actor: "orchestrator" })
      break
    case "compaction":
      say(teller, "compaction.installed", { summary: "so far" }, inTurn ? { native: inTurn } : {})
      break
    case "rejoin":
      say(teller, "session.started", { provider: "generated", mode: "managed", resumed: true })
      say(teller, "thread.started", { provider: "generated" })
      break
    case "metadata":
      say(teller, "thread.metadata.updated", { title: "A title" })
      break
    case "queue": {
      const messageId = teller.world.ownId()
      sayAsClient(teller, "message.queued", { messageId, text: "next" })
      sayAsClient(teller, "message.dequeued", { messageId })
      break
    }
    case "reorder": {
      const [one, other] = [teller.world.ownId(), teller.world.ownId()]
      sayAsClient(teller, "message.queued", { messageId: one, text: "first" })
      sayAsClient(teller, "message.queued", { messageId: other, text: "second" })
      sayAsClient(teller, "queue.reordered", { messageIds: [other, one] })
      sayAsClient(teller, "queue.resumed", {})
      sayAsClient(teller, "message.cancelled", { messageId: one })
      sayAsClient(teller, "message.dequeued", { messageId: other })
      break
    }
    case "notices":
      say(teller, "runtime.warning", { message: "careful" })
      say(teller, "config.warning", { message: "odd setting" })
      say(teller, "deprecation.notice", { message: "old method" })
      say(
        teller,
        "model.rerouted",
        { from: "model-a", to: "model-b", reason: "busy" },
        inTurn ? { native: inTurn } : {},
      )
      break
    case "account":
      sayOnConnection(teller, "account.updated", { data: { plan: "none" } })
      sayOnConnection(teller, "account.rate-limits.updated", { data: { used: 1 } })
      sayOnConnection(teller, "mcp.status.updated", { data: { server: "files", status: "ready" } })
      break
    case "archive":
      sayAsClient(teller, "thread.renamed", { title: "Done" })
      sayAsClient(teller, "thread.archived", {})
      sayAsClient(teller, "thread.unarchived", {})
      break
    case "deletion":
      sayAsClient(teller, "thread.deleted", {})
      sayAsClient(teller, "thread.restored", {})
      break
    case "keep-alive":
      sayAsClient(teller, "thread.keep-alive-set", { until: generatedEpoch + 3_600_000 })
      sayAsClient(teller, "thread.keep-alive-set", { until: null })
      break
    case "effects":
      sayAsClient(teller, "effect.delivered", { effect: "turn/start" }, inTurn ?? {})
      sayAsClient(teller, "effect.uncertain", { effect: "turn/steer", message: "no answer" }, inTurn ?? {})
      sayAsClient(teller, "effect.failed", { effect: "turn/interrupt", message: "closed" }, inTurn ?? {})
      break
    case "delegation": {
      if (!inTurn) break
      teller.counters.handoffs += 1
      const handoffId = `own-handoff-${teller.counters.handoffs}`
      sayAsClient(teller, "delegation.opened", { text: "look", route: "steered" }, { ...inTurn, handoffId })
      sayAsClient(teller, "delegation.closed", { reason: "done" }, { handoffId })
      break
    }
    case "unmapped":
      say(teller, "provider.unmapped", { method: "no/such", known: false })
      break
  }
}

/** The newest turns go: the one that runs ends, and nothing more is said of them. */
const renderRewind = (teller: Teller, { count, tells }: Of<"rewind">): void => {
  if (teller.turn !== null && teller.isSynthetic) return
  const kept = tells === "kept" && teller.turn !== null ? teller.ended : null
  say(teller, "thread.rewound", kept === null ? { count } : { keptNativeTurnId: kept })
  teller.turn = null
  teller.ended = null
}

/** Work that the agent tells of a turn which has ended. */
const renderAfterEnd = (teller: Teller, work: Of<"after-end">): void => {
  if (teller.turn !== null || teller.ended === null) return
  const inTurn = { turnId: teller.ended }
  const native = { ...inTurn, itemId: nextItemId(teller) }
  const kind = "agent_message"
  say(teller, "item.started", { kind }, { native })
  for (const delta of work.pieces) say(teller, "content.delta", { stream: "text", delta, frames: 1 }, { native })
  if (work.end === "completed") {
    say(teller, "item.completed", { kind, status: "completed", text: work.pieces.join("") }, { native })
  } else if (work.end === "silent") {
    say(teller, "turn.after-end-settled", { silentMs: 60_000 }, { native: inTurn, ...ours })
  }
}

/** Tells one action; what it returns happens when the turn is about to end. */
export const renderAction = (teller: Teller, action: Action, mode: string): Later | null => {
  switch (action.do) {
    case "item":
      return renderItem(teller, action)
    case "request":
      renderRequest(teller, action)
      return null
    case "usage":
      teller.totals.input += action.input
      teller.totals.output += action.output
      if (action.cached !== null) teller.totals.cached = (teller.totals.cached ?? 0) + action.cached
      if (mode === "cumulative-thread" || mode === "cumulative-session") renderUsage(teller, action, mode)
      return null
    case "inference":
      renderInference(teller, action)
      return null
    case "task": {
      teller.counters.tasks += 1
      const taskId = `task-${teller.counters.tasks}`
      const native = { taskId, ...(teller.turn === null ? {} : { turnId: teller.turn }) }
      say(teller, "task.started", { kind: "shell", title: "watch" }, { native })
      say(teller, "task.progress", { message: "still here" }, { native: { taskId } })
      if (action.end === "open") return null
      const status = action.end
      return () => say(teller, "task.completed", { status }, { native: { taskId } })
    }
    case "voice":
      renderVoice(teller, action.what)
      return null
    case "subagent":
      return renderSubagent(teller, action.pieces)
    case "rewind":
      renderRewind(teller, action)
      return null
    case "after-end":
      renderAfterEnd(teller, action)
      return null
    case "say":
      renderSaying(teller, action.what)
      return null
  }
}
