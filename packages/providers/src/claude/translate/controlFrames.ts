/** What the translator looks at in a line before it knows what the line means. */

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

/** A line on its way through the mappings. */
export interface Line extends Source {
  /** True once something was told of it. */
  readonly isTold: () => boolean
}

export const makeLine = ({ at, raw }: WireLine): Line => {
  const source = makeSource(at, at, raw)
  let isTold = false
  return {
    ...source,
    takeRaw: () => {
      isTold = true
      return source.takeRaw()
    },
    isTold: () => isTold,
  }
}

/** Orders to the agent that are known and that its answers, or its messages, tell the outcome of. */
export const orders: ReadonlySet<string> = new Set([
  "initialize",
  "interrupt",
  "set_model",
  "set_permission_mode",
  "set_max_thinking_tokens",
  "apply_flag_settings",
  "mcp_status",
  "stop_task",
])

/** Questions of the agent that its SDK answers without asking anybody. */
export const ownQuestions: ReadonlySet<string> = new Set(["hook_callback", "mcp_message"])

/** True: the agent's note to its model that the user stopped it. */
export const isInterruptNote = (wrapper: Fields): boolean => {
  const content = hintFields(wrapper, "message")?.content
  const first: unknown = Array.isArray(content) ? content[0] : content
  const text: unknown = isFields(first) ? first.text : first
  return typeof text === "string" && text.startsWith("[Request interrupted by user")
}

/** The name of a message as `provider.unmapped` tells it. */
export const nameOf = (type: string, message: Fields): string => {
  const detail =
    hintText(message, "subtype") ?? hintText(hintFields(message, "event") ?? {}, "type") ?? hintText(message, "state")
  return detail === undefined ? type : `${type}:${detail}`
}

/** Parts of what the user says: a text, or a list of content blocks. */
const partsOf = (content: unknown): readonly Fields[] => {
  if (typeof content === "string") return [{ type: "text", text: content }]
  if (Array.isArray(content) && content.every(isFields)) return content
  throw new WrongShape("content: expected a string or an array of blocks")
}

/** What the user says; `count`: how many messages there were before it, for one without an id. */
export const readUserMessage = (message: Fields, count: number, ours: string | undefined): SentMessage => {
  const parts = partsOf(needFields(message, "message").content)
  const texts = parts.flatMap((part) => (part.type === "text" && typeof part.text === "string" ? [part.text] : []))
  return {
    key: mayHaveId(message, "uuid") ?? `message-${count + 1}`,
    text: texts.length === 0 ? null : texts.join("\n\n"),
    others: parts.filter((part) => part.type !== "text"),
    ours,
    isTold: false,
  }
}
