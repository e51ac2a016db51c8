/** Bodies that only the HTTP API has. */
import { SchemaAST as AST, Option, Schema } from "effect"
import { EventEnvelope } from "../entities/EventEnvelope.js"
import { ThreadSnapshot } from "../entities/ThreadSnapshot.js"
import { ContextMeter } from "../entities/ThreadTree.js"
import { truncated } from "../entities/Truncated.js"
import { field, growing, int, listed, optional, optText, shape, text } from "../fields.js"
import { InvariantKind } from "../Reports.js"

const readAt = int("Sequence of the log that this is true for.")

/** Part of a list: of entries named `Turn` it is a `TurnList`. */
export const pageOf = <A, I>(entry: Schema.Schema<A, I>) =>
  shape(
    `${Option.getOrElse(AST.getIdentifierAnnotation(entry.ast), () => "")}List`,
    "A page of a list, in the order that was asked for.",
    {
      sequence: readAt,
      items: field(Schema.Array(entry), "The entries."),
      next: optText("Cursor of what follows; null at the end of the list."),
      previous: optText("Cursor of what comes before; null where nothing is known to."),
    },
  )

/** A thread, with the newest entries of each of its lists. */
export const ThreadPage = shape(
  "ThreadPage",
  "A thread with the newest entries of each of its lists, oldest first, of one moment.",
  {
    ...ThreadSnapshot.fields,
    more: field(
      Schema.Record({ key: Schema.String, value: Schema.NullOr(Schema.String) }),
      "Per list the `cursor` that leads to older entries; null: the list is complete.",
    ),
  },
)
export type ThreadPage = typeof ThreadPage.Type

/** One event, with the provider's own words when they were asked for. */
export const EventDetail = shape(
  "Event",
  "One event of the log, with the provider's own words when they were asked for.",
  {
    ...EventEnvelope.fields,
    nativeBody: optional(
      Schema.NullOr(Schema.String),
      "The native message or messages, verbatim; absent unless `native=1`, null where there is none.",
    ),
    truncated,
  },
)
export type EventDetail = typeof EventDetail.Type

/** A page of the log. */
export const EventPage = shape("EventPage", "A page of the log.", {
  sequence: int("Highest sequence of the log when it was read."),
  items: field(Schema.Array(EventDetail), "Events, in the order that was asked for."),
  next: optText("Cursor of what follows in this order; null at the end."),
})
export type EventPage = typeof EventPage.Type

/** Tokens of a thread. */
export const UsagePage = shape("UsagePage", "Tokens of a thread, of one moment.", {
  sequence: readAt,
  usage: ThreadSnapshot.fields.usage,
  context: field(ContextMeter, "How full the context of its conversation is."),
})

/** A rule that a log, its rows, or every step of the fold must keep. */
export const InvariantView = shape("Invariant", "A rule that a log, its rows, or every step of the fold must keep.", {
  id: text("Its name, stable."),
  text: text("The rule in one sentence."),
  kind: field(growing(InvariantKind), "What it is about."),
  severity: text("How bad a breach is."),
})
export type InvariantView = typeof InvariantView.Type

/** The rules. */
export const InvariantList = shape("InvariantList", "The invariants.", {
  items: field(Schema.Array(InvariantView), "The rules."),
})

/** `/livez`. */
export const Health = shape("Health", "The process answers.", {
  status: field(Schema.Literal("ok"), "`ok`: nothing else is answered with 200."),
  version: text("Version of Threadfold."),
})

/** `/readyz`. */
export const Readiness = shape("Readiness", "The database answers, and which one it is.", {
  ...Health.fields,
  logId: text("Identifies the log; changes when a backup is restored."),
  sequence: int("Highest published sequence."),
})

/** Why a stream cannot continue from a cursor. */
export const ResetReason = listed(
  "ResetReason",
  "Why a stream cannot continue from a cursor. `other-log`: it is of another log; `future`: it is ahead of this one; `past`: changes so " +
    "old are not kept; `refolded`: rows were made again from the log; `purged`: it points to events of a thread that was purged.",
  "other-log",
  "future",
  "past",
  "refolded",
  "purged",
)

/** `event: reset` of a stream. */
export const StreamReset = shape(
  "StreamReset",
  "`event: reset` of a stream: the cursor cannot be followed, read the snapshot and continue from `cursor`.",
  {
    reason: field(
      ResetReason,
      "`other-log`: the cursor is of another log; `future`: it is ahead of this one; `past`: changes so old are not kept; `refolded`: rows were made again from the log; `purged`: it points to events of a thread that was purged.",
    ),
    snapshot: text("Path of what to read again."),
    cursor: text("Where this stream continues from."),
  },
)
export type StreamReset = typeof StreamReset.Type

/** `event: synced` of a stream. */
export const StreamSynced = shape(
  "StreamSynced",
  "`event: synced` of a stream: everything up to here has been sent, what follows is new.",
  { sequence: int("Sequence of the log up to which everything has been sent.") },
)

/** `event: audio` of a stream. It has no id: it is live, and never sent again. */
export const StreamAudio = shape(
  "StreamAudio",
  "`event: audio` of a stream with `audio=live`: a piece of what a voice says, as it says it. Without an id, kept nowhere, and never sent again.",
  {
    threadId: text("The thread."),
    realtimeId: text("Our id of the run that says it."),
    data: text("PCM, 16 bits, little endian, as base64."),
    sampleRate: int("Samples per second (Hz)."),
    channels: int("Channels."),
    missed: int("Pieces before this one that the reader was too slow for; 0: none."),
  },
)
export type StreamAudio = typeof StreamAudio.Type

/** `event: overflow` of a stream. */
export const StreamOverflow = shape(
  "StreamOverflow",
  "`event: overflow` of a stream: the reader was too slow; the connection ends, resume by the last id.",
  { events: int("Events that waited."), bytes: int("Bytes that waited.") },
)
