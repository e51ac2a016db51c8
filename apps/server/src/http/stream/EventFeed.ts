/** The events of the log: the newest in the ring, all others behind it, in the log itself. */
import { type StorageUnavailable, tombstoneTypes } from "@threadfold/contracts"
import { Engine } from "@threadfold/engine"
import type { LogReader, ReadQuery } from "@threadfold/event-log"
import { Context, Effect, Layer, Stream } from "effect"
import { HttpLimits } from "../HttpLimits.js"
import { Metrics } from "../Metrics.js"
import type { Beginning, Feed } from "./Feed.js"
import { eventFrame, type StreamCursor } from "./Frame.js"
import { makeHub } from "./Hub.js"
import { type FrameFilter, takesType } from "./Ring.js"

/** Events that the tail takes from the log at a time. */
const tailPage = 64

/** Where a place of another log, or of the future, is gone on from; null: it is a place of this log. */
export const foreign = (log: LogReader, cursor: StreamCursor): Beginning | null => {
  if (cursor.logId !== null && cursor.logId !== log.logId) return { cursor: log.published(), reset: "other-log" }
  return cursor.sequence > log.published() ? { cursor: log.published(), reset: "future" } : null
}

/**
 * Where a place among events that were purged is gone on from: their content cannot be had any more. A thread's own stream, or the
 * stream of all at exactly such an event. Null: it is no such place.
 */
const purged = (
  log: LogReader,
  { sequence }: StreamCursor,
  { streamId }: FrameFilter,
): Effect.Effect<Beginning | null, StorageUnavailable> =>
  Effect.gen(function* () {
    const [event] =
      streamId === undefined
        ? yield* log.read({ after: sequence - 1, until: sequence, limit: 1, texts: "beginnings" })
        : []
    const subject = streamId ?? event?.streamId
    const tombstone = subject === undefined ? null : yield* log.tombstoneOf(subject)
    return tombstone === null || tombstone <= sequence ? null : { cursor: tombstone, reset: "purged" }
  })

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
        return log.subscribe({ after, pageSize: tailPage, texts: "beginnings" }).pipe(
          Stream.runForEachChunk((rows) =>
            Effect.sync(() => {
              for (const row of rows) {
                // What was purged is not kept here either. Streams that are behind read on in the log.
                if (tombstoneTypes.has(row.type)) intake.restart(row.sequence - 1)
                intake.publish(eventFrame(log.logId, row))
              }
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
    begin: (cursor, filter) =>
      cursor === null
        ? Effect.succeed({ cursor: 0, reset: null })
        : Effect.map(
            purged(log, cursor, filter),
            (tombstone) => foreign(log, cursor) ?? tombstone ?? { cursor: cursor.sequence, reset: null },
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
          texts: "beginnings",
          ...(filter.streamId === undefined ? {} : { streamId: filter.streamId }),
          ...(filter.types === undefined ? {} : { types: [...filter.types] }),
          ...(filter.except === undefined ? {} : { except: [...filter.except] }),
        }
        const rows = yield* log.read(query)
        const last = rows[rows.length - 1]
        const frames = rows.filter(({ type }) => takesType(filter, type)).map((row) => eventFrame(log.logId, row).bytes)
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
