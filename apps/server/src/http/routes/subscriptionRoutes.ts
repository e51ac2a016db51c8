/** Durable subscriptions. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { AckBody, Api, SubscriptionBody } from "@threadfold/contracts/api"
import { fitting } from "@threadfold/core/model"
import { Effect } from "effect"
import { Subscriptions } from "../../subscriptions/Subscriptions.js"
import { HttpLimits } from "../HttpLimits.js"
import { EventFeed } from "../stream/EventFeed.js"
import { streamServer, wantsStream } from "../stream/streamServer.js"
import { wantedFrames } from "./eventPage.js"
import { answer, answerText } from "./jsonAnswer.js"
import { readRoute } from "./readRoute.js"
import { optional, readCommandBody, required } from "./requestBody.js"

/** Events of a page where the call names no limit. */
const defaultLimit = 50

export const subscriptionRoutes = HttpApiBuilder.group(Api, "subscriptions", (handlers) =>
  Effect.gen(function* () {
    const subscriptions = yield* Subscriptions
    const { smallBodyBytes } = yield* HttpLimits
    const { log, ready, withProblems } = yield* readRoute
    const feed = yield* EventFeed
    // Of a purged thread its tombstone comes; nothing of the other threads may be left out for it, as a reset would.
    const streamFrom = yield* streamServer({
      ...feed,
      begin: (cursor) => Effect.succeed({ cursor: cursor?.sequence ?? 0, reset: null }),
    })

    return handlers
      .handle("list", ({ urlParams }) =>
        Effect.gen(function* () {
          yield* ready(urlParams)
          const { after = "" } = urlParams
          const items = (yield* subscriptions.list).filter(({ name }) => name > after)
          const shown = items.slice(0, fitting(items))
          const next = shown.length < items.length ? (shown.at(-1)?.name ?? null) : null
          return answer({ items: shown, next }, log.published())
        }).pipe(withProblems),
      )
      .handleRaw("put", ({ path: { name }, request }) =>
        Effect.gen(function* () {
          const { value } = yield* readCommandBody(request, optional(SubscriptionBody), smallBodyBytes)
          const view = yield* Effect.uninterruptible(subscriptions.put(name, value))
          return answer(view, view.sequence)
        }).pipe(withProblems),
      )
      .handle("get", ({ path: { name }, urlParams }) =>
        Effect.gen(function* () {
          yield* ready(urlParams)
          const view = yield* subscriptions.view(name)
          return answer(view, view.sequence)
        }).pipe(withProblems),
      )
      .handle("delete", ({ path: { name } }) =>
        Effect.uninterruptible(subscriptions.remove(name)).pipe(
          Effect.map((view) => answer(view, view.sequence)),
          withProblems,
        ),
      )
      .handle("events", ({ path: { name }, request, urlParams }) =>
        Effect.gen(function* () {
          yield* ready(urlParams)
          const { consumer, limit = defaultLimit } = urlParams
          if (!wantsStream(request)) {
            const page = yield* subscriptions.page(name, consumer, limit)
            return answerText(page.json, page.sequence)
          }
          const { held, subscription } = yield* subscriptions.hold(name, consumer)
          const { checkpoint, except, streamId, types } = subscription
          return yield* streamFrom({
            request,
            after: undefined,
            begin: checkpoint,
            filter: {
              ...(streamId === null ? {} : { streamId }),
              ...wantedFrames({ ...(types === null ? {} : { types }), ...(except === null ? {} : { except }) }),
            },
            held,
            snapshot: "/v1/threads",
          })
        }).pipe(withProblems),
      )
      .handleRaw("ack", ({ path: { name }, request }) =>
        Effect.gen(function* () {
          const { value } = yield* readCommandBody(request, required(AckBody), smallBodyBytes)
          const view = yield* Effect.uninterruptible(subscriptions.acknowledge(name, value))
          return answer(view, view.sequence)
        }).pipe(withProblems),
      )
  }),
)
