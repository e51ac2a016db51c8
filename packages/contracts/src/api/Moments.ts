/** Routes that compare moments of a thread, and that find them. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { truncated } from "../entities/Truncated.js"
import { field, int, json, listed, maybe, optional, optText, shape, text, Whole } from "../fields.js"
import { EventHead } from "../Why.js"
import { reads, threadPath } from "./Endpoint.js"
import { described, read } from "./operation.js"
import { bodyCall, readCall } from "./problemSets.js"
import { limitTo, readParams, SequenceParam, TimeParam } from "./Query.js"

/** One field of a row in two moments. */
export const ChangedField = shape("ChangedField", "One field of a row that differs between two moments.", {
  field: text("Its name."),
  before: json("Its value before; absent is null."),
  after: json("Its value after; absent is null."),
  truncated,
})

/** What became of a row. */
const ChangeOfRow = listed("ChangeOfRow", "What became of a row.", "added", "removed", "changed")

/** One row in two moments. */
export const ChangedRow = shape("ChangedRow", "One row that differs between two moments.", {
  row: text("The list and the key of the row, for example `turns/0192…`; `thread`, `session` and `usage` stand alone."),
  change: field(ChangeOfRow, "What became of it."),
  turnId: optText("The turn that it belongs to; null: it belongs to none."),
  fields: field(
    Schema.Array(ChangedField),
    "The fields that differ; of an added or removed row all that are not null.",
  ),
})

const path = text("Place in the document, a JSON Pointer.")

const PatchAdd = shape("PatchAdd", "Adds or replaces a value.", {
  op: field(Schema.Literal("add", "replace"), "What is done."),
  path,
  value: json("The new value."),
})
const PatchRemove = shape("PatchRemove", "Removes a value.", {
  op: field(Schema.Literal("remove"), "What is done."),
  path,
})
const PatchMove = shape("PatchMove", "Moves a value.", {
  op: field(Schema.Literal("move"), "What is done."),
  from: text("Where it was, a JSON Pointer."),
  path,
})

/** What two moments of a thread differ in. */
export const MomentsDiff = shape("MomentsDiff", "What two moments of a thread differ in.", {
  threadId: text("The thread."),
  from: int("Sequence of the log that the first moment is true for."),
  to: int("Sequence of the log that the second moment is true for."),
  rows: field(Schema.Array(ChangedRow), "The rows that differ, for people."),
  next: maybe(
    Whole,
    "`after` of the next page: how many rows are passed over for those that follow; null: none follow.",
  ),
  patch: field(
    Schema.NullOr(Schema.Array(Schema.Union(PatchAdd, PatchRemove, PatchMove))),
    "A JSON Patch (RFC 6902) from the first to the second document of `thread --json`; null: it is longer than 64 KiB. `threadfold diff` has it whole.",
  ),
})
export type MomentsDiff = typeof MomentsDiff.Type

/** What is to be different. Another build of the fold cannot be named here: its code would be run. */
export const WhatIfBody = shape("WhatIfBody", "What is to be different of a thread's log.", {
  edits: field(
    Schema.Array(Schema.Unknown),
    "1 to 1,000 edits: `drop`, `insert`, `replace`, `reorder` and `delay`, as `threadfold whatif --edits` takes them.",
  ),
  sequence: optional(
    Schema.NonNegativeInt,
    "Both threads end after the event of this sequence of the log; absent: at the end.",
  ),
})
export type WhatIfBody = typeof WhatIfBody.Type

/** The first event after which the two threads differ. */
const WhatIfDivergence = shape("WhatIfDivergence", "The first event after which the two threads differ.", {
  sequence: field(
    Schema.Number,
    "Its sequence of the log; one that lies between two belongs to an event that an edit placed there.",
  ),
  recorded: field(Schema.NullOr(EventHead), "The event as it is recorded; null: there is none at this place."),
  edited: field(Schema.NullOr(EventHead), "The event as edited; null: there is none at this place."),
  rows: field(Schema.Array(ChangedRow), "The rows that differ then, from the recorded to the edited ones."),
  more: optional(Schema.Boolean, "Whether more rows differ than are here."),
})

