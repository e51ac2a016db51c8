/** Rows for programs that keep a copy of them: a snapshot to begin with, and a stream of what changes. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { Api } from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import { Projections } from "@threadfold/projections"
import { Effect } from "effect"
import { fitAnswer } from "../../bounds/fit.js"
import { formatCursor } from "../stream/Frame.js"
import type { FrameFilter } from "../stream/Ring.js"
import { RowFeed } from "../stream/RowFeed.js"
import { streamServer, wantsStream } from "../stream/streamServer.js"
import { answerText, etagOf, holds, notModified } from "./jsonAnswer.js"
import { pastReads } from "./pastReads.js"
import { readRoute } from "./readRoute.js"

interface ChangesQuery {
  readonly after?: string | undefined
  readonly "min-sequence"?: number | undefined
}

export const modelRoutes = HttpApiBuilder.group(Api, "model", (handlers) =>
  Effect.gen(function* () {
    const projections = yield* Projections
    const past = yield* pastReads
    const { log, ready, withProblems } = yield* readRoute
    const streamChanges = yield* streamServer(yield* RowFeed)

    const changes = (
      request: HttpServerRequest.HttpServerRequest,
      params: ChangesQuery,
      filter: FrameFilter,
      snapshot: string,
    ) =>
      Effect.gen(function* () {
        if (!wantsStream(request)) {
          return yield* new Problem({
            slug: "invalid-request",
            detail: "Changes are a stream alone: ask for it with Accept: text/event-stream.",
          })
        }
        yield* ready(params)
        return yield* streamChanges({ request, after: params.after, filter, snapshot })
      })

    return handlers
      .handle("snapshot", ({ path: { threadId }, request, urlParams: { at, limit, ...params } }) =>
        Effect.gen(function* () {
          if (at !== undefined) return yield* past.answer(params, { kind: "rows", threadId, sequence: at, limit })
          yield* ready(params)
          const { remade, sequence, version } = yield* projections.thread(threadId)
          const etag = etagOf(log.logId, version, `rows-${limit ?? "-"}-r${remade}`)
          if (holds(request, etag)) return notModified(etag, sequence)
          const { json, value: rows } = yield* fitAnswer(limit, (room) =>
            Effect.map(projections.rowsSnapshot(threadId, room), (rows) => ({
              ...rows,
              cursor: formatCursor(log.logId, rows.sequence),
            })),
          )
          // As with the thread's page: what came in between makes the answer newer than its tag.
          // One without an open state gets it without an event, when the thread is folded again: it carries no tag.
          const headers = rows.state === null ? {} : { etag }
          return answerText(json, rows.sequence, headers)
        }).pipe(withProblems),
      )
      .handle("threadChanges", ({ path: { threadId }, request, urlParams }) =>
        Effect.zipRight(
          projections.thread(threadId),
          changes(request, urlParams, { streamId: threadId }, `/v1/threads/${threadId}/snapshot`),
        ).pipe(withProblems),
      )
      .handle("changes", ({ request, urlParams }) => withProblems(changes(request, urlParams, {}, "/v1/threads")))
  }),
)
