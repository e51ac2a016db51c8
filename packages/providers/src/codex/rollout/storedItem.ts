/**
 * Items as Codex stores them. Their names are not those of its wire (`CommandExecution` and `exit_code`, not `commandExecution` and
 * `exitCode`), and some members have another form. Here they become what the wire would have said.
 */
import {
  type Fields,
  hintArray,
  hintFields,
  hintNumber,
  hintText,
  hintTexts,
  isFields,
  renamed,
} from "../../runtime/readFields.js"
import { type ItemView, readItem } from "../translate/readItem.js"

const camelCase = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

/** Names of members as the wire has them. A file repeats a few dozen; more than that are not remembered. */
const camelNames = new Map<string, string>()
const mostNames = 1_024

const wireName = (name: string): string => {
  if (!name.includes("_")) return name
  const known = camelNames.get(name)
  if (known !== undefined) return known
  const made = camelCase(name)
  if (camelNames.size < mostNames && name.length <= 64) camelNames.set(name, made)
  return made
}

const inCamelCase = (fields: Fields): Fields => renamed(fields, wireName)

const isPlain = /^[\w@%+=:,./-]+$/

/** A command line as a shell takes it. */
export const commandLine = (words: readonly string[]): string =>
  words.map((word) => (isPlain.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(" ")

/** The command of a call: a list of words, or one text. */
export const commandOf = (fields: Fields, key = "command"): string | undefined => {
  const words = hintTexts(fields, key)
  return words.length > 0 ? commandLine(words) : hintText(fields, key)
}

/** `{secs, nanos}` in milliseconds. */
export const durationOf = (fields: Fields): number | undefined => {
  const duration = hintFields(fields, "duration") ?? {}
  const seconds = hintNumber(duration, "secs")
  return seconds === undefined ? undefined : Math.round(seconds * 1000 + (hintNumber(duration, "nanos") ?? 0) / 1e6)
}

/** The changes of a patch by their paths, as a list. Older versions name the kind of a change as its only member. */
export const changesOf = (changes: Fields): readonly Fields[] =>
  Object.entries(changes).flatMap(([path, change]) => {
    if (!isFields(change)) return []
    const named = ["add", "delete", "update"].find((name) => isFields(change[name]))
    const type = hintText(change, "type") ?? named
    const body = named === undefined ? change : (hintFields(change, named) ?? {})
    const diff = hintText(body, "unified_diff") ?? hintText(body, "content")
    return [
      { path, kind: { type: type ?? "update", move_path: hintText(body, "move_path") ?? null }, diff: diff ?? "" },
    ]
  })

const joined = (parts: readonly unknown[]): string =>
  parts.flatMap((part) => (isFields(part) && typeof part.text === "string" ? [part.text] : [])).join("")

/** Members in the form of the wire, for the types whose stored form differs. */
const replaced: ReadonlyMap<string, (item: Fields) => Fields> = new Map<string, (item: Fields) => Fields>([
  ["AgentMessage", (item) => ({ text: joined(hintArray(item, "content")), content: null })],
  [
    "Reasoning",
    (item) => ({
      summary: hintTexts(item, "summary_text"),
      summaryText: null,
      content: hintTexts(item, "raw_content"),
      rawContent: null,
    }),
  ],
  ["CommandExecution", (item) => ({ command: commandOf(item), durationMs: durationOf(item), duration: null })],
  ["FileChange", (item) => ({ changes: changesOf(hintFields(item, "changes") ?? {}) })],
  ["McpToolCall", (item) => ({ durationMs: durationOf(item), duration: null })],
  ["CollabAgentToolCall", (item) => ({ tool: camelCase(hintText(item, "tool") ?? "") })],
])

/** Reads a stored item. Its id and type are required. */
export const readStoredItem = (item: Fields): ItemView => {
  const type = hintText(item, "type") ?? ""
  const wireType = type.charAt(0).toLowerCase() + type.slice(1)
  return readItem({ ...inCamelCase(item), ...replaced.get(type)?.(item), type: wireType })
}