/** How a thread would be with an edited log. */
export const WhatIfAnswer = shape("WhatIfAnswer", "How a thread would be with an edited log.", {
  threadId: text("The thread."),
  until: int("Sequence of the log that both threads were folded up to."),
  first: field(Schema.NullOr(WhatIfDivergence), "Where they first differ; null: nowhere."),
  rows: field(Schema.Array(ChangedRow), "The rows that differ at the end, for people."),
  more: optional(Schema.Boolean, "Whether more rows differ than are here: `threadfold whatif` has them all."),
  patch: field(
    Schema.NullOr(Schema.Array(Schema.Union(PatchAdd, PatchRemove, PatchMove))),
    "A JSON Patch (RFC 6902) from the recorded to the edited document of `thread --json`; null: it is longer than 64 KiB.",
  ),
  foldVersion: int("Version of the fold that folded the recorded log."),
  otherFoldVersion: int("Version of the fold that folded the edited log: the same."),
})

/** A moment that was found. */
export const FoundMoment = shape("FoundMoment", "A moment of a thread that was found.", {
  threadId: text("The thread."),
  sequence: int("Its sequence of the log: what `at` takes."),
})

/** Moments of a thread. */
export class MomentsGroup extends HttpApiGroup.make("moments")
  .add(
    HttpApiEndpoint.get("diff", "/v1/threads/:threadId/diff")
      .setPath(threadPath)
      .setUrlParams(
        Schema.Struct({
          ...readParams,
          from: field(SequenceParam, "The sequence of the log before the changes."),
          to: field(SequenceParam, "The sequence of the log after them."),
          limit: optional(limitTo(500, 500), "Rows at most, 1 to 500; 500 by default."),
          after: optional(SequenceParam, "`next` of an earlier page: so many rows are passed over."),
        }),
      )
      .addSuccess(MomentsDiff)
      .annotateContext(
        described(
          "What changed of a thread between two sequences of the log. As rows for people, page by page, and as a JSON Patch; of a thread " +
            "with at most 100,000 events until then.",
          read([...readCall, "thread-not-found", "before-first-event", "thread-purged", "diff-too-large"]),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.get("find", "/v1/threads/:threadId/moment")
      .setPath(threadPath)
      .setUrlParams(
        Schema.Struct({
          ...readParams,
          event: optional(Schema.String, "After this event: its id, or its sequence of the log."),
          time: optional(
            TimeParam,
            "After the last event that its source dates no later than this, ms since the epoch.",
          ),
          turn: optional(Schema.String, "After the event that ended the turn of this id."),
        }),
      )
      .addSuccess(FoundMoment)
      .annotateContext(
        described(
          "The sequence of a moment of a thread. Name one: an event, a time, or the end of a turn.",
          read([
            ...readCall,
            "thread-not-found",
            "before-first-event",
            "thread-purged",
            "event-not-found",
            "turn-not-found",
          ]),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.post("whatIf", "/v1/threads/:threadId/whatif")
      .setPath(threadPath)
      .setUrlParams(reads)
      .setPayload(WhatIfBody)
      .addSuccess(WhatIfAnswer)
      .annotateContext(
        described(
          "How a thread would be if its log were another one: the edited events are folded beside the recorded ones, and nothing is " +
            "stored. Of a thread with at most 20,000 events. A refused edit is named with its place.",
          {
            problems: [
              ...bodyCall,
              "unavailable",
              "range-not-reached",
              "thread-not-found",
              "before-first-event",
              "thread-purged",
              "diff-too-large",
            ],
            headers: ["Sequence"],
          },
        ),
      ),
  )
  .annotateContext(OpenApi.annotations({ title: "Moments" })) {}
