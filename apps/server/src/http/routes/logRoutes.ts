/** The log itself, and what is known about all of it. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { Api } from "@threadfold/contracts/api"
import { invariants } from "@threadfold/core"
import { databaseFile } from "@threadfold/event-log"
import { Projections } from "@threadfold/projections"
import { Effect } from "effect"
import { fitPage } from "../../bounds/fit.js"
import { eventJson } from "../../bounds/readEvents.js"
import { ImportSettings } from "../../imports/ImportSettings.js"
import type { StatsParts } from "../../offline/logStats.js"
import { runJob } from "../../offline/runJob.js"
import { DirectReads } from "../direct/DirectReads.js"
import { EventFeed } from "../stream/EventFeed.js"
import { liveAudio, streamServer, wantsStream } from "../stream/streamServer.js"
import { eventPage, wantedFrames, wantedTypes } from "./eventPage.js"
import { answer, answerText, etagOf, holds, notModified } from "./jsonAnswer.js"
import { readRoute } from "./readRoute.js"

export const logRoutes = HttpApiBuilder.group(Api, "log", (handlers) =>
  Effect.gen(function* () {
    const projections = yield* Projections
    const { answerWith, eventAt, log, ready, withProblems } = yield* readRoute
    const streamEvents = yield* streamServer(yield* EventFeed)
    const heard = yield* liveAudio
    const { directory } = yield* ImportSettings
    // A walk over the log takes seconds: in a thread of its own, and one at a time.
    const walks = yield* Effect.makeSemaphore(1)
    const walk = (options: StatsParts) =>
      runJob({ name: "stats", file: databaseFile(directory), options }, () => undefined)

    return yield* (yield* DirectReads).take(
      ["events", "event", "anomalies", "stats"],
      handlers
        .handle("events", ({ request, urlParams }) =>
          Effect.gen(function* () {
            yield* ready(urlParams)
            const wanted = yield* wantedTypes(urlParams)
            if (wantsStream(request)) {
              const filter = {
                audio: urlParams.audio !== undefined && urlParams.audio !== false,
                ...wantedFrames(wanted),
              }
              return yield* streamEvents({
                request,
                after: urlParams.after,
                filter,
                ...heard(urlParams, null),
                snapshot: "/v1/threads",
              })
            }
            const { after, cursor, limit, order, native } = urlParams
            const page = yield* eventPage(log, {
              ...wanted,
              after,
              cursor,
              limit,
              order,
              native: native === true,
            })
            return answerText(page.json, page.sequence)
          }).pipe(withProblems),
        )
        .handle("event", ({ path: { sequence }, request, urlParams }) =>
          Effect.gen(function* () {
            yield* ready(urlParams)
            const row = yield* eventAt(sequence, { texts: "beginnings" })
            const native = urlParams.native === true
            // An event never changes.
            const etag = etagOf(log.logId, sequence, native ? "native" : undefined)
            if (holds(request, etag)) return notModified(etag, log.published())
            const json = yield* eventJson(log, row, native)
            return answerText(json, log.published(), { etag })
          }).pipe(withProblems),
        )
        .handle("anomalies", ({ urlParams }) =>
          answerWith(
            urlParams,
            fitPage((given) => projections.anomalies({ ...urlParams, ...given })),
          ),
        )
        .handle("stats", ({ urlParams }) =>
          Effect.gen(function* () {
            yield* ready(urlParams)
            const { byType, gaps = false, skew = false, threads = false, types = false } = urlParams
            const stats = yield* projections.stats({ byType })
            const isLong = types || threads || gaps || skew
            const log = isLong ? yield* walks.withPermits(1)(walk({ types, threads, gaps, skew })) : null
            return answer({ ...stats, log }, stats.lastSequence)
          }).pipe(withProblems),
        )
        .handle("invariants", () =>
          Effect.succeed({
            items: invariants.map(({ id, text, kind, severity }) => ({ id, text, kind, severity })),
          }),
        ),
    )
  }),
)
