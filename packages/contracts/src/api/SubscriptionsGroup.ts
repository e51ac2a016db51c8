/** Routes of durable subscriptions: for programs that act on events, and go on after a crash where they were. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { SubscriptionView } from "../entities/Subscription.js"
import { field, int, maybe, optional, shape } from "../fields.js"
import { maxTypeLength, subscriptionLimit } from "../Limits.js"
import { reads } from "./Endpoint.js"
import { longestValue, mostValues } from "./Filters.js"
import { described, eventRead, read } from "./operation.js"
import type { ProblemSlug } from "./Problem.js"
import { bodyCall, readCall, writeCall } from "./problemSets.js"
import { pageParams, readParams } from "./Query.js"
import { EventDetail } from "./Shapes.js"

const longestName = 100

/** Text of bounded length that one line can show. */
const named = (pattern: RegExp, most: number, words: string) =>
  Schema.String.pipe(
    Schema.pattern(pattern, { message: () => `expected 1 to ${most} ${words}` }),
    Schema.annotations({ jsonSchema: { type: "string", minLength: 1, maxLength: most, pattern: pattern.source } }),
  )

/** Name of a subscription. */
const SubscriptionName = named(/^[A-Za-z0-9._-]{1,100}$/, longestName, "letters, digits, dots, underscores or hyphens")

/** Name of a consumer: which program reads. */
const ConsumerName = named(/^[\x21-\x7e]{1,200}$/, 200, "printable ASCII characters without spaces")

const Sequence = Schema.Number.pipe(
  Schema.int(),
  Schema.nonNegative(),
  Schema.annotations({ jsonSchema: { type: "integer", minimum: 0 } }),
)

const Types = Schema.Array(Schema.String.pipe(Schema.minLength(1), Schema.maxLength(maxTypeLength))).pipe(
  Schema.minItems(1),
  Schema.maxItems(mostValues),
)

/** What a subscription is to be. */
export const SubscriptionBody = shape("SubscriptionBody", "What a subscription is to be.", {
  threadId: maybe(
    Schema.String.pipe(Schema.minLength(1), Schema.maxLength(longestValue)),
    "Only events of this thread or connection; absent: of all.",
  ),
  types: maybe(Types, `Only these event types, ${mostValues} at most; absent: all.`),
  except: maybe(Types, `Without these event types, ${mostValues} at most; absent: none is left out.`),
  after: maybe(
    Sequence,
    "Sequence after which a new one begins; 0: at the beginning of the log; absent: with what comes from now on. One that there is keeps its checkpoint.",
  ),
})
export type SubscriptionBody = typeof SubscriptionBody.Type

/** What is done. */
export const AckBody = shape("SubscriptionAck", "What a consumer has done.", {
  consumer: field(ConsumerName, "Name of the consumer, as it reads."),
  sequence: field(
    Sequence,
    "Every event up to this sequence is done. One that is acknowledged already changes nothing.",
  ),
  logId: maybe(
    Schema.String,
    "The log that the sequence is of, from the `id` of an event (<logId>.<sequence>): another one is refused with `invalid-cursor`.",
  ),
})
export type AckBody = typeof AckBody.Type

/** All subscriptions. */
export const SubscriptionList = shape("SubscriptionList", "All subscriptions.", {
  items: field(Schema.Array(SubscriptionView), `The subscriptions, by name; ${subscriptionLimit} at most.`),
  next: maybe(Schema.String, "`after` of the next page; null: these are the last ones."),
})
export type SubscriptionList = typeof SubscriptionList.Type

/** Events from the checkpoint on. */
export const SubscriptionPage = shape("SubscriptionPage", "Events of a subscription, from its checkpoint on.", {
  sequence: int("Highest sequence of the log when it was read."),
  checkpoint: int("Sequence up to which every event is acknowledged."),
  items: field(Schema.Array(EventDetail), "Events after the checkpoint, oldest first."),
  until: int(
    "Everything up to here was looked at. When the items are done, acknowledge this: it is never below the last item, and the next page follows it. Equal to `sequence`: there is no more yet.",
  ),
})
export type SubscriptionPage = typeof SubscriptionPage.Type

const path = Schema.Struct({ name: field(SubscriptionName, "Name of the subscription.") })

const missing: readonly ProblemSlug[] = ["subscription-not-found"]

/** Durable subscriptions. */
export class SubscriptionsGroup extends HttpApiGroup.make("subscriptions")
  .add(
    HttpApiEndpoint.get("list", "/v1/subscriptions")
      .setUrlParams(
        Schema.Struct({
          ...readParams,
          after: optional(Schema.String, "`next` of an earlier page: only those whose names come after this one."),
        }),
      )
      .addSuccess(SubscriptionList)
      .annotateContext(described("All subscriptions, with what waits for each.", read(readCall))),
  )
  .add(
    HttpApiEndpoint.put("put", "/v1/subscriptions/:name")
      .setPath(path)
      .setPayload(SubscriptionBody)
      .addSuccess(SubscriptionView)
      .annotateContext(
        described(
          "Makes a subscription, or gives one that there is another filter; its checkpoint stays. The same call again changes nothing. " +
            "With another filter a stream that is open ends: its reader connects again.",
          { problems: [...bodyCall, "subscriptions-full"], headers: ["Sequence"], bodyOptional: true },
        ),
      ),
  )
  .add(
    HttpApiEndpoint.get("get", "/v1/subscriptions/:name")
      .setPath(path)
      .setUrlParams(reads)
      .addSuccess(SubscriptionView)
      .annotateContext(
        described("A subscription, with its checkpoint and what waits.", read([...readCall, ...missing])),
      ),
  )
  .add(
    HttpApiEndpoint.del("delete", "/v1/subscriptions/:name")
      .setPath(path)
      .addSuccess(SubscriptionView)
      .annotateContext(
        described("Deletes a subscription and answers with what it was. A stream of it that is open ends.", {
          problems: [...writeCall, ...missing],
          headers: ["Sequence"],
        }),
      ),
  )
  .add(
    HttpApiEndpoint.get("events", "/v1/subscriptions/:name/events")
      .setPath(path)
      .setUrlParams(
        Schema.Struct({
          ...readParams,
          consumer: field(
            ConsumerName,
            "Who reads, for example the host and the process: one consumer at a time. Another one gets `subscription-taken`.",
          ),
          limit: pageParams.limit,
        }),
      )
      .addSuccess(SubscriptionPage)
      .annotateContext(
        described(
          "Events from the checkpoint on, oldest first: what is not acknowledged comes again with the next call. With `Accept: text/event-stream` " +
            "a stream, as of `GET /v1/events`, from the checkpoint whatever `Last-Event-ID` says; it never answers `reset`. A stream holds the subscription " +
            "for its consumer while it is open, a page for 30 s; the same consumer takes it over from its own stream, which then ends.",
          eventRead([...readCall, ...missing, "subscription-taken"]),
        ),
      ),
  )
  .add(
    HttpApiEndpoint.post("ack", "/v1/subscriptions/:name/ack")
      .setPath(path)
      .setPayload(AckBody)
      .addSuccess(SubscriptionView)
      .annotateContext(
        described(
          "Moves the checkpoint: every event up to `sequence` is done. It never moves back, and the same call again changes nothing. Durable when it " +
            "is answered. Refused while another consumer holds the subscription, and beyond the end of the log.",
          { problems: [...bodyCall, ...missing, "subscription-taken", "invalid-cursor"], headers: ["Sequence"] },
        ),
      ),
  )
  .annotateContext(OpenApi.annotations({ title: "Subscriptions" })) {}
