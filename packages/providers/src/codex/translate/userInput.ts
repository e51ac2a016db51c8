/** What a user said: the `input` of a turn and the `content` of a user message are lists of the same parts. */
import { type Fields, isFields, WrongShape } from "../../runtime/readFields.js"

export interface UserInput {
  /** The text parts, joined by a blank line; null where there is none. */
  readonly text: string | null
  /** The parts that are no text (images, audio, skills, mentions), in the provider's words. */
  readonly others: readonly Fields[]
}

/** Reads the parts. A list that is absent holds none; a part that is no object, or a text part without text, is refused. */
export const readUserInput = (parts: unknown): UserInput => {
  if (parts === undefined || parts === null) return { text: null, others: [] }
  if (!Array.isArray(parts)) throw new WrongShape("input: expected an array of parts")
  const texts: string[] = []
  const others: Fields[] = []
  for (const part of parts) {
    if (!isFields(part)) throw new WrongShape("input: expected an array of parts")
    if (part.type !== "text") others.push(part)
    else if (typeof part.text === "string") texts.push(part.text)
    else throw new WrongShape("input: expected a text part with its text")
  }
  return { text: texts.length === 0 ? null : texts.join("\n\n"), others }
}
