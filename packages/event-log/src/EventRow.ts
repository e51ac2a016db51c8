/** One event as it is stored. Its fields are those of the envelope, in the order of its schema. */
import { blankEnvelope, EventEnvelope } from "@threadfold/contracts"
import { canonicalJson } from "@threadfold/core"
import { Struct } from "effect"
import type { LongJson } from "./texts/LongJson.js"
import type { StoredText } from "./texts/storedParts.js"

/** An envelope as it is stored: `native` and `payload` are JSON texts, and an actor may be one of a newer version. */
export type EventRow = {
  readonly [Field in keyof EventEnvelope]: Field extends "payload" | "actor"
    ? string
    : Field extends "native"
      ? string | null
      : EventEnvelope[Field]
}

/** An event as it is inserted: a payload of many megabytes is not in memory as JSON. */
export type NewEventRow = Omit<EventRow, "payload"> & { readonly payload: string | LongJson }

/** An event as a page has it. */
export type ReadRow = EventRow & {
  /** Bytes of its whole payload, where that here has the beginnings alone of its long texts. */
  readonly payloadBytes?: number
}

/** An event as it is stored: a long text of its payload lies elsewhere. */
export type StoredEventRow = Omit<EventRow, "payload"> & { readonly payload: StoredText }

/** The fields, in the order of the columns. */
export const eventFields: readonly (keyof EventRow)[] = Struct.keys(EventEnvelope.fields)

/** A row with empty fields. The first event of a block is compared with it, so digests depend on its values. */
export const blankRow: EventRow = { ...blankEnvelope, v: 0, actor: "", native: null, payload: "" }

/** `streamId` → `stream_id`. */
const columnOf = (field: string): string => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** The columns of the `events` table. */
export const eventColumns: readonly string[] = eventFields.map(columnOf)

/** The select list that yields rows of the shape {@link EventRow}, without any mapping in JavaScript. */
export const eventSelection = eventFields
  .map((field) => (columnOf(field) === field ? field : `${columnOf(field)} AS "${field}"`))
  .join(", ")

/** Length of the whole payload in SQL, bytes of UTF-8. */
export const payloadBytesSql = `iif(typeof(payload) = 'text', octet_length(payload), CAST(payload AS TEXT) ->> '$[0]')`

/** The values of a row in the order of the columns, as a statement that selects {@link eventSelection} gives them `raw`. */
export type EventValues = readonly [
  sequence: number,
  streamId: string,
  streamVersion: number,
  eventId: string,
  type: string,
  v: number,
  sessionId: string | null,
  channel: string | null,
  seq: number | null,
  at: number,
  recordedAt: number,
  actor: string,
  commandId: string | null,
  causationId: string | null,
  correlationId: string | null,
  turnId: string | null,
  itemId: string | null,
  requestId: string | null,
  inferenceId: string | null,
  realtimeId: string | null,
  delegationId: string | null,
  taskId: string | null,
  native: string | null,
  payload: StoredText,
]

/**
 * The row of such values. SQLite's binding gives a list in half of the time of an object with two dozen properties, and objects that are
 * made here all have one shape, which makes them faster to read.
 */
export const rowOfValues = (values: EventValues): StoredEventRow => ({
  sequence: values[0],
  streamId: values[1],
  streamVersion: values[2],
  eventId: values[3],
  type: values[4],
  v: values[5],
  sessionId: values[6],
  channel: values[7],
  seq: values[8],
  at: values[9],
  recordedAt: values[10],
  actor: values[11],
  commandId: values[12],
  causationId: values[13],
  correlationId: values[14],
  turnId: values[15],
  itemId: values[16],
  requestId: values[17],
  inferenceId: values[18],
  realtimeId: values[19],
  delegationId: values[20],
  taskId: values[21],
  native: values[22],
  payload: values[23],
})

/** The one insert into `events`; binds {@link valuesOf} a row, with what is stored of its payload. */
export const insertEventSql = `INSERT INTO events (${eventColumns.join(", ")}) VALUES (${eventColumns.map(() => "?").join(", ")})`

/** The values of a row in the order of the columns. Written out: to look two dozen fields up by their names took a twentieth of an insert. */
export const valuesOf = (row: NewEventRow, payload: StoredText): EventValues => [
  row.sequence,
  row.streamId,
  row.streamVersion,
  row.eventId,
  row.type,
  row.v,
  row.sessionId,
  row.channel,
  row.seq,
  row.at,
  row.recordedAt,
  row.actor,
  row.commandId,
  row.causationId,
  row.correlationId,
  row.turnId,
  row.itemId,
  row.requestId,
  row.inferenceId,
  row.realtimeId,
  row.delegationId,
  row.taskId,
  row.native,
  payload,
]

const sameJson = (a: string | null, b: string | null): boolean => {
  if (a === b) return true
  if (a === null || b === null) return false
  try {
    return canonicalJson(JSON.parse(a)) === canonicalJson(JSON.parse(b))
  } catch {
    return false
  }
}

/** The part of an event that a repeated delivery must repeat; the order of the keys in JSON does not matter. */
export type Content = Pick<EventRow, "type" | "v" | "at" | "native" | "payload">

/** Whether two events have the same content. */
export const sameContent = (a: Content, b: Content): boolean =>
  a.type === b.type && a.v === b.v && a.at === b.at && sameJson(a.native, b.native) && sameJson(a.payload, b.payload)
