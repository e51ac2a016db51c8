/** Attempts to stream a model's response. A retry is an attempt of its own; of each the first end counts. */
import { type TokenCounts, tokenCountNames } from "@threadfold/contracts"
import { fact } from "../../runtime/Fact.js"
import { hintText } from "../../runtime/readFields.js"
import { traceId } from "./readTraceLine.js"
import type { EventReader, TraceEvent } from "./TraceEvent.js"
import type { Done, TraceState } from "./TraceState.js"
import type { Attempt, Totals, TraceThread } from "./TraceThread.js"
import { readResponse, shownItems, userMessages } from "./traceMessages.js"

/** `inference_started`. */
export const inferenceStarted = (
  state: TraceState,
  thread: TraceThread,
  { body, line, source }: TraceEvent,
  inferenceId: string,
): Done => {
  const turnId = state.turnOf(line)
  const native = { threadId: thread.id, turnId, inferenceId }
  if (state.attempts.has(inferenceId)) return { ...state.kept(source, thread, line, "it has started already"), native }
  const model = hintText(line.payload, "model")
  thread.model = model ?? thread.model
  state.ensureTurn(source, thread, turnId)
  state.attempts.set(inferenceId, { thread, turnId, origin: thread.origin, hasEnded: false })
  state.record(
    source,
    thread,
    fact("inference.started", { model, provider: hintText(line.payload, "provider_name") }, native),
  )
  const request = body("request_payload")
  if (request !== undefined) {
    for (const what of userMessages(thread, turnId, inferenceId, request)) state.record(source, thread, what)
  }
  return { fate: "mapped", native }
}

/** Adds what an attempt used to the total of its session. */
const count = (totals: Totals, usage: TokenCounts): Totals => {
  const sum = { ...totals }
  for (const name of tokenCountNames) sum[name] += usage[name] ?? 0
  return sum
}

/** The end of an attempt, with the complete output items that came until then. */
export const inferenceEnded =
  (how: "completed" | "failed" | "cancelled"): EventReader =>
  (state, { body, line, source }) => {
    const { payload } = line
    const inferenceId = traceId(payload, "inference_call_id")
    const known = inferenceId === undefined ? undefined : state.attempts.get(inferenceId)
    const thread = known === undefined ? state.threadOf(source, line) : state.threads.of(source, known.thread.id)
    if (inferenceId === undefined || thread === undefined) {
      return state.kept(source, thread, line, "it names no attempt, or no thread")
    }
    const attempt: Attempt = known ?? { thread, turnId: state.turnOf(line), origin: thread.origin, hasEnded: false }
    const { origin, turnId } = attempt
    const native = { threadId: thread.id, turnId, inferenceId }
    const response = body("response_payload") ?? body("partial_response_payload")
    const { items, usage } = readResponse(response)
    const upstream = hintText(payload, "upstream_request_id")
    const evidence = {
      responseId: hintText(payload, "response_id") ?? (response && hintText(response, "response_id")),
      upstreamRequestId: upstream ?? (response && hintText(response, "upstream_request_id")),
      usage,
      items: items.length === 0 ? undefined : items,
    }
    const what =
      how === "completed"
        ? fact("inference.completed", evidence, native)
        : how === "failed"
          ? fact("inference.failed", { ...evidence, error: hintText(payload, "error") }, native)
          : fact("inference.cancelled", { ...evidence, reason: hintText(payload, "reason") }, native)
    // In the session in which it began: a trace that has grown may have ended that one since.
    state.threads.record(source, origin, what)
    state.attempts.set(inferenceId, { ...attempt, hasEnded: true })
    if (attempt.hasEnded) return { fate: "mapped", native }
    for (const item of shownItems(thread, turnId, inferenceId, items)) state.record(source, thread, item)
    if (usage !== undefined) {
      thread.totals = count(thread.totals, usage)
      const total = { mode: "cumulative-session", total: thread.totals, last: usage } as const
      state.record(source, thread, fact("thread.token-usage.updated", total, { threadId: thread.id, turnId }))
    }
    return { fate: "mapped", native }
  }
