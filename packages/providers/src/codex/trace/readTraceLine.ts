/**
 * Reads one line of the log of a rollout trace (`trace.jsonl`), which Codex writes where `CODEX_ROLLOUT_TRACE_ROOT` is set. The envelope
 * is the same in both versions of the format: `{schema_version, seq, wall_time_unix_ms, rollout_id, thread_id, codex_turn_id, payload}`
 * with the event in `payload`, by its `type`. Long bodies are in files beside the log; the event names them.
 */
import { isTooDeep, maxNativeIdLength, maxTime, readWireJson } from "@threadfold/contracts"
import { type Fields, hintFields, hintNumber, hintText, isFields } from "../../runtime/readFields.js"

/** Versions of the format that can be read. */
export const traceVersions: readonly number[] = [1, 2]

/** What is said of a trace of a version that cannot be read. */
export const unknownTraceVersion = (version: unknown): string =>
  `schema version ${JSON.stringify(version)} of Codex's traces; versions ${traceVersions.join(" and ")} can be read`

/** A line. */
export interface TraceLine {
  /** Place of the event in the log, from 1, as its writer counted. */
  readonly seq: number
  /** Time of the event, ms since the epoch; null: the line has none that a clock can show. */
  readonly at: number | null
  /** The thread and the turn that the envelope names. */
  readonly threadId: string | undefined
  readonly turnId: string | undefined
  readonly type: string
  readonly payload: Fields
}

/** A body that an event names. */
export interface TracePayloadRef {
  /** Where the file lies in the bundle, as written: it may be any text. */
  readonly path: string
  /** What it is, for example `inference_request`. */
  readonly kind: string
}

/** An id of the trace. Undefined: there is none, or one that is too long to be one. */
export const traceId = (fields: Fields, key: string): string | undefined => {
  const id = hintText(fields, key)
  return id === undefined || id.length > maxNativeIdLength ? undefined : id
}

/** Reads a line. An event of a type that is not known is read, too; only what has no envelope is a problem. */
export const readTraceLine = (text: string): TraceLine | { readonly problem: string } => {
  const parsed = readWireJson(text)
  if (parsed === undefined) {
    return { problem: isTooDeep(text) ? "nested too deeply" : "not JSON: the line is broken or cut" }
  }
  if (!isFields(parsed)) return { problem: "not a JSON object" }
  const { schema_version: version, seq, wall_time_unix_ms: time } = parsed
  if (!traceVersions.some((known) => known === version)) return { problem: unknownTraceVersion(version ?? null) }
  if (typeof seq !== "number" || !Number.isSafeInteger(seq) || seq < 0) {
    return { problem: "seq: expected a whole number" }
  }
  const payload = hintFields(parsed, "payload")
  const type = payload === undefined ? undefined : hintText(payload, "type")
  if (payload === undefined || type === undefined) return { problem: "payload: expected an object with a type" }
  const isTime = typeof time === "number" && Number.isInteger(time) && time >= 0 && time <= maxTime
  return {
    seq,
    at: isTime ? time : null,
    threadId: traceId(parsed, "thread_id"),
    turnId: traceId(parsed, "codex_turn_id"),
    type: type.slice(0, 200),
    payload,
  }
}

/** How many bodies one event may name, and how deep in it: Codex's own events name two at most. */
const mostRefs = 100
const deepestRef = 4

/** The bodies that an event names, in their order. */
export const payloadRefs = ({ payload }: TraceLine): readonly TracePayloadRef[] => {
  const refs: TracePayloadRef[] = []
  const look = (value: unknown, depth: number): void => {
    if (depth > deepestRef || refs.length >= mostRefs || typeof value !== "object" || value === null) return
    if (isFields(value) && typeof value.raw_payload_id === "string") {
      const kind = hintText(hintFields(value, "kind") ?? {}, "type") ?? hintText(value, "kind") ?? "unknown"
      refs.push({ path: typeof value.path === "string" ? value.path : "", kind: kind.slice(0, 100) })
      return
    }
    for (const member of Object.values(value)) look(member, depth + 1)
  }
  look(payload, 0)
  return refs
}

/** The version that the manifest of a bundle names. Undefined: it names none. */
export const manifestVersion = (manifest: Fields): number | undefined => hintNumber(manifest, "schema_version")
