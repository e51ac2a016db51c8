/** Threads and their lists. Every route here is one query of the projections. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Api } from "@threadfold/contracts/api"
import type { Problem } from "@threadfold/contracts/problem"
import { withCosts } from "@threadfold/core/model"
import { type Page, type PageQuery, Projections, type ThreadListError } from "@threadfold/projections"
import { Effect } from "effect"
import { fitAnswer, fitPage } from "../../bounds/fit.js"
import { Prices } from "../../config/Prices.js"
import { readCheckout } from "../../folders/readCheckout.js"
import type { MomentList } from "../../moments/momentProtocol.js"
import { Purges } from "../../purges/Purges.js"
import { DirectReads } from "../direct/DirectReads.js"
import { PageCache } from "../direct/PageCache.js"
import { EventFeed } from "../stream/EventFeed.js"
import { liveAudio, streamServer, wantsStream } from "../stream/streamServer.js"
import { eventPage, wantedFrames, wantedTypes } from "./eventPage.js"
import { answerText, etagOf, holds, notModified } from "./jsonAnswer.js"
import type { CallHeaders, PageForm } from "./pageAnswer.js"
import { pastReads, sequenceOf } from "./pastReads.js"
import { readRoute } from "./readRoute.js"

interface ListCall<Query> {
  readonly request: CallHeaders
  readonly path: { readonly threadId: string }
  readonly urlParams: Query &
    PageForm & { readonly "min-sequence"?: number | undefined; readonly at?: number | undefined }
}

type Answer = Effect.Effect<HttpServerResponse.HttpServerResponse, Problem>

export const threadRoutes = HttpApiBuilder.group(Api, "threads", (handlers) =>
  Effect.gen(function* () {
    const projections = yield* Projections
    const { answerWith, log, pageWith, ready, withProblems } = yield* readRoute
    const streamEvents = yield* streamServer(yield* EventFeed)
    const heard = yield* liveAudio
    const past = yield* pastReads

    const pages = new PageCache()
    const prices = yield* Prices
    yield* (yield* Purges).onPurged((threadId) => pages.forget(threadId))

    /** The route of a list of a thread, as it is or as it was. */
    const list =
      <A extends object, Query extends PageQuery = PageQuery>(
        name: MomentList,
        query: (threadId: string, query: Query) => Effect.Effect<Page<A>, ThreadListError>,
      ) =>
      ({ path: { threadId }, request, urlParams }: ListCall<Query>): Answer => {
        const sequence = sequenceOf(urlParams)
        return sequence === null
          ? pageWith(request, urlParams, (given) => query(threadId, { ...urlParams, ...given }))
          : past.page(request, urlParams, { kind: "list", list: name, threadId, sequence, query: urlParams })
      }

    const snapshot = (
      request: HttpServerRequest.HttpServerRequest,
      threadId: string,
      limit: number | undefined,
      rewound: boolean | undefined,
    ) =>
      Effect.gen(function* () {
        // One row is enough to see that nothing changed.
        const { foldVersion, remade, sequence, version } = yield* projections.threadVersion(threadId)
        const etag = etagOf(log.logId, version, `r${remade}-${limit ?? ""}-${rewound ?? ""}`)
        if (holds(request, etag)) return notModified(etag, sequence)
        const key = `${threadId} ${limit} ${rewound}`
        const state = `${version} ${foldVersion} ${remade}`
        const kept = pages.get(key, state)
        if (kept !== undefined) return answerText(`{"sequence":${sequence},${kept}`, sequence, { etag })
        const { json, value } = yield* fitAnswer(limit, ({ limit, textBytes }) =>
          Effect.map(
            projections.threadSnapshot(threadId, { limitPerList: limit, textBytes, rewound }),
            ({ more, snapshot: { sequence, ...rest } }) => ({ sequence, ...rest, more }),
          ),
        )
        const head = value.sequence
        const text = json.slice(`{"sequence":${head},`.length)
        pages.set(key, state, text)
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
        "tree",
        "events",
      ],
      handlers
        .handle("list", ({ request, urlParams }) =>
          pageWith(request, urlParams, (given) => projections.threads({ ...urlParams, ...given })),
        )
        .handle("get", ({ path, request, urlParams }) =>
          urlParams.at === undefined
            ? withProblems(
                Effect.zipRight(ready(urlParams), snapshot(request, path.threadId, urlParams.limit, urlParams.rewound)),
              )
            : past.thread(request, path.threadId, urlParams.at, urlParams),
        )
        .handle("folder", ({ path: { threadId }, urlParams }) =>
          answerWith(
            urlParams,
            Effect.flatMap(projections.thread(threadId), ({ sequence, value: { cwd } }) =>
              Effect.map(cwd === null ? Effect.succeed({ exists: false, git: null }) : readCheckout(cwd), (found) => ({
                threadId,
                cwd,
                sequence,
                ...found,
              })),
            ),
          ),
        )
        .handle("sessions", list("sessions", projections.sessions))
        .handle("turns", list("turns", projections.turns))
        .handle("items", list("items", projections.items))
        .handle("requests", list("requests", projections.requests))
        .handle("inferences", list("inferences", projections.inferences))
        .handle("trace", ({ path: { threadId }, urlParams }) =>
          answerWith(
            urlParams,
            Effect.map(
              fitPage((given) => projections.trace(threadId, { limit: 20, ...urlParams, ...given })),
              (page) => ({ ...page, items: page.items.map((turn) => withCosts(turn, prices)) }),
            ),
          ),
        )
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
        .handle("tree", ({ path: { threadId }, urlParams: { limit, ...params } }) =>
          answerWith(params, projections.threadTree(threadId, limit)),
        )
        .handle("events", ({ path, request, urlParams }) =>
          Effect.gen(function* () {
            yield* ready(urlParams)
            yield* projections.thread(path.threadId)
            const wanted = yield* wantedTypes(urlParams)
            if (wantsStream(request)) {
              const filter = {
                streamId: path.threadId,
                audio: urlParams.audio !== undefined && urlParams.audio !== false,
                ...wantedFrames(wanted),
              }
              const snapshot = `/v1/threads/${path.threadId}`
              return yield* streamEvents({
                request,
                after: urlParams.after,
                filter,
                ...heard(urlParams, path.threadId),
                snapshot,
              })
            }
            const { after, cursor, limit, order, native } = urlParams
            const page = yield* eventPage(log, {
              streamId: path.threadId,
              ...wanted,
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
