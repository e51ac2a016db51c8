/**
 * The recording format: one JSON object per line, `{ts, dir, msg | line | event}` (`RecordingLine` in contracts). A line that
 * is not such an object becomes a problem with a reason. The other lines are read all the same.
 */
import { isTooDeep, readWireJson } from "@threadfold/contracts"
import type { WireLine } from "../Translator.js"
import { messagesIn } from "./messagesIn.js"

/** Why a line could not be read. */
export interface RecordingProblem {
  readonly problem: string
}

const isoTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}/

const isRecorded = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "ts" in value && "dir" in value

/** The recorded line inside a text that is no JSON as a whole. Undefined: there is none, or more than one. */
const amidNoise = (text: string): unknown => {
  const found = messagesIn(text, isRecorded)
  return found.length === 1 ? found[0]?.message : undefined
}

/** Reads one line. The text is kept verbatim as `raw`. */
export const parseRecordingLine = (text: string): WireLine | RecordingProblem => {
  const whole = readWireJson(text)
  const parsed = whole === undefined ? amidNoise(text) : whole
  if (parsed === undefined) {
    return { problem: isTooDeep(text) ? "nested too deeply" : "not JSON: the line is broken or cut" }
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) return { problem: "not a JSON object" }
  const members: ReadonlyMap<string, unknown> = new Map(Object.entries(parsed))

  const ts = members.get("ts")
  if (typeof ts !== "string" || !isoTime.test(ts)) return { problem: "ts: expected an ISO time" }
  const at = Date.parse(ts)
  if (!Number.isFinite(at)) return { problem: "ts: expected an ISO time" }
  const dir = members.get("dir")
  if (typeof dir !== "string" || dir === "") return { problem: "dir: expected a text" }

  const line = { at, dir, raw: text }
  switch (dir) {
    case "send":
    case "recv":
      return members.has("msg") ? { ...line, message: members.get("msg") } : { problem: "msg: a message line has none" }
    case "stderr": {
      const said = members.get("line")
      return typeof said === "string" ? { ...line, text: said } : { problem: "line: expected a string" }
    }
    case "meta": {
      const event = members.get("event")
      if (typeof event !== "string") return { problem: "event: expected a string" }
      const own = ["ts", "dir", "event"]
      const fields = Object.fromEntries([...members].filter(([name]) => !own.includes(name)))
      return { ...line, event, fields }
    }
    default:
      return line
  }
}

/** A whole recording: its lines in order, and the lines that could not be read. Blank lines are in neither list. */
export interface Recording {
  readonly lines: readonly WireLine[]
  readonly problems: readonly { readonly line: number; readonly problem: string }[]
}

/** Reads a recording. Line numbers count from 1 and include blank lines, as in an editor. */
export const readRecording = (text: string): Recording => {
  const lines: WireLine[] = []
  const problems: { line: number; problem: string }[] = []
  for (const [index, raw] of text.split("\n").entries()) {
    if (raw.trim() === "") continue
    const parsed = parseRecordingLine(raw)
    if ("problem" in parsed) problems.push({ line: index + 1, problem: parsed.problem })
    else lines.push(parsed)
  }
  return { lines, problems }
}
