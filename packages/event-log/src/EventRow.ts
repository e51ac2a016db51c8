/** One event as it is stored. Its fields are those of the envelope, in the order of its schema. */
import { blankEnvelope, EventEnvelope } from "@threadfold/contracts"
import { canonicalJson } from "@threadfold/core"
import { Struct } from "effect"

/** An envelope as it is stored: `native` and `payload` are JSON texts, and an actor may be one of a newer version. */
export type EventRow = {
  readonly [Field in keyof EventEnvelope]: Field extends "payload" | "actor"
    ? string
    : Field extends "native"
      ? string | null
      : EventEnvelope[Field]
}

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

/** The one insert into `events`; binds {@link valuesOf} a row. */
export const insertEventSql = `INSERT INTO events (${eventColumns.join(", ")}) VALUES (${eventColumns.map(() => "?").join(", ")})`

/** The values of a row in the order of the columns. */
export const valuesOf = (row: EventRow): (string | number | null)[] => eventFields.map((field) => row[field])

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
