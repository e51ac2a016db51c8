/**
 * Reads one line of a rollout file, the file in which Codex keeps a thread. Three forms are known. Since September 2025 a line is
 * `{timestamp, type, payload}`, since 2026 with an `ordinal`. Before, the first line was the bare metadata, and every other line a bare
 * response item without a time.
 */
import { isTooDeep, readWireJson } from "@threadfold/contracts"
import { type Fields, hintFields, hintNumber, hintText, isFields } from "../../runtime/readFields.js"

/** A line in one form, whatever version wrote it. */
export interface RolloutLine {
  /** Time of the line, ms since the epoch; null: a bare line has none. */
  readonly at: number | null
  /** `session_meta`, `response_item`, `event_msg`, `turn_context`, `compacted`, …; `state` for a bare record. */
  readonly type: string
  readonly payload: Fields
  /** Place of the line in the thread, from 0; undefined: the version counts none. */
  readonly ordinal: number | undefined
  /** True: the line is of the oldest form. */
  readonly isBare: boolean
}

const isoTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}/

/** Milliseconds of an ISO time, whole. Undefined: the text is none. */
export const timeOf = (text: string | undefined): number | undefined => {
  if (text === undefined || !isoTime.test(text)) return undefined
  const at = Date.parse(text)
  return Number.isFinite(at) && at >= 0 ? at : undefined
}

const bare = (fields: Fields): RolloutLine | undefined => {
  const line = { at: null, ordinal: undefined, isBare: true }
  const { id, record_type: record, timestamp, type } = fields
  if (typeof type === "string" && type !== "") return { ...line, type: "response_item", payload: fields }
  if (typeof record === "string") return { ...line, type: record, payload: fields }
  if (typeof id !== "string" || typeof timestamp !== "string") return undefined
  const at = timeOf(timestamp)
  return at === undefined ? undefined : { ...line, at, type: "session_meta", payload: fields }
}

/** Reads a line. A line of a type that is not known is read, too; only what has none of the forms is a problem. */
export const readRolloutLine = (text: string): RolloutLine | { readonly problem: string } => {
  const parsed = readWireJson(text)
  if (parsed === undefined) {
    return { problem: isTooDeep(text) ? "nested too deeply" : "not JSON: the line is broken or cut" }
  }
  if (!isFields(parsed)) return { problem: "not a JSON object" }
  const type = hintText(parsed, "type")
  if (type === undefined || !Object.hasOwn(parsed, "payload")) {
    return bare(parsed) ?? { problem: "neither a line with a type and a payload, nor one of the oldest form" }
  }
  const at = timeOf(hintText(parsed, "timestamp"))
  if (at === undefined) return { problem: "timestamp: expected an ISO time" }
  const payload = hintFields(parsed, "payload")
  if (payload === undefined) return { problem: "payload: expected an object" }
  return { at, type, payload, ordinal: hintNumber(parsed, "ordinal"), isBare: false }
}
