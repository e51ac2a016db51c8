/** Texts that are too long to ride along, part by part. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { TextRange } from "../entities/Truncated.js"
import { field, optional } from "../fields.js"
import { longestTextBytes } from "../Limits.js"
import { itemPath } from "./Endpoint.js"
import { RowTable } from "./Model.js"
import { described, read } from "./operation.js"
import { readCall } from "./problemSets.js"
import { limitTo, OffsetParam, readParams, SequenceParam } from "./Query.js"

/** Shortest part, bytes: any character fits into it. */
const shortest = 4

/** Which part is read. */
const rangeParams = {
  ...readParams,
  offset: optional(
    OffsetParam,
    "Where the part begins, bytes of UTF-8 from the start of the text; 0 by default. Inside of a character the part begins with that character.",
  ),
  limit: optional(
    limitTo(longestTextBytes, longestTextBytes, shortest),
    "Bytes of UTF-8 at most, 4 to 65536; 65536 by default. A part ends with a whole character, so that it may be shorter.",
  ),
} as const

const units =
  "Offsets and lengths are bytes of UTF-8, and no character is cut. Go on with `next` as `offset` until it is null."

const ranged = (what: string) => described(`${what} ${units}`, read([...readCall, "resource-not-found"]))

/** Texts by range: where `truncated` of an entry leads. */
export class TextsGroup extends HttpApiGroup.make("texts")
  .add(
    HttpApiEndpoint.get("item", "/v1/items/:itemId/text")
      .setPath(itemPath)
      .setUrlParams(
        Schema.Struct({
          ...rangeParams,
          field: optional(Schema.Literal("text", "data", "title"), "Field of the item; `text` by default."),
        }),
      )
      .addSuccess(TextRange)
      .annotateContext(
        ranged("A part of the text of an item: of its final text, or of what has been streamed of it so far."),
      ),
  )
  .add(
    HttpApiEndpoint.get("row", "/v1/rows/:table/:key/text")
      .setPath(
        Schema.Struct({
          table: field(RowTable, "Table of the read model."),
          key: field(Schema.String, "Value of its key column; of several a JSON array of their values."),
        }),
      )
      .setUrlParams(Schema.Struct({ ...rangeParams, field: field(Schema.String, "Column of the row.") }))
      .addSuccess(TextRange)
      .annotateContext(ranged("A part of a text, or of the JSON, in a column of a row.")),
  )
  .add(
    HttpApiEndpoint.get("task", "/v1/tasks/:taskId/output")
      .setPath(Schema.Struct({ taskId: field(Schema.String, "Our id of the background task.") }))
      .setUrlParams(Schema.Struct({ ...readParams, limit: rangeParams.limit }))
      .addSuccess(TextRange)
      .annotateContext(
        described(
          `The end of what a background task has printed so far. ${units}`,
          read([...readCall, "resource-not-found"]),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.get("event", "/v1/events/:sequence/text")
      .setPath(Schema.Struct({ sequence: field(SequenceParam, "A sequence of the log.") }))
      .setUrlParams(
        Schema.Struct({
          ...rangeParams,
          field: optional(
            Schema.Literal("payload", "native", "nativeBody"),
            "Field of the event: `payload` by default, as JSON; `native`, as JSON; `nativeBody`, the provider's message.",
          ),
        }),
      )
      .addSuccess(TextRange)
      .annotateContext(
        described(
          `A part of the payload of an event, or of the provider's message. ${units}`,
          read([...readCall, "event-not-found"]),
        ),
      ),
  )
  .annotateContext(OpenApi.annotations({ title: "Texts" })) {}
