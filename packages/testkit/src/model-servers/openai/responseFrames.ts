/** The events of an OpenAI Responses stream, as far as agents read them. */

import type { Frame, ModelUsage } from "../Step.js"

/** Ids of everything in the answer to one request: the same in every run. */
export interface ResponseIds {
  readonly response: string
  /** Id of the output item at this place. */
  readonly item: (kind: "msg" | "rs" | "fc" | "ctc", index: number) => string
  /** Id of the call at this place, unless the script names one. */
  readonly call: (index: number) => string
}

export const responseIds = (ordinal: number): ResponseIds => ({
  response: `resp_${ordinal}`,
  item: (kind, index) => `${kind}_${ordinal}_${index}`,
  call: (index) => `call_${ordinal}_${index}`,
})

const frame = (event: string, fields: object): Frame => ({ event, data: { type: event, ...fields } })

const response = (id: string, status: string, fields: object = {}) => ({
  response: { id, object: "response", status, output: [], ...fields },
})

export const created = (id: string): Frame => frame("response.created", response(id, "in_progress"))

const usageField = (usage: ModelUsage) => ({
  usage: {
    input_tokens: usage.inputTokens,
    input_tokens_details: { cached_tokens: usage.cachedInputTokens },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: usage.inputTokens + usage.outputTokens,
  },
})

export const completed = (id: string, usage: ModelUsage): Frame =>
  frame("response.completed", response(id, "completed", usageField(usage)))

export const failed = (id: string, code: string, message: string): Frame =>
  frame("response.failed", response(id, "failed", { error: { code, message } }))

export const incomplete = (id: string, reason: string, usage: ModelUsage): Frame =>
  frame("response.incomplete", response(id, "incomplete", { incomplete_details: { reason }, ...usageField(usage) }))

export const itemAdded = (index: number, item: object): Frame =>
  frame("response.output_item.added", { output_index: index, item })

export const itemDone = (index: number, item: object): Frame =>
  frame("response.output_item.done", { output_index: index, item })

/** What an assistant message looks like before (`text` is null) and after its text. */
export const messageItem = (id: string, text: string | null) => ({
  type: "message",
  id,
  role: "assistant",
  status: text === null ? "in_progress" : "completed",
  content: text === null ? [] : [{ type: "output_text", text, annotations: [] }],
})

export const partAdded = (index: number, id: string): Frame =>
  frame("response.content_part.added", {
    item_id: id,
    output_index: index,
    content_index: 0,
    part: { type: "output_text", text: "", annotations: [] },
  })

export const textDelta = (index: number, id: string, delta: string): Frame =>
  frame("response.output_text.delta", { item_id: id, output_index: index, content_index: 0, delta })

export const textDone = (index: number, id: string, text: string): Frame =>
  frame("response.output_text.done", { item_id: id, output_index: index, content_index: 0, text })

export const reasoningItem = (id: string, parts: readonly string[]) => ({
  type: "reasoning",
  id,
  summary: parts.map((text) => ({ type: "summary_text", text })),
})

export const summaryPartAdded = (index: number, id: string, part: number): Frame =>
  frame("response.reasoning_summary_part.added", {
    item_id: id,
    output_index: index,
    summary_index: part,
    part: { type: "summary_text", text: "" },
  })

export const summaryDelta = (index: number, id: string, part: number, delta: string): Frame =>
  frame("response.reasoning_summary_text.delta", { item_id: id, output_index: index, summary_index: part, delta })

export const summaryDone = (index: number, id: string, part: number, text: string): Frame =>
  frame("response.reasoning_summary_text.done", { item_id: id, output_index: index, summary_index: part, text })

/** A call of a tool that takes JSON arguments. */
export const functionCall = (id: string, callId: string, name: string, args: unknown) => ({
  type: "function_call",
  id,
  call_id: callId,
  name,
  arguments: typeof args === "string" ? args : JSON.stringify(args),
})

/** A call of a tool that takes free text. */
export const customToolCall = (id: string, callId: string, name: string, input: string) => ({
  type: "custom_tool_call",
  id,
  call_id: callId,
  name,
  input,
})
