/** The recording format that `import codex-app-server` reads: one JSON object a line. */
import { Schema } from "effect"

/** One line of a recording. Other fields are ignored; the line itself is kept verbatim. */
export const RecordingLine = Schema.Struct({
  /** ISO time at which the line was written. */
  ts: Schema.String,
  /** `send`: client to agent; `recv`: agent to client; `stderr`; `meta`: the recorder's own notes. */
  dir: Schema.String,
  /** The JSON message of a `send` or `recv` line. */
  msg: Schema.optional(Schema.Unknown),
  /** The text of a `stderr` line. */
  line: Schema.optional(Schema.String),
  /** `spawn` or `exit`, of a `meta` line. */
  event: Schema.optional(Schema.String),
})
export type RecordingLine = typeof RecordingLine.Type
