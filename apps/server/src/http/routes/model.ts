/** Rows for programs that keep a copy of them: a snapshot to begin with, and a stream of what changes. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { Api } from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import { Projections } from "@threadfold/projections"
import { Effect } from "effect"
import { orProblem } from "../orProblem.js"
import { HttpServices } from "../Services.js"
import { formatCursor } from "../stream/Cursor.js"
import type { FrameFilter } from "../stream/Ring.js"
import { serveStream, wantsStream } from "../stream/serveStream.js"
import { answer, etagOf, holds, notModified } from "./answer.js"
import { waitFor } from "./waitFor.js"

interface ChangesQuery {
  readonly after?: string | undefined
  readonly "min-sequence"?: number | undefined
}

export const modelRoutes = HttpApiBuilder.group(Api, "model", (handlers) =>
  Effect.gen(function* () {
    const services = yield* HttpServices
    const projections = yield* Projections
    const { log } = services.engine
    const told = orProblem(services.engine)
    const ready = (params: { readonly "min-sequence"?: number | undefined }) =>
      waitFor(log, params["min-sequence"], services.limits.waitMs)

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
        return yield* serveStream({ ...services, feed: services.changes }, request, params.after, filter, snapshot)
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
        }).pipe(told),
      )
      .handle("threadChanges", ({ path: { threadId }, request, urlParams }) =>
        Effect.zipRight(
          projections.thread(threadId),
          changes(request, urlParams, { streamId: threadId }, `/v1/threads/${threadId}/snapshot`),
        ).pipe(told),
      )
      .handle("changes", ({ request, urlParams }) => told(changes(request, urlParams, {}, "/v1/threads")))
  }),
)
