/**
 * The messages of the model, which consist of content blocks. Each block comes as a stream of pieces first, and then as a
 * whole. The whole block completes its item. If the stream breaks off, the block ends as interrupted, with its text so far.
 */
import type { ContentStream, ItemEnd, ItemKind } from "@threadfold/contracts"
import { type Fact, fact, omitUndefined, pieceOf } from "../../runtime/Fact.js"
import {
  type Fields,
  hintFields,
  hintNumber,
  hintText,
  isFields,
  needFields,
  needString,
  needText,
  oneLine,
  rest,
} from "../../runtime/readFields.js"
import { type Block, nativeOf, type Session } from "./ClaudeSession.js"
import { readResult, textOf, toolCalled, toolDropped, toolEnded, toolStarted } from "./claudeTools.js"

const textKinds: ReadonlyMap<string, ItemKind> = new Map<string, ItemKind>([
  ["text", "agent_message"],
  ["thinking", "reasoning"],
  ["redacted_thinking", "reasoning"],
])

/** Blocks that call a tool of the agent, of the provider's server, or of a tool server that the provider calls. */
const toolCalls: ReadonlySet<string> = new Set(["tool_use", "server_tool_use", "mcp_tool_use"])

const itemOf = (session: Session, { itemId, turnId }: Pick<Block, "itemId" | "turnId">) =>
  nativeOf(session, turnId, { itemId })

/** The text of a whole block. Null: it has none. */
const wholeText = (block: Fields): string | null => {
  const text = block.type === "text" ? block.text : block.thinking
  return typeof text === "string" && text !== "" ? text : null
}

/** Citations of one message, and characters of the words that one cites, at most. */
const mostCitations = 100
const longestCited = 1_000

/** What a text cites, as data of its item: pages on the web with their address, or places of a document; undefined: nothing. */
export const citationsOf = (block: Fields): { readonly citations: readonly Fields[] } | undefined => {
  const given = Array.isArray(block.citations) ? block.citations.filter(isFields) : []
  if (given.length === 0) return undefined
  const citations = given.slice(0, mostCitations).map((one) =>
    omitUndefined({
      title: hintText(one, "title") ?? hintText(one, "document_title"),
      url: hintText(one, "url"),
      citedText: hintText(one, "cited_text")?.slice(0, longestCited),
    }),
  )
  return { citations }
}

const ended = (session: Session, block: Block, status: ItemEnd, text: string | null, whole: Fields = {}): Fact => {
  block.isOpen = false
  const data = citationsOf(whole)
  return fact(
    "item.completed",
    { kind: block.kind, nativeKind: block.type, status, text, data },
    itemOf(session, block),
  )
}

/** Ends the blocks that the model will not complete. */
export const dropBlocks = (session: Session): readonly Fact[] => {
  const open = [...(session.message?.blocks.values() ?? [])].filter(({ isOpen }) => isOpen)
  session.message = null
  return open.flatMap((block) => {
    const tool = session.tools.get(block.itemId)
    // The agent runs a call whose input is complete, so its result ends it.
    if (tool !== undefined) return tool.input === undefined ? [toolDropped(session, tool)] : []
    return [ended(session, block, "interrupted", null)]
  })
}

const blockStarted = (session: Session, index: number, content: Fields): readonly Fact[] => {
  const message = session.message
  const type = needText(content, "type")
  if (message === null) return []
  const turnId = session.running?.id
  if (toolCalls.has(type)) {
    const id = needText(content, "id")
    message.blocks.set(index, { itemId: id, turnId, kind: "tool_call", type, hasText: false, isOpen: true })
    return toolStarted(session, id, needText(content, "name"), undefined)
  }
  const kind = textKinds.get(type)
  if (kind === undefined) return []
  const text = wholeText(content)
  const itemId = `${message.id}:${index}`
  const block: Block = { itemId, turnId, kind, type, hasText: text !== null, isOpen: true }
  message.blocks.set(index, block)
  return [fact("item.started", { kind, nativeKind: type, text: text ?? undefined }, itemOf(session, block))]
}

const piece = (session: Session, block: Block, stream: ContentStream, text: string): Fact =>
  pieceOf(
    "content.delta",
    itemOf(session, block),
    [block.turnId, block.itemId, stream],
    text,
    (delta, frames, lastAt) => ({
      stream,
      delta,
      frames,
      lastAt,
    }),
  )

/**
 * A frame that adds no text to its block, such as the signature of a thought or an estimate of its length. It becomes a piece
 * without text, so that it does not separate the pieces around it.
 */
const filler = (session: Session, block: Block): Fact =>
  piece(session, block, block.hasText ? "summary" : "progress", "")

const blockDelta = (session: Session, block: Block, delta: Fields): readonly Fact[] => {
  switch (needText(delta, "type")) {
    case "text_delta":
      block.hasText = true
      return [piece(session, block, "text", needString(delta, "text"))]
    case "thinking_delta":
      block.hasText = true
      return [piece(session, block, "summary", needString(delta, "thinking"))]
    case "input_json_delta":
      return [piece(session, block, "input", needString(delta, "partial_json"))]
    case "signature_delta":
      return block.kind === "reasoning" ? [filler(session, block)] : []
    default:
      return []
  }
}

