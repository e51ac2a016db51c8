/** The events of an Anthropic Messages stream, as far as agents read them. */

import type { Frame, ModelUsage } from "../Step.js"

export type StopReason = "end_turn" | "tool_use" | "max_tokens" | "refusal"

const frame = (event: string, fields: object = {}): Frame => ({ event, data: { type: event, ...fields } })

/** The protocol counts cached input apart from the rest. */
const inputUsage = (usage: ModelUsage) => ({
  input_tokens: usage.inputTokens - usage.cachedInputTokens,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: usage.cachedInputTokens,
})

/** A message as a body that is not streamed has it, or as a stream begins it. */
export const message = (
  id: string,
  model: string,
  usage: ModelUsage,
  whole: { readonly content: readonly object[]; readonly stopReason: StopReason } | null,
) => ({
  id,
  type: "message",
  role: "assistant",
  model,
  content: whole?.content ?? [],
  stop_reason: whole?.stopReason ?? null,
  stop_sequence: null,
  usage: { ...inputUsage(usage), output_tokens: whole === null ? 1 : usage.outputTokens },
})

export const messageStart = (id: string, model: string, usage: ModelUsage): Frame =>
  frame("message_start", { message: message(id, model, usage, null) })

export const blockStart = (index: number, block: object): Frame =>
  frame("content_block_start", { index, content_block: block })

export const blockDelta = (index: number, delta: object): Frame => frame("content_block_delta", { index, delta })

export const textDelta = (index: number, text: string): Frame => blockDelta(index, { type: "text_delta", text })

export const blockStop = (index: number): Frame => frame("content_block_stop", { index })

export const messageDelta = (stopReason: StopReason, usage: ModelUsage): Frame =>
  frame("message_delta", {
    delta: { stop_reason: stopReason, stop_sequence: null },
    usage: { ...inputUsage(usage), output_tokens: usage.outputTokens },
  })

export const messageStop: Frame = frame("message_stop")

/** An error in the middle of a stream that was answered with status 200. */
export const errorFrame = (type: string, text: string): Frame => frame("error", { error: { type, message: text } })
