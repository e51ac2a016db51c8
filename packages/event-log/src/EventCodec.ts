/**
 * Between the stored row of an event and its envelope. Stored rows are parsed, never decoded against a schema: they
 * were checked when they came in, and a bad one must not stop the others.
 */
import { Actor, type EventEnvelope } from "@threadfold/contracts"
import { upcast } from "@threadfold/core"
import { type EventRow, eventFields } from "./EventRow.js"

/** An envelope from the log. */
export interface StoredEvent extends EventEnvelope {
  /**
   * Present where the row cannot be read (damaged JSON, an actor of a newer version). The payload is then null, which
   * no known type allows: the fold keeps the event as an anomaly and does not apply it.
   */
  readonly unreadable?: true
}

const actors: ReadonlySet<string> = new Set(Actor.literals)
const isActor = (text: string): text is Actor => actors.has(text)

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** What stands for JSON that cannot be parsed. */
const damaged = Symbol("damaged")

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return damaged
  }
}

/**
 * The envelope of a row, lifted to the current version of its type where there is a way up; otherwise as it was stored,
 * and the fold notes why it is not applied. Never throws.
 */
export const decodeRow = (row: EventRow): StoredEvent => {
  const payload = parse(row.payload)
  const native = row.native === null ? null : parse(row.native)
  const actor = isActor(row.actor) ? row.actor : null
  const readable = payload !== damaged && (native === null || isObject(native)) && actor !== null
  const envelope: EventEnvelope = {
    ...row,
    actor: actor ?? "orchestrator",
    native: isObject(native) ? native : null,
    payload: readable ? payload : null,
  }
  return readable ? upcast(envelope).event : { ...envelope, unreadable: true }
}

/** Text that JSON takes as it is: every id, type and channel of ours. */
const plain = /^[\w.:/ -]*$/
const text = (value: string): string => (plain.test(value) ? `"${value}"` : JSON.stringify(value))

/** A value of a column that holds no JSON, as JSON. */
const valueJson = (value: string | number | null): string => (typeof value === "string" ? text(value) : `${value}`)

/** The fields that hold no JSON. */
const plainFields = eventFields.filter((field) => field !== "native" && field !== "payload")

const isJson = (text: string): boolean => parse(text) !== damaged

/**
 * The public JSON of an event, on one line: the stored texts of `native` and `payload` are spliced in as they are. They
 * are looked over first, because one damaged row must not break a client's stream: such an event goes out with null
 * for that part and `"unreadable":true`.
 */
export const encodeEnvelopeJson = (row: EventRow): string => {
  const payload = isJson(row.payload)
  const native = row.native === null || isJson(row.native)
  let json = ""
  for (const field of plainFields) json += `${json === "" ? "{" : ","}"${field}":${valueJson(row[field])}`
  const rest = `,"native":${native ? row.native : "null"},"payload":${payload ? row.payload : "null"}`
  return `${json}${rest}${payload && native ? "" : ',"unreadable":true'}}`
}
