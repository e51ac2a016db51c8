/** Routes that say why a thread is as it is, and what it does. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { ExplainReport } from "../Explain.js"
import { optional } from "../fields.js"
import { WhyReport } from "../Why.js"
import { reads, threadPath } from "./Endpoint.js"
import { described, read } from "./operation.js"
import { readCall } from "./problemSets.js"
import { readParams, SequenceParam } from "./Query.js"

/** Reasons of a thread. */
export class ReasonsGroup extends HttpApiGroup.make("reasons")
  .add(
    HttpApiEndpoint.get("why", "/v1/threads/:threadId/why")
      .setPath(threadPath)
      .setUrlParams(
        Schema.Struct({
          ...readParams,
          row: optional(
            Schema.String,
            "A row of the thread's document: `thread`, `session`, `usage`, `turns/<id>`, `requests/<id>` and so on. A beginning of an id that no other row has is enough.",
          ),
          field: optional(Schema.String, "A field of the row; absent: the whole row."),
          event: optional(
            Schema.String,
            "Instead of a row: an event by its id or its sequence of the log, and what it changed or why it did not.",
          ),
          at: optional(SequenceParam, "The row as it was after the event of this sequence; absent: as it is now."),
        }),
      )
      .addSuccess(WhyReport)
      .annotateContext(
        described(
          "Which event, by which rule of the fold, made a row or a field what it is, what it was before, and what led to " +
            "that event. Name `row`, or `event`. The thread's events are read and folded again, in a thread of its own; " +
            "two such calls at a time.",
          read([
            ...readCall,
            "thread-not-found",
            "resource-not-found",
            "event-not-found",
            "before-first-event",
            "thread-purged",
          ]),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.get("explain", "/v1/threads/:threadId/explain")
      .setPath(threadPath)
      .setUrlParams(reads)
      .addSuccess(ExplainReport)
      .annotateContext(
        described(
          "What the thread does, what it waits for, and what reaper, watchdog and queue will do next and when, if nothing " +
            "happens before: as sentences and as data.",
          read([...readCall, "thread-not-found"]),
        ),
      ),
  )
  .annotateContext(OpenApi.annotations({ title: "Reasons" })) {}
