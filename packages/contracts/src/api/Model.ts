/** Routes for programs that keep rows of their own: a snapshot to begin with, and a stream of the rows that change. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { field, flag, growing, int, json, namedJson, optional, shape, text, Whole } from "../fields.js"
import { tableNames } from "../Tables.js"
import { threadPath } from "./Endpoint.js"
import { described, eventRead, resourceRead } from "./operation.js"
import { listCall, readCall } from "./problemSets.js"
import { atParam, pageParams, readParams } from "./Query.js"

/** Name of a table of the read model. */
export const RowTable = Schema.Literal(...tableNames).annotations(
  namedJson("TableName", "Name of a table of the read model.", { type: "string", enum: tableNames }),
)

/** Columns of a row, as the reference of the tables has them. */
const RowColumns = Schema.Record({ key: Schema.String, value: Schema.Unknown })

const byName = <S extends Schema.Schema.All>(value: S) => Schema.Record({ key: Schema.String, value })

/** Rows of a thread and its open state, both of one moment. Bounded, however long the thread is. */
export const RowsSnapshot = shape(
  "RowsSnapshot",
  "Rows of a thread and its open state, both of one moment. Bounded, however long the thread is.",
  {
    threadId: text("The thread."),
    sequence: int("Sequence of the log that it is true for."),
    cursor: text("What a stream of events or of changes continues from: `<logId>.<sequence>`."),
    foldVersion: int("Version of the fold that made the rows; a reducer of another version cannot continue from them."),
    state: json(
      "The fold's open state, opaque, for a reducer of the same version. Null while the thread waits to be folded again, and where it is longer than an answer holds.",
    ),
    rows: field(
      byName(Schema.Array(RowColumns)),
      "Table → rows: the header, what is open, and the newest of every list. A row of which a text is cut has `truncated` beside its columns; of a text that streams then only the first `item_chunks` are here.",
    ),
    rest: field(
      byName(Schema.NullOr(Schema.String)),
      "Table → an id: rows up to it may be left out, and one of a higher id that is not here does not exist; null: any row may " +
        "be left out. A table that is not named is here whole.",
    ),
    openComplete: flag("False: more is open than was put in."),
    whole: field(
      Schema.Array(Schema.String),
      "Ids of turns, items and inference attempts of which everything is here that a rule may ask.",
    ),
    more: field(
      byName(Schema.NullOr(Schema.String)),
      "Per list the `cursor` that leads to older entries in the route of that list; null: the list is complete.",
    ),
  },
)
export type RowsSnapshot = typeof RowsSnapshot.Type

const Key = Schema.Array(Schema.Union(Schema.String, Whole))

/** One row that is another than it was. */
export const RowPut = shape("RowPut", "One row that is another than it was.", {
  table: field(growing(RowTable), "Table of the read model. Pass over one that you do not know."),
  key: field(Key, "Values of the key columns."),
  row: field(RowColumns, "The whole row. One of which a text is cut has `truncated` beside its columns."),
})

/** A row that is gone, or several. */
export const RowRemoval = shape("RowRemoval", "A row that is gone, or several.", {
  table: field(growing(RowTable), "Table of the read model. Pass over one that you do not know."),
  key: field(Key, "Values of the key columns. Fewer than the table has: every row that begins with them is gone."),
  deleted: field(Schema.Literal(true), "Always true."),
})

/** One row that is another than it was, or is gone. */
export const RowChange = Schema.Union(RowPut, RowRemoval)
export type RowChange = typeof RowChange.Type

/** `event: changes` of a stream of changes. */
export const RowChanges = shape("RowChanges", "`event: changes` of a stream of changes.", {
  streamId: text("The stream whose rows changed: a thread or a connection."),
  sequence: int(
    "Every change up to this sequence of the log has been sent; a row may be newer, as its own `sequence` says.",
  ),
  changes: field(Schema.Array(RowChange), "To be carried out in this order."),
  more: optional(
    Schema.Literal(true),
    "True: more changes of the same commit follow, in an event of their own. It has no `id`: the one that ends them has.",
  ),
})
export type RowChanges = typeof RowChanges.Type

const changesParams = Schema.Struct({
  ...readParams,
  after: optional(
    Schema.String,
    "Changes after this place (exclusive): a sequence, or an id of a stream (<logId>.<sequence>).",
  ),
})

const changesText =
  "With `Accept: text/event-stream` only: `event: changes` with the rows that are others than they were, whole, and the keys of " +
  "those that are gone; then `synced`, and what comes. Without `after` or `Last-Event-ID` it begins now. The server keeps the newest changes " +
  "in memory: a cursor that is older, of another log or of the future gets `event: reset` with the snapshot's path, and the stream continues from now. " +
  "Heartbeats and `overflow` as in `GET /v1/events`."

/** Rows for programs that keep a copy of them. */
export class ModelGroup extends HttpApiGroup.make("model")
  .add(
    HttpApiEndpoint.get("snapshot", "/v1/threads/:threadId/snapshot")
      .setPath(threadPath)
      .setUrlParams(Schema.Struct({ ...readParams, ...atParam, limit: pageParams.limit }))
      .addSuccess(RowsSnapshot)
      .annotateContext(
        described(
          "Rows of a thread and its open state, of one moment. The client's `applyEvent` continues from it with the thread's " +
            "events; the stream of changes continues from it without a reducer. With `at`: as they were, for a reducer that goes on " +
            "with the events after it.",
          resourceRead([...readCall, "thread-not-found", "before-first-event"]),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.get("threadChanges", "/v1/threads/:threadId/changes")
      .setPath(threadPath)
      .setUrlParams(changesParams)
      .addSuccess(RowChanges)
      .annotateContext(
        described(
          `Rows of a thread as they change. ${changesText}`,
          eventRead([...listCall, "thread-not-found", "too-many-requests"]),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.get("changes", "/v1/changes")
      .setUrlParams(changesParams)
      .addSuccess(RowChanges)
      .annotateContext(
        described(
          `Rows of all threads and connections as they change. ${changesText}`,
          eventRead([...listCall, "too-many-requests"]),
        ),
      ),
  )
  .annotateContext(OpenApi.annotations({ title: "Model" })) {}
