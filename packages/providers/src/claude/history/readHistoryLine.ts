/** Reads one line of a session file, in which Claude Code keeps a conversation (`projects/<folder>/<session>.jsonl`). */
import { isTooDeep, readWireJson } from "@threadfold/contracts"
import { type Fields, hintFields, hintText, isFields } from "../../runtime/readFields.js"

/** A line of a session file. */
export interface HistoryLine {
  /** Time of the line, ms since the epoch; null: it has none. */
  readonly at: number | null
  readonly type: string
  /** Session that the line names; undefined: it names none. */
  readonly sessionId: string | undefined
  readonly fields: Fields
}

const isoTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}/

const timeOf = (fields: Fields): number | null => {
  const text = hintText(fields, "timestamp")
  const at = text !== undefined && isoTime.test(text) ? Date.parse(text) : Number.NaN
  return Number.isFinite(at) && at >= 0 ? at : null
}

/** Reads a line. A line of a type that is not known is read, too. */
export const readHistoryLine = (text: string): HistoryLine | { readonly problem: string } => {
  const fields = readWireJson(text)
  if (fields === undefined) {
    return { problem: isTooDeep(text) ? "nested too deeply" : "not JSON: the line is broken or cut" }
  }
  if (!isFields(fields)) return { problem: "not a JSON object" }
  const type = hintText(fields, "type")
  if (type === undefined) return { problem: "type: expected a text" }
  return { at: timeOf(fields), type, sessionId: hintText(fields, "sessionId"), fields }
}

/** The content blocks of a message: one text counts as one block of text. */
export const blocksOf = (fields: Fields): readonly Fields[] => {
  const content = hintFields(fields, "message")?.content
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }]
  return Array.isArray(content) ? content.filter(isFields) : []
}

/** The texts of blocks, joined by a blank line. */
export const textIn = (blocks: readonly Fields[]): string =>
  blocks.flatMap((block) => (block.type === "text" && typeof block.text === "string" ? [block.text] : [])).join("\n\n")

const tag = (text: string, name: string): string | undefined =>
  new RegExp(`<${name}>([\\s\\S]*?)</${name}>`).exec(text)?.[1]?.trim()

/** What a person wrote: a command that the program has put into tags reads as it was typed. */
export const typedText = (text: string): string => {
  const name = tag(text, "command-name")
  if (name !== undefined) return `${name} ${tag(text, "command-args") ?? ""}`.trim()
  const shell = text.startsWith("<bash-input>") ? tag(text, "bash-input") : undefined
  return shell === undefined ? text : `!${shell}`
}

/** The output of a command that the program ran by itself, without the model. */
export const isLocalOutput = (text: string): boolean =>
  /^\s*<(?:local-command-stdout|local-command-stderr|bash-stdout|bash-stderr)>/.test(text)

/** The program's mark of an interrupt. */
export const isInterruptMark = (text: string): boolean => text.startsWith("[Request interrupted by user")
