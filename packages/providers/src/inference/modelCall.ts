/** Which calls of an agent are calls of a model, by their method and path, and what they ask for. */
import { chatReader } from "./ChatReader.js"
import { messagesReader } from "./MessagesReader.js"
import { responsesReader } from "./ResponsesReader.js"
import type { ProtocolReader } from "./Signal.js"

/** A protocol by which models are called. */
export interface ModelProtocol {
  readonly name: "openai-responses" | "openai-chat" | "anthropic-messages"
  readonly reader: () => ProtocolReader
}

const responses: ModelProtocol = { name: "openai-responses", reader: responsesReader }
const protocols: readonly (ModelProtocol & { readonly path: RegExp })[] = [
  { ...responses, path: /\/responses(\/compact)?$/ },
  { name: "openai-chat", path: /\/chat\/completions$/, reader: chatReader },
  { name: "anthropic-messages", path: /\/messages$/, reader: messagesReader },
]

/** The protocol of a call. Null: it is none of a model, such as a list of models or a count of tokens. */
export const protocolOf = (method: string, path: string): ModelProtocol | null =>
  method === "POST" ? (protocols.find((one) => one.path.test(path)) ?? null) : null

/** The protocol of the calls over a WebSocket with this path. Null: they are none of a model. */
export const socketProtocolOf = (path: string): ModelProtocol | null => (/\/responses$/.test(path) ? responses : null)

/** Longest name of a model that is taken from a request. */
const longestName = 200

/**
 * The member `model` of the outermost object in the beginning of a JSON text; null: it is not in there, or is no text. The body is
 * not parsed as a whole: it may be long, and agents say the model first.
 */
export const modelIn = (beginning: string): string | null => {
  let depth = 0
  let at = 0
  let expectsName = false
  while (at < beginning.length) {
    const character = beginning[at]
    if (character === '"') {
      const end = endOfText(beginning, at)
      if (end === -1) return null
      if (depth === 1 && expectsName) {
        if (beginning.slice(at, end) === '"model"') {
          const value = /^\s*:\s*("(?:[^"\\]|\\.)*")/.exec(beginning.slice(end, end + 6 * longestName))?.[1]
          return value === undefined ? null : textOf(value)
        }
        expectsName = false
      }
      at = end
      continue
    }
    if (character === "{" || character === "[") depth += 1
    if (character === "}" || character === "]") depth -= 1
    if (character === "{" || character === ",") expectsName = true
    at += 1
  }
  return null
}

/** Where a JSON text that begins here ends, exclusive; -1: it does not. */
const endOfText = (json: string, start: number): number => {
  let at = start + 1
  while (at < json.length) {
    if (json[at] === "\\") at += 2
    else if (json[at] === '"') return at + 1
    else at += 1
  }
  return -1
}

const textOf = (json: string): string | null => {
  try {
    const text: unknown = JSON.parse(json)
    return typeof text === "string" && text !== "" ? text.slice(0, longestName) : null
  } catch {
    return null
  }
}
