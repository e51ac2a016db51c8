/** Why a row, a field or an event is as it is: what `why` prints and `GET /v1/threads/{threadId}/why` answers. */
import { Schema } from "effect"
import { AnomalyReason } from "./AnomalyReason.js"
import { EffectKind, EffectStatus } from "./Effects.js"
import { Actor } from "./entities/EventEnvelope.js"
import { truncated } from "./entities/Truncated.js"
import {
  field,
  flag,
  growing,
  int,
  json,
  listed,
  optInt,
  optional,
  optText,
  optTime,
  shape,
  text,
  time,
} from "./fields.js"

/** A rule of docs/rules.md. */
export const RuleName = shape("RuleName", "A rule of the fold, as docs/rules.md numbers it.", {
  number: int("Its number."),
  name: text("Its name."),
})
export type RuleName = typeof RuleName.Type

/** What identifies an event. */
export const EventHead = shape("EventHead", "What identifies an event.", {
  sequence: field(Schema.Number, "Its sequence. A part of one, such as 12.5: an edit of `whatif` placed it there."),
  eventId: text("Its id."),
  type: text("Its type."),
  at: time("Source clock"),
  actor: field(growing(Actor), "Who caused it."),
})
export type EventHead = typeof EventHead.Type

const through = field(
  Schema.Array(RuleName),
  "The rules that it was reached through, outermost first; the last one is `rule`.",
)

/** A field as an event changed it. */
export const FieldSet = shape("FieldSet", "A field as an event changed it.", {
  field: text("Its name."),
  before: json("Its value before; null: none, or there was no row."),
  after: json("Its value after; null: none, or the row is gone."),
  rule: field(RuleName, "The rule that set it."),
  through,
  truncated,
})
export type FieldSet = typeof FieldSet.Type

/** What became of a row. */
export const RowFate = listed("RowFate", "What became of a row in the document.", "added", "changed", "removed")
export type RowFate = typeof RowFate.Type

/** An event that changed a row, or the field of it that was asked for. */
export const SetBy = shape("SetBy", "An event that changed a row, or the field of it that was asked for.", {
  event: field(EventHead, "The event."),
  change: field(RowFate, "What became of the row."),
  fields: field(Schema.Array(FieldSet), "The fields that it changed: the one that was asked for, or all."),
  alsoChanged: field(Schema.Array(Schema.String), "Paths of other rows that the same event changed, at most 20."),
})
export type SetBy = typeof SetBy.Type

/** Why a row or a field has its value. */
export const WhyRow = shape("WhyRow", "Why a row or a field has its value.", {
  path: text("Its path, with the whole id."),
  value: json("The row or the field as it is; null: it is null, or its row is not in the document."),
  truncated,
  exists: flag("Whether its row is in the document."),
  derivedFrom: field(
    Schema.Array(Schema.String),
    "Rows or fields that the value is made of; empty: events tell it. `setBy` is then the event at which the value changed.",
  ),
  setBy: field(SetBy, "The event that set it last."),
  earlier: field(Schema.Array(SetBy), "Those that set it before, newest first, at most 10."),
  hasMore: flag("Whether there are more of them."),
})
export type WhyRow = typeof WhyRow.Type

/** An anomaly that an event was noted with. */
export const Refused = shape("Refused", "Why an event, or a part of it, was not applied.", {
  row: text("Path of its anomaly."),
  reason: field(growing(AnomalyReason), "The reason."),
  subject: text("What it is about."),
  detail: optText("One sentence; null: none."),
  rule: field(RuleName, "The rule that refused it."),
  through,
  truncated,
})
export type Refused = typeof Refused.Type

const ChangedRow = shape("ChangedRow", "A row that an event changed.", {
  row: text("Its path."),
  change: field(RowFate, "What became of it."),
  fields: field(Schema.Array(FieldSet), "The fields that differ; all of them where the row came or went."),
})

/** What an event changed, and what it was refused for. */
export const WhyEvent = shape("WhyEvent", "What one event changed, and why it, or a part of it, was not applied.", {
  event: field(EventHead, "The event."),
  rule: field(Schema.NullOr(RuleName), "The rule that events of its type go by; null: it was refused before."),
  changed: field(
    Schema.Array(ChangedRow),
    "Rows that it changed, without anomalies and without those in which only what nearly every event moves is another.",
  ),
  anomalies: field(Schema.Array(Refused), "What it was refused for; empty: nothing."),
  more: optional(Schema.Boolean, "True: it changed more rows, or was refused for more, than are here. Absent: not so."),
})
export type WhyEvent = typeof WhyEvent.Type

/** What led to an event, one step back. */
export const Cause = shape("Cause", "What led to an event: one step of the chain.", {
  kind: field(
    growing(
      listed(
        "CauseKind",
        "`effect`: a call to the agent that it reports or answers; `command`: what was asked for; `message`: the text that a person sent; `native`: the agent's own lines, verbatim.",
        "effect",
        "command",
        "message",
        "native",
      ),
    ),
    "What it is.",
  ),
  id: optText("Id of the effect, the command, or the message (else its turn); null: native lines have none."),
  sequence: optInt("Sequence of the first event that tells of it; null: none does."),
  effect: field(Schema.NullOr(growing(EffectKind)), "Of an effect: what was asked of the agent; else null."),
  status: field(Schema.NullOr(growing(EffectStatus)), "Of an effect: what became of it; else null."),
  events: field(Schema.Array(Schema.String), "Of a command: types of the events that it appended, at most 10."),
  at: optTime("When it came, by our clock", "not known"),
  text: optText("The text of a message, or native lines; null: it has none."),
  truncated,
})
export type Cause = typeof Cause.Type

/** What `why` prints. */
export const WhyReport = shape("WhyReport", "Why a row, a field or an event of a thread is as it is.", {
  threadId: text("The thread."),
  sequence: int("Sequence of the log that it is true for."),
  row: field(Schema.NullOr(WhyRow), "The row or the field that was asked for; null: an event was."),
  event: field(Schema.NullOr(WhyEvent), "The event that was asked for; null: a row was."),
  causes: field(
    Schema.Array(Cause),
    "What led to the event, nearest first: the agent's own lines, the effect, the command, the message.",
  ),
})
export type WhyReport = typeof WhyReport.Type
