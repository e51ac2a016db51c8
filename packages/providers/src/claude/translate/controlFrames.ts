/** Reads lines before they are mapped: their frame, their name, and messages of the user. */

import { makeSource, type Source } from "../../runtime/Draft.js"
import {
  type Fields,
  hintFields,
  hintText,
  isFields,
  mayHaveId,
  needFields,
  WrongShape,
} from "../../runtime/readFields.js"
import type { WireLine } from "../../Translator.js"
import type { SentMessage } from "./ClaudeSession.js"

/** A line while it is translated. */
export interface Line extends Source {
  /** True once an event was recorded for it. */
  readonly isRecorded: () => boolean
}

export const makeLine = ({ at, raw }: WireLine): Line => {
  const source = makeSource(at, at, raw)
  let isRecorded = false
  return {
    ...source,
    takeRaw: () => {
      isRecorded = true
      return source.takeRaw()
    },
    isRecorded: () => isRecorded,
  }
}

/** The known requests of the client. Answers and messages of the agent show their outcome. */
export const knownRequests: ReadonlySet<string> = new Set([
  "initialize",
  "interrupt",
  "set_model",
  "set_permission_mode",
  "set_max_thinking_tokens",
  "apply_flag_settings",
  "mcp_status",
  "rewind_files",
  "stop_task",
])

/** Questions of the agent that the SDK answers by itself. */
export const ownQuestions: ReadonlySet<string> = new Set(["hook_callback", "mcp_message"])

/** Whether a message is the agent's note to its model that the user has interrupted it. */
export const isInterruptNote = (wrapper: Fields): boolean => {
  const content = hintFields(wrapper, "message")?.content
  const first: unknown = Array.isArray(content) ? content[0] : content
  const text: unknown = isFields(first) ? first.text : first
  return typeof text === "string" && text.startsWith("[Request interrupted by user")
}

/** The name of a message in `provider.unmapped`. */
export const nameOf = (type: string, message: Fields): string => {
  const detail =
    hintText(message, "subtype") ?? hintText(hintFields(message, "event") ?? {}, "type") ?? hintText(message, "state")
  return detail === undefined ? type : `${type}:${detail}`
}

/** The parts of a user message: a text, or a list of content blocks. */
const partsOf = (content: unknown): readonly Fields[] => {
  if (typeof content === "string") return [{ type: "text", text: content }]
  if (Array.isArray(content) && content.every(isFields)) return content
  throw new WrongShape("content: expected a string or an array of blocks")
}

/** Reads a message of the user. `count`: the number of messages before it, for the name of a message without an id. */
export const readUserMessage = (message: Fields, count: number, ours: string | undefined): SentMessage => {
  const parts = partsOf(needFields(message, "message").content)
  const texts = parts.flatMap((part) => (part.type === "text" && typeof part.text === "string" ? [part.text] : []))
  return {
    key: mayHaveId(message, "uuid") ?? `message-${count + 1}`,
    text: texts.length === 0 ? null : texts.join("\n\n"),
    others: parts.filter((part) => part.type !== "text"),
    ours,
    isRecorded: false,
  }
}