/** One event of the model's stream. */
export const streamEvent = (session: Session, event: Fields): readonly Fact[] => {
  const index = hintNumber(event, "index")
  const block = index === undefined ? undefined : session.message?.blocks.get(index)
  switch (needText(event, "type")) {
    case "message_start": {
      const dropped = dropBlocks(session)
      session.message = { id: needText(needFields(event, "message"), "id"), blocks: new Map() }
      return dropped
    }
    case "content_block_start":
      return index === undefined ? [] : blockStarted(session, index, needFields(event, "content_block"))
    case "content_block_delta":
      return block?.isOpen === true ? blockDelta(session, block, needFields(event, "delta")) : []
    default:
      return []
  }
}

/** The agent's estimate of the length of a thought. */
export const thinkingEstimate = (session: Session): readonly Fact[] => {
  const open = [...(session.message?.blocks.values() ?? [])].find(({ isOpen, kind }) => isOpen && kind === "reasoning")
  return open === undefined ? [] : [filler(session, open)]
}

/** The streamed block of a whole block: the first open block of its type. */
const streamed = (session: Session, messageId: string, type: string): Block | undefined =>
  session.message?.id === messageId
    ? [...session.message.blocks.values()].find((block) => block.isOpen && block.type === type)
    : undefined

/** The index of a block that was not streamed, so that its item gets an id of its own. */
const placeOf = (session: Session, messageId: string): number => {
  if (session.message?.id !== messageId) session.message = { id: messageId, blocks: new Map() }
  return session.message.blocks.size
}

const wholeBlock = (session: Session, messageId: string, content: Fields, wrapper: Fields): readonly Fact[] => {
  const type = needText(content, "type")
  const known = streamed(session, messageId, type)
  if (toolCalls.has(type)) {
    if (known !== undefined) known.isOpen = false
    const input = hintFields(content, "input") ?? {}
    return toolCalled(session, needText(content, "id"), needText(content, "name"), input)
  }
  const callId = hintText(content, "tool_use_id")
  const called = callId === undefined ? undefined : session.tools.get(callId)
  // The message holds the results of calls that the provider's server makes.
  if (called !== undefined) return toolEnded(session, called, readResult(wrapper, called.id, content))
  const kind = textKinds.get(type)
  const status: ItemEnd = wrapper.aborted === true ? "interrupted" : "completed"
  if (kind !== undefined && known !== undefined) return [ended(session, known, status, wholeText(content), content)]
  const index = placeOf(session, messageId)
  const block: Block = {
    itemId: `${messageId}:${index}`,
    turnId: session.running?.id,
    kind: kind ?? "other",
    type,
    hasText: true,
    isOpen: false,
  }
  session.message?.blocks.set(index, block)
  const data = kind === undefined ? rest(content, ["type"]) : undefined
  const started = fact("item.started", { kind: block.kind, nativeKind: type, data }, itemOf(session, block))
  return [started, ended(session, block, status, kind === undefined ? null : wholeText(content), content)]
}

/** A message that the agent makes where the model could not be reached. The turn's end reports the error, too. */
const apiError = (session: Session, messageId: string, message: Fields, wrapper: Fields): readonly Fact[] => {
  const native = nativeOf(session, session.running?.id, { itemId: messageId })
  const described = {
    kind: "other",
    nativeKind: "api_error",
    title: oneLine(textOf(message.content)),
    data: rest({ error: wrapper.error ?? null, status: wrapper.api_error_status ?? null }, []),
  } as const
  return [
    ...dropBlocks(session),
    fact("item.started", described, native),
    fact("item.completed", { ...described, status: "failed" }, native),
  ]
}

/** A whole message of the model, or one whole block of it. */
export const wholeMessage = (session: Session, wrapper: Fields): readonly Fact[] => {
  const message = needFields(wrapper, "message")
  const id = hintText(message, "id") ?? needText(wrapper, "uuid")
  if (wrapper.is_api_error_message === true || typeof wrapper.error === "string") {
    return apiError(session, id, message, wrapper)
  }
  const { content } = message
  const blocks = typeof content === "string" ? [{ type: "text", text: content }] : content
  return Array.isArray(blocks)
    ? blocks.flatMap((block) => (isFields(block) ? wholeBlock(session, id, block, wrapper) : []))
    : []
}

/** The results of tools, in a message of the agent to its model. Other content of it is a note of the agent. */
export const toolResults = (session: Session, wrapper: Fields): readonly Fact[] => {
  const { content } = needFields(wrapper, "message")
  if (!Array.isArray(content)) return []
  return content.flatMap((block) => {
    if (!isFields(block) || block.type !== "tool_result") return []
    const tool = session.tools.get(needText(block, "tool_use_id"))
    return tool?.isOpen === true ? toolEnded(session, tool, readResult(wrapper, tool.id, block)) : []
  })
}
