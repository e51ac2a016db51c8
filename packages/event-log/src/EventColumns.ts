/** The columns of the `events` table, in the order of `EventRow`, and how a row leaves SQL under its own names. */
export const eventColumns = [
  "sequence",
  "stream_id",
  "stream_version",
  "event_id",
  "type",
  "v",
  "session_id",
  "channel",
  "seq",
  "at",
  "recorded_at",
  "actor",
  "command_id",
  "causation_id",
  "correlation_id",
  "turn_id",
  "item_id",
  "request_id",
  "inference_id",
  "realtime_id",
  "delegation_id",
  "task_id",
  "native",
  "payload",
] as const

/** `stream_id` → `streamId`. */
const property = (column: string): string => column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** The select list that yields rows of the shape `EventRow`, without any mapping in JavaScript. */
export const eventSelection = eventColumns
  .map((column) => (property(column) === column ? column : `${column} AS "${property(column)}"`))
  .join(", ")

/** The one insert into `events`; binds the fields of an `EventRow` by position. */
export const insertEventSql = `INSERT INTO events (${eventColumns.join(", ")}) VALUES (${eventColumns.map(() => "?").join(", ")})`
