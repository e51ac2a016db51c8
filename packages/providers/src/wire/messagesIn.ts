/**
 * Finds the messages in a line that is no JSON as a whole. Other output (escape sequences of a terminal, a progress bar, a
 * prompt without a line end) may stand before or after a message, and two messages may share a line.
 */
import { readWireJson } from "@threadfold/contracts"
import { isFields } from "../runtime/readFields.js"

/** A message, and the end of the part of the line that holds it. */
export interface Found {
  readonly message: unknown
  readonly end: number
}

/** How many braces may turn out to begin no message before the search ends. */
const maxTries = 16
/** How many messages are read from one line at most. */
const maxMessages = 64

const escape = "\u001b"
const bell = "\u0007"

/** A frame of any of the protocols: a call, a notification or an answer of JSON-RPC, or a message with a type. */
const isMessage = (value: unknown): boolean =>
  isFields(value) &&
  (typeof value.method === "string" ||
    typeof value.type === "string" ||
    (Object.hasOwn(value, "id") && (Object.hasOwn(value, "result") || Object.hasOwn(value, "error"))))

/**
 * Whether a brace begins an object. If reading that object fails, it is a torn or too deep message, and the objects inside it
 * are no messages.
 */
const beginsObject = (text: string, from: number): boolean => /^\{\s*"/.test(text.slice(from, from + 64))

/** The end of the escape sequence at `from`: a control sequence, a command to the terminal, or two characters. */
const escapeEnd = (text: string, from: number): number => {
  const kind = text[from + 1]
  let at = from + 2
  if (kind === "[") {
    while (at < text.length && text.charCodeAt(at) >= 0x20 && text.charCodeAt(at) < 0x40) at += 1
    return Math.min(at + 1, text.length)
  }
  if (kind === "]" || kind === "P" || kind === "_" || kind === "^") {
    while (at < text.length && text[at] !== bell && text[at] !== escape) at += 1
    return Math.min(text[at] === escape ? at + 2 : at + 1, text.length)
  }
  return Math.min(at, text.length)
}

/** The end of the object at `from`, and its text without escape sequences. Null: the object does not end. */
const objectAt = (text: string, from: number): { readonly end: number; readonly json: string } | null => {
  let depth = 0
  let inString = false
  let json = ""
  let copied = from
  for (let at = from; at < text.length; at += 1) {
    const unit = text[at]
    if (unit === escape) {
      json += text.slice(copied, at)
      at = escapeEnd(text, at) - 1
      copied = at + 1
    } else if (inString) {
      if (unit === "\\") at += 1
      else if (unit === '"') inString = false
    } else if (unit === '"') inString = true
    else if (unit === "{") depth += 1
    else if (unit === "}") {
      depth -= 1
      if (depth === 0) return { end: at + 1, json: json + text.slice(copied, at + 1) }
    }
  }
  return null
}

/** The messages of a line that is no JSON, in order. The search costs a few passes over the line at most. */
export const messagesIn = (text: string, isWanted: (value: unknown) => boolean = isMessage): readonly Found[] => {
  const found: Found[] = []
  let tries = 0
  let at = 0
  while (tries < maxTries && found.length < maxMessages) {
    const begin = text.indexOf("{", at)
    if (begin === -1) break
    const object = objectAt(text, begin)
    const message = object === null ? undefined : readWireJson(object.json)
    if (object !== null && message !== undefined) {
      if (isWanted(message)) found.push({ message, end: object.end })
      else tries += 1
      at = object.end
    } else if (beginsObject(text, begin)) {
      break
    } else {
      tries += 1
      at = begin + 1
    }
  }
  return found
}
