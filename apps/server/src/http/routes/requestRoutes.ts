/** What waits for a person: approvals and questions, of all threads and by their ids, and the inbox, which has them and what else does. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { Api } from "@threadfold/contracts/api"
import { Projections } from "@threadfold/projections"
import { Effect } from "effect"
import { DirectReads } from "../direct/DirectReads.js"
import { InboxFeed } from "../stream/InboxFeed.js"
import { streamServer, wantsStream } from "../stream/streamServer.js"
import { answer, resourceAnswer } from "./jsonAnswer.js"
import { readRoute } from "./readRoute.js"

export const requestRoutes = HttpApiBuilder.group(Api, "requests", (handlers) =>
  Effect.gen(function* () {
    const projections = yield* Projections
    const { log, pageWith, ready, withProblems } = yield* readRoute
    return yield* (yield* DirectReads).take(
      ["list", "get"],
      handlers
        .handle("list", ({ request, urlParams }) =>
          pageWith(request, urlParams, (given) => projections.allRequests({ ...urlParams, ...given })),
        )
        .handle("get", ({ path, request, urlParams }) =>
          Effect.gen(function* () {
            yield* ready(urlParams)
            return resourceAnswer(request, log.logId, yield* projections.request(path.requestId))
          }).pipe(withProblems),
        ),
    )
  }),
)

/** What needs a person, of all threads: as it is, and as it changes. */
export const inboxRoutes = HttpApiBuilder.group(Api, "inbox", (handlers) =>
  Effect.gen(function* () {
    const projections = yield* Projections
    const { ready, withProblems } = yield* readRoute
    const streamInbox = yield* streamServer(yield* InboxFeed)
    return handlers.handle("get", ({ request, urlParams: { after, limit, ...params } }) =>
      Effect.gen(function* () {
        yield* ready(params)
        if (wantsStream(request)) return yield* streamInbox({ request, after, filter: {}, snapshot: "/v1/inbox" })
        const inbox = yield* projections.inbox(limit)
        return answer(inbox, inbox.sequence)
      }).pipe(withProblems),
    )
  }),
)
