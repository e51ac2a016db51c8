/** Bodies that only the HTTP API has. */
import { Schema } from "effect"
import { EventEnvelope } from "../Envelope.js"
import { ThreadSnapshot } from "../ReadModel.js"

const S = Schema.String
const N = Schema.Number
const nullable = Schema.NullOr

/** Part of a list. */
export const pageOf = <A, I>(entry: Schema.Schema<A, I>) =>
  Schema.Struct({
    /** Sequence of the log that the page is true for. */
    sequence: N,
    items: Schema.Array(entry),
    /** Cursor of what follows; null at the end of the list. */
    next: nullable(S),
    /** Cursor of what comes before; null where nothing is known to. */
    previous: nullable(S),
  })

/** A thread, with the newest entries of each of its lists, oldest first. */
export const ThreadPage = Schema.Struct({
  ...ThreadSnapshot.fields,
  /** Per list the `cursor` that goes on to older entries; null: the list is complete. */
  more: Schema.Record({ key: S, value: nullable(S) }),
})
export type ThreadPage = typeof ThreadPage.Type

/** One event, with the provider's own words when they were asked for. */
export const EventDetail = Schema.Struct({
  ...EventEnvelope.fields,
  /** The native message or messages, verbatim; absent unless `native=1`, null where there is none. */
  nativeBody: Schema.optional(nullable(S)),
})
export type EventDetail = typeof EventDetail.Type

/** A page of the log. */
export const EventPage = Schema.Struct({
  /** Highest sequence of the log when it was read. */
  sequence: N,
  items: Schema.Array(EventDetail),
  /** Cursor of what follows in this order; null at the end. */
  next: nullable(S),
})
export type EventPage = typeof EventPage.Type

/** Tokens of a thread. */
export const UsagePage = Schema.Struct({ sequence: N, usage: ThreadSnapshot.fields.usage })

/** A rule that a log, its rows, or every step of the fold must keep. */
export const InvariantView = Schema.Struct({
  id: S,
  /** The rule in one sentence. */
  text: S,
  /** `log`, `row` or `fold`. */
  kind: Schema.Literal("log", "row", "fold"),
  /** How bad a breach is. */
  severity: S,
})
export type InvariantView = typeof InvariantView.Type
export const InvariantList = Schema.Struct({ items: Schema.Array(InvariantView) })

/** `/livez` and `/readyz`. */
export const Health = Schema.Struct({
  status: Schema.Literal("ok"),
  version: S,
})
/** `/readyz`: what is served. */
export const Readiness = Schema.Struct({
  ...Health.fields,
  /** Identifies the log; changes when a backup is restored. */
  logId: S,
  /** Highest published sequence. */
  sequence: N,
})

/** `event: reset` of a stream: the cursor cannot be followed, read the snapshot and go on from `cursor`. */
export const StreamReset = Schema.Struct({
  /** `other-log`: the cursor is of another log; `future`: it is ahead of this one. */
  reason: Schema.Literal("other-log", "future"),
  /** Path of what to read again. */
  snapshot: S,
  /** Where this stream goes on from. */
  cursor: S,
})
export type StreamReset = typeof StreamReset.Type

/** `event: synced` of a stream: everything up to here has been sent, what follows is new. */
export const StreamSynced = Schema.Struct({ sequence: N })
/** `event: overflow` of a stream: the reader was too slow; the connection ends, resume by the last id. */
export const StreamOverflow = Schema.Struct({
  /** Events that waited. */
  events: N,
  /** Bytes that waited. */
  bytes: N,
})
