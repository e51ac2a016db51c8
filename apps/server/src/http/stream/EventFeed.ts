/** The events of the log: the newest in the ring, all others behind it, in the log itself. */
import { Engine } from "@threadfold/engine"
import type { LogReader, ReadQuery } from "@threadfold/event-log"
import { Context, Effect, Layer, Stream } from "effect"
import { HttpLimits } from "../HttpLimits.js"
import { Metrics } from "../Metrics.js"
import type { Beginning, Feed } from "./Feed.js"
import { eventFrame, type StreamCursor } from "./Frame.js"
import { makeHub } from "./Hub.js"

/** Events that the tail takes from the log at a time. */
const tailPage = 64

/** Where a place of another log, or of the future, is gone on from; null: it is a place of this log. */
export const foreign = (log: LogReader, cursor: StreamCursor): Beginning | null => {
  if (cursor.logId !== null && cursor.logId !== log.logId) return { cursor: log.published(), reset: "other-log" }
  return cursor.sequence > log.published() ? { cursor: log.published(), reset: "future" } : null
}

const make = Effect.gen(function* () {
  const { log } = yield* Engine
  const { stream: limits } = yield* HttpLimits
  const metrics = yield* Metrics
  const hub = yield* makeHub(
    {
      lingerMs: 0,
      published: log.published,
      follow: (intake) => {
        const after = log.published()
        intake.restart(after)
        return log.subscribe({ after, pageSize: tailPage }).pipe(
          Stream.runForEachChunk((rows) =>
            Effect.sync(() => {
              for (const row of rows) intake.publish(eventFrame(log.logId, row))
            }),
          ),
        )
      },
    },
    limits,
    metrics,
  )
  return EventFeed.of({
    hub,
    logId: log.logId,
    published: log.published,
    begin: (cursor) =>
      Effect.succeed(
        cursor === null
          ? { cursor: 0, reset: null }
          : (foreign(log, cursor) ?? { cursor: cursor.sequence, reset: null }),
      ),
    // A log page is bounded in events only, so its size follows the length of the events before: what a reader holds stays near
    // the bound in bytes.
    behind: (filter, cursor, page) =>
      Effect.gen(function* () {
        const until = Math.max(cursor, log.published())
        const query: ReadQuery = {
          after: cursor,
          until,
          limit: page,
          ...(filter.streamId === undefined ? {} : { streamId: filter.streamId }),
          ...(filter.types === undefined ? {} : { types: [...filter.types] }),
        }
        const rows = yield* log.read(query)
        const last = rows[rows.length - 1]
        const frames = rows.map((row) => eventFrame(log.logId, row).bytes)
        const bytes = frames.reduce((sum, frame) => sum + frame.length, 0)
        return {
          kind: "piece" as const,
          frames,
          until: last === undefined || rows.length < page ? until : last.sequence,
          page: bytes > limits.pieceBytes ? Math.max(1, page >>> 2) : Math.min(limits.pieceEvents, page * 2),
        }
      }),
  })
})

/** The stream of events. */
export class EventFeed extends Context.Tag("@threadfold/server/EventFeed")<EventFeed, Feed>() {
  static readonly layer: Layer.Layer<EventFeed, never, Engine | HttpLimits | Metrics> = Layer.scoped(EventFeed, make)
}
