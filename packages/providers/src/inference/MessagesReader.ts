/** Answers of the Anthropic Messages API. An item is a content block, which comes in deltas. */
import type { TokenCounts } from "@threadfold/contracts"
import {
  type Fields,
  hintFields,
  hintNumber,
  hintText,
  hintTokens,
  isFields,
  parseFields,
} from "../runtime/readFields.js"
import { BoundedText } from "./BoundedText.js"
import { beginningOf, errorText, keptItem, type OutputItem, type ProtocolReader, type Signal } from "./Signal.js"

/** The delta types of a content block, with the member that each is a piece of. */
const pieces: Readonly<Record<string, { readonly of: string; readonly in: string }>> = {
  text_delta: { of: "text", in: "text" },
  thinking_delta: { of: "thinking", in: "thinking" },
  signature_delta: { of: "signature", in: "signature" },
  input_json_delta: { of: "input", in: "partial_json" },
}

/** Content blocks that may be open at a time. The protocol opens one; more than this are not followed. */
const mostOpenBlocks = 64

interface OpenBlock {
  readonly block: Fields
  readonly parts: Map<string, BoundedText>
}

/** The protocol counts cached input apart from the rest; our input includes it. */
const usageOf = (usage: Fields, before: TokenCounts | undefined): TokenCounts => {
  const fresh = hintTokens(usage, "input_tokens")
  const read = hintTokens(usage, "cache_read_input_tokens")
  const written = hintTokens(usage, "cache_creation_input_tokens")
  return {
    inputTokens: fresh === undefined ? before?.inputTokens : fresh + (read ?? 0) + (written ?? 0),
    cachedInputTokens: read ?? before?.cachedInputTokens,
    outputTokens: hintTokens(usage, "output_tokens") ?? before?.outputTokens,
  }
}

/** The arguments of a call; as text where they are no JSON. */
const inputOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const finished = ({ block, parts }: OpenBlock, index: number): OutputItem => {
  const id = hintText(block, "id") ?? hintText(block, "tool_use_id")
  const type = hintText(block, "type")
  for (const part of parts.values()) {
    const truncated = part.truncation()
    if (truncated !== undefined) return { id, index, ...beginningOf(part.text, type, truncated) }
  }
  const told = [...parts].map(([name, part]) => [name, name === "input" ? inputOf(part.text) : part.text] as const)
  return { id, index, item: { ...block, ...Object.fromEntries(told) } }
}

/** A reader for one answer. */
export const messagesReader = (): ProtocolReader => {
  const open = new Map<number, OpenBlock>()
  let usage: TokenCounts | undefined
  let stopped = 0

  const evidence = (message: Fields): Signal => {
    const told = hintFields(message, "usage")
    if (told !== undefined) usage = usageOf(told, usage)
    return { type: "evidence", responseId: hintText(message, "id"), usage }
  }

  const start = (message: Fields, index: number): void => {
    if (open.size >= mostOpenBlocks) return
    open.set(index, { block: hintFields(message, "content_block") ?? {}, parts: new Map() })
  }

  const grow = (message: Fields, index: number): void => {
    const delta = hintFields(message, "delta")
    const piece = pieces[hintText(delta ?? {}, "type") ?? ""]
    const block = open.get(index)
    if (delta === undefined || piece === undefined || block === undefined) return
    const part = block.parts.get(piece.of) ?? new BoundedText()
    block.parts.set(piece.of, part)
    const text = delta[piece.in]
    if (typeof text === "string") part.add(text)
  }

  const stop = (index: number): readonly Signal[] => {
    const block = open.get(index)
    open.delete(index)
    stopped += 1
    return block === undefined ? [] : [{ type: "item", item: finished(block, index) }]
  }

  return {
    reads: (event) => event !== "ping",
    frame: ({ data, event }) => {
      const message = parseFields(data) ?? {}
      const type = hintText(message, "type") ?? event
      const index = hintNumber(message, "index") ?? stopped
      switch (type) {
        case "message_start":
          return [evidence(hintFields(message, "message") ?? {})]
        case "content_block_start":
          start(message, index)
          return []
        case "content_block_delta":
          grow(message, index)
          return []
        case "content_block_stop":
          return stop(index)
        case "message_delta":
          return [evidence({ usage: message.usage })]
        case "message_stop":
          return [{ type: "terminal", outcome: "completed" }]
        case "error":
          return [{ type: "terminal", outcome: "failed", error: errorText(message.error) ?? "error" }]
        default:
          return []
      }
    },
    end: () => [],
    body: (body, length) => {
      if (!isFields(body)) return []
      if (body.error !== undefined) return [{ type: "terminal", outcome: "failed", error: errorText(body.error) }]
      const blocks: readonly unknown[] = Array.isArray(body.content) ? body.content : []
      const items = blocks.map((block, index): Signal => {
        const id = isFields(block) ? (hintText(block, "id") ?? hintText(block, "tool_use_id")) : undefined
        return { type: "item", item: { id, index, ...keptItem(block, length) } }
      })
      return [evidence(body), ...items, { type: "terminal", outcome: "completed" }]
    },
  }
}
