/**
 * Text that an agent streams. The protocol has only chunks. Consecutive chunks of one kind and one message are one item. It
 * ends when other content begins (another kind, another message, a tool call) or the turn ends.
 */
import type { ContentStream, ItemEnd, ItemKind } from "@threadfold/contracts"
import { type Fact, fact, pieceOf } from "../../runtime/Fact.js"
import { type Fields, hintText, isFields, needFields, needString, needText } from "../../runtime/readFields.js"
import type { Place, TextRun } from "./AcpSession.js"

interface TextKind {
  readonly kind: ItemKind
  readonly stream: ContentStream
  /** The beginning of the item's id. */
  readonly prefix: string
}

/** The kinds of update that carry text, with the stream of each. */
export const textKinds = {
  agent_message_chunk: { kind: "agent_message", stream: "text", prefix: "message" },
  agent_thought_chunk: { kind: "reasoning", stream: "summary", prefix: "thought" },
  user_message_chunk: { kind: "user_message", stream: "text", prefix: "user" },
} as const satisfies Record<string, TextKind>

export type TextUpdate = keyof typeof textKinds

/** Whether an update of this kind carries text. */
export const isText = (kind: string): boolean => Object.hasOwn(textKinds, kind)

const dataOf = (run: TextRun): Fields | undefined => {
  const data = {
    ...(run.messageId === undefined ? {} : { messageId: run.messageId }),
    ...(run.others.length === 0 ? {} : { content: [...run.others] }),
  }
  return Object.keys(data).length === 0 ? undefined : data
}

const nativeOf = (place: Place, run: TextRun) => ({
  threadId: place.thread.id,
  turnId: run.turnId,
  itemId: run.itemId,
})

/** Ends the open text, if there is one, with its whole text. */
export const endText = (place: Place, status: ItemEnd = "completed"): readonly Fact[] => {
  const { run } = place.session
  if (run === null) return []
  place.session.run = null
  const { kind, nativeKind, pieces } = run
  const text = pieces.join("")
  return [fact("item.completed", { kind, nativeKind, data: dataOf(run), status, text }, nativeOf(place, run))]
}

/** Ends an open text outside of any turn. Any other message of the agent does so, because no end of a turn will. */
export const endLooseText = (place: Place): readonly Fact[] =>
  place.session.run !== null && place.session.run.turnId === undefined ? endText(place) : []

const goesOn = (run: TextRun, nativeKind: string, turnId: string | undefined, messageId: string | undefined) =>
  run.nativeKind === nativeKind &&
  run.turnId === turnId &&
  (run.messageId === undefined || messageId === undefined || run.messageId === messageId)

/** The facts of a chunk. A chunk without content has none: some agents open a message with it. */
export const textChunk = (place: Place, nativeKind: TextUpdate, update: Fields): readonly Fact[] => {
  const { session } = place
  const content = needFields(update, "content")
  const isText = needText(content, "type") === "text"
  const piece = isText ? needString(content, "text") : ""
  if (isText && piece === "") return []
  const messageId = hintText(update, "messageId")
  const turnId = session.running?.turnId
  const { kind, prefix, stream } = textKinds[nativeKind]

  const facts: Fact[] = []
  let run = session.run
  if (run === null || !goesOn(run, nativeKind, turnId, messageId)) {
    facts.push(...endText(place))
    session.repeatable = []
    session.texts += 1
    run = { itemId: `${prefix}-${session.texts}`, kind, nativeKind, turnId, messageId, pieces: [], others: [] }
    session.run = run
    if (!isText) run.others.push(content)
    facts.push(fact("item.started", { kind, nativeKind, data: dataOf(run) }, nativeOf(place, run)))
  } else if (!isText) {
    run.others.push(content)
    facts.push(fact("item.updated", { data: dataOf(run) }, nativeOf(place, run)))
  }
  run.messageId ??= messageId
  if (isText) {
    run.pieces.push(piece)
    const join = (delta: string, frames: number, lastAt: number) => ({ stream, delta, frames, lastAt })
    facts.push(pieceOf("content.delta", nativeOf(place, run), [turnId, run.itemId, stream], piece, join))
  }
  return facts
}

/** The texts of content blocks. Other blocks are left out. */
export const textsOf = (blocks: readonly unknown[]): readonly string[] =>
  blocks.flatMap((block) =>
    isFields(block) && block.type === "text" && typeof block.text === "string" ? [block.text] : [],
  )
