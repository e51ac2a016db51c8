/** Rows for programs that keep a copy of them: a snapshot to begin with, and a stream of what changes. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { Api } from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import { Projections } from "@threadfold/projections"
import { Effect } from "effect"
import { formatCursor } from "../stream/Frame.js"
import type { FrameFilter } from "../stream/Ring.js"
import { RowFeed } from "../stream/RowFeed.js"
import { streamServer, wantsStream } from "../stream/streamServer.js"
import { answer, etagOf, holds, notModified } from "./jsonAnswer.js"
import { readRoute } from "./readRoute.js"

interface ChangesQuery {
  readonly after?: string | undefined
  readonly "min-sequence"?: number | undefined
}

export const modelRoutes = HttpApiBuilder.group(Api, "model", (handlers) =>
  Effect.gen(function* () {
    const projections = yield* Projections
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
      .handle("snapshot", ({ path: { threadId }, request, urlParams: { limit, ...params } }) =>
        Effect.gen(function* () {
          yield* ready(params)
          const { sequence, version } = yield* projections.thread(threadId)
          const etag = etagOf(log.logId, version, `rows-${limit ?? "-"}`)
          if (holds(request, etag)) return notModified(etag, sequence)
          const rows = yield* projections.rowsSnapshot(threadId, { limit })
          // As with the thread's page: what came in between makes the answer newer than its tag.
          // One without an open state gets it without an event, when the thread is folded again: it carries no tag.
          const headers = rows.state === null ? {} : { etag }
          return answer({ ...rows, cursor: formatCursor(log.logId, rows.sequence) }, rows.sequence, headers)
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
