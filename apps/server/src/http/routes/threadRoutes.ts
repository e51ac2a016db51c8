/** Threads and their lists. Every route here is one query of the projections. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Api } from "@threadfold/contracts/api"
import type { Problem } from "@threadfold/contracts/problem"
import { type Page, type PageQuery, Projections, type ThreadListError } from "@threadfold/projections"
import { Effect } from "effect"
import type { MomentList } from "../../moments/momentProtocol.js"
import { DirectReads } from "../direct/DirectReads.js"
import { PageCache } from "../direct/PageCache.js"
import { EventFeed } from "../stream/EventFeed.js"
import { streamServer, wantsStream } from "../stream/streamServer.js"
import { eventPage, typesOf } from "./eventPage.js"
import { answerText, etagOf, holds, notModified } from "./jsonAnswer.js"
import { pastReads, sequenceOf } from "./pastReads.js"
import { readRoute } from "./readRoute.js"

interface ListCall<Query> {
  readonly path: { readonly threadId: string }
  readonly urlParams: Query & { readonly "min-sequence"?: number | undefined; readonly at?: number | undefined }
}

type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse, Problem>

export const threadRoutes = HttpApiBuilder.group(Api, "threads", (handlers) =>
  Effect.gen(function* () {
    const projections = yield* Projections
    const { answerWith, log, ready, withProblems } = yield* readRoute
    const streamEvents = yield* streamServer(yield* EventFeed)
    const past = yield* pastReads

    const pages = new PageCache()

    /** The route of a list of a thread, as it is or as it was. */
    const list =
      <A, Query extends PageQuery = PageQuery>(
        name: MomentList,
        query: (threadId: string, query: Query) => Effect.Effect<Page<A>, ThreadListError>,
      ) =>
      ({ path: { threadId }, urlParams }: ListCall<Query>): Answer => {
        const sequence = sequenceOf(urlParams)
        return sequence === null
          ? answerWith(urlParams, query(threadId, urlParams))
          : past.answer(urlParams, { kind: "list", list: name, threadId, sequence, query: urlParams })
      }

    const snapshot = (
      request: HttpServerRequest.HttpServerRequest,
      threadId: string,
      limit: number | undefined,
      rewound: boolean | undefined,
    ) =>
      Effect.gen(function* () {
        // One row is enough to see that nothing changed.
        const { foldVersion, sequence, version } = yield* projections.threadVersion(threadId)
        const etag = etagOf(log.logId, version, rewound === undefined ? limit : `${limit ?? "-"}-${rewound}`)
        if (holds(request, etag)) return notModified(etag, sequence)
        const key = `${threadId} ${limit} ${rewound}`
        const kept = pages.get(key, `${version} ${foldVersion}`)
        if (kept !== undefined) return answerText(`{"sequence":${sequence},${kept}`, sequence, { etag })
        const { more, snapshot } = yield* projections.threadSnapshot(threadId, { limitPerList: limit, rewound })
        const { sequence: head, ...rest } = snapshot
        const text = JSON.stringify({ ...rest, more }).slice(1)
        pages.set(key, `${version} ${foldVersion}`, text)
        // An event that came in between makes the answer newer than its tag: the next call then gets it once more.
        return answerText(`{"sequence":${head},${text}`, head, { etag })
      })

    return yield* (yield* DirectReads).take(
      [
        "list",
        "get",
        "sessions",
        "turns",
        "items",
        "requests",
        "inferences",
        "realtime",
        "delegations",
        "tasks",
        "queue",
        "anomalies",
        "usage",
        "events",
      ],
      handlers
        .handle("list", ({ urlParams }) => answerWith(urlParams, projections.threads(urlParams)))
        .handle("get", ({ path, request, urlParams }) =>
          urlParams.at === undefined
            ? withProblems(
                Effect.zipRight(ready(urlParams), snapshot(request, path.threadId, urlParams.limit, urlParams.rewound)),
              )
            : past.thread(request, path.threadId, urlParams.at, urlParams),
        )
        .handle("sessions", list("sessions", projections.sessions))
        .handle("turns", list("turns", projections.turns))
        .handle("items", list("items", projections.items))
        .handle("requests", list("requests", projections.requests))
        .handle("inferences", list("inferences", projections.inferences))
        .handle("realtime", list("realtimeRuns", projections.realtimeRuns))
        .handle("delegations", list("delegations", projections.delegations))
        .handle("tasks", list("tasks", projections.tasks))
        .handle("queue", list("queue", projections.queue))
        .handle(
          "anomalies",
          list("anomalies", (threadId, query) =>
            Effect.zipRight(projections.thread(threadId), projections.anomalies({ ...query, threadId })),
          ),
        )
        .handle("usage", ({ path: { threadId }, urlParams }) =>
          urlParams.at === undefined
            ? answerWith(urlParams, projections.usage(threadId))
            : past.answer(urlParams, { kind: "usage", threadId, sequence: urlParams.at }),
        )
        .handle("events", ({ path, request, urlParams }) =>
          Effect.gen(function* () {
            yield* ready(urlParams)
            yield* projections.thread(path.threadId)
            const types = yield* typesOf(urlParams.types)
            if (wantsStream(request)) {
              const filter = { streamId: path.threadId, ...(types === undefined ? {} : { types: new Set(types) }) }
              const snapshot = `/v1/threads/${path.threadId}`
              return yield* streamEvents({ request, after: urlParams.after, filter, snapshot })
            }
            const { after, cursor, limit, order, native } = urlParams
            const page = yield* eventPage(log, {
              streamId: path.threadId,
              ...(types === undefined ? {} : { types }),
              after,
              cursor,
              limit,
              order,
              native: native === true,
            })
            return answerText(page.json, page.sequence)
          }).pipe(withProblems),
        ),
    )
  }),
)
