/** The first words of a thread, as a list shows them: one line of at most 80 characters, cut between words. */
import { get, list, text } from "./readWire.js"

/** A message of the user that gave a thread its first words. */
export interface WordsNotes {
  readonly words: string
  /** Its turn, or the call that asks for one. */
  readonly of: { readonly turnId: string } | { readonly callId: string } | null
}

const longest = 80

/** Null: the text has no words. */
export const wordsOf = (said: string | null): string | null => {
  const [first, ...rest] = (said ?? "").split(/\s+/).filter((word) => word !== "")
  if (first === undefined) return null
  const whole = [first, ...rest].join(" ")
  if (whole.length <= longest) return whole
  let line = first
  for (const word of rest) {
    if (line.length + 1 + word.length >= longest) break
    line = `${line} ${word}`
  }
  return `${line.slice(0, longest - 1)}…`
}

/** The text parts of what a user sends. */
export const textParts = (input: unknown): string | null => {
  const parts = list(input).flatMap((part) => (get(part, "type") === "text" ? [text(get(part, "text")) ?? ""] : []))
  return parts.length === 0 ? null : parts.join("\n\n")
}

/** What a call asks for, in words; null: it asks for no turn of the thread that it names. */
export const askedFor = (method: string, params: unknown): string | null => {
  if (method === "turn/start") return textParts(get(params, "input"))
  if (method !== "review/start" || get(params, "delivery") === "detached") return null
  const target = get(params, "target")
  const names = ["instructions", "branch", "title", "sha"].map((name) => text(get(target, name)))
  const what = [text(get(target, "type")), names.find((name) => name !== null) ?? null].filter((one) => one !== null)
  return `review: ${what.join(" ")}`
}
