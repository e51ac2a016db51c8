/** The route of what needs a person. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { Inbox } from "../entities/Inbox.js"
import { optional } from "../fields.js"
import { described, eventRead } from "./operation.js"
import { listCall } from "./problemSets.js"
import { Limit, readParams } from "./Query.js"

const params = Schema.Struct({
  ...readParams,
  limit: optional(Limit, "Entries at most, 1 to 500; 100 by default. Of a page: a stream has the default."),
  after: optional(
    Schema.String,
    "Of a stream: the `id` of the last inbox that came (<logId>.<sequence>): the next one comes when it is another.",
  ),
})

/** What needs a person, of all threads. */
export class InboxGroup extends HttpApiGroup.make("inbox")
  .add(
    HttpApiEndpoint.get("get", "/v1/inbox")
      .setUrlParams(params)
      .addSuccess(Inbox)
      .annotateContext(
        described(
          "What needs a person, of all threads. Open requests, turns of which nothing is heard, messages that may not have arrived, " +
            "failed turns that nobody has read, and held queues, with the number of each. With `Accept: text/event-stream`: `event: inbox`, " +
            "whose `data` is the whole inbox, now and whenever it is another, at most five times a second; then `synced`, heartbeats and `overflow` as in `GET /v1/events`.",
          eventRead([...listCall, "too-many-requests"]),
        ),
      ),
  )
  .annotateContext(OpenApi.annotations({ title: "Inbox" })) {}
