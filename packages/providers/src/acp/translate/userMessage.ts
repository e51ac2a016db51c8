/**
 * The user's message, as an item of its turn. An agent does not repeat a prompt to the client that sent it, so the item is
 * recorded where the turn begins. Some agents repeat it even so, before other content. The repetition is no second item.
 */

import { type Fact, fact } from "../../runtime/Fact.js"
import { type Fields, hintText, isFields } from "../../runtime/readFields.js"
import type { Place, Prompt, Session } from "./AcpSession.js"
import { textsOf } from "./textRuns.js"

const isText = (part: unknown): boolean => isFields(part) && part.type === "text" && typeof part.text === "string"

/** The prompt as an item, which is complete at once. A prompt without parts is no item. */
export const userMessage = ({ thread }: Place, { content, itemId, turnId }: Prompt): readonly Fact[] => {
  if (content.length === 0) return []
  const native = { threadId: thread.id, turnId, itemId }
  const texts = textsOf(content)
  const others = content.filter((part) => !isText(part))
  const data = others.length === 0 ? undefined : { content: others }
  const item = { kind: "user_message", nativeKind: "prompt", data } as const
  const text = texts.length === 0 ? null : texts.join("\n\n")
  return [fact("item.started", item, native), fact("item.completed", { ...item, status: "completed", text }, native)]
}

/** The parts of a prompt that its agent may repeat. */
export const repeatableParts = ({ content }: Prompt): readonly Fields[] =>
  content.filter(isFields).filter((part) => part.type !== "text" || hintText(part, "text") !== undefined)

/**
 * Whether a chunk repeats the next part of the running prompt. If so, the part after it is next. A text may be repeated in
 * pieces. Another part is compared by its type.
 */
export const repeatsPrompt = (session: Session, update: Fields): boolean => {
  const [next, ...others] = session.repeatable
  const { content } = update
  if (next === undefined || !isFields(content) || content.type !== next.type) return false
  if (next.type !== "text") {
    session.repeatable = others
    return true
  }
  const whole = hintText(next, "text") ?? ""
  const piece = hintText(content, "text")
  if (piece === undefined || !whole.startsWith(piece)) return false
  const left = whole.slice(piece.length)
  session.repeatable = left === "" ? others : [{ ...next, text: left }, ...others]
  return true
}
