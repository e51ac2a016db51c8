/**
 * The reading half of the log, the same over the writer's driver and over a read-only connection: pages, everything, and
 * subscriptions, which give the stored events and then the new ones.
 */
import type { StorageUnavailable } from "@threadfold/contracts"
import { Chunk, Effect, Option, Stream } from "effect"
import type { LogDriver, ReadQuery } from "./Driver.js"
import { logUnavailable } from "./Errors.js"
import type { EventRow, ReadRow } from "./EventRow.js"
import { pageLimit } from "./SelectEvents.js"
import { makeWatermark } from "./Watermark.js"

/** Events that a subscription takes from the log at a time. */
const subscriptionPage = 256

/** What to subscribe to. All conditions apply together. */
export interface SubscribeQuery {
  /** Events after this sequence (exclusive); 0: from the beginning. */
  readonly after: number
  readonly streamId?: string
  readonly types?: readonly string[]
  /** Events taken from the log at a time, 1 to 10,000; 256 by default. The most that a subscription ever holds. */
  readonly pageSize?: number
  /** As for a page. */
  readonly texts?: ReadQuery["texts"]
}

/** What storage offers to a reader. */
export interface LogSource {
  readonly logId: string
  readonly head: Effect.Effect<number, StorageUnavailable>
  readonly read: (query: ReadQuery) => Effect.Effect<readonly ReadRow[], StorageUnavailable>
  readonly findByEventId: (eventId: string) => Effect.Effect<EventRow | null, StorageUnavailable>
  readonly native: (sequence: number) => Effect.Effect<string | null, StorageUnavailable>
  readonly tombstoneOf: (streamId: string) => Effect.Effect<number | null, StorageUnavailable>
}

/** Reads of a log. Each fails with `StorageUnavailable` where the storage cannot be read. */
export interface LogReader {
  /** Identifies the log; changes when a backup is restored over it. */
  readonly logId: string
  /** Highest committed sequence, 0 for an empty log. */
  readonly head: Effect.Effect<number, StorageUnavailable>
  /** Highest published sequence: no subscription gives an event above it. */
  readonly published: () => number
  /** One page. Rows as stored: `decodeRow` and `encodeEnvelopeJson` make envelopes of them. */
  readonly read: (query: ReadQuery) => Effect.Effect<readonly ReadRow[], StorageUnavailable>
  /**
   * Everything that was committed when it began and that the query names, page after page of `limit` events; one page
   * is held at a time.
   */
  readonly readAll: (query: ReadQuery) => Stream.Stream<ReadRow, StorageUnavailable>
  /** The event with this id, or null. */
  readonly findByEventId: (eventId: string) => Effect.Effect<EventRow | null, StorageUnavailable>
  /** The native body of an event, verbatim, or null. */
  readonly native: (sequence: number) => Effect.Effect<string | null, StorageUnavailable>
  /** Sequence of the tombstone of a stream that was purged; null: it was not. What comes before it has no content any more. */
  readonly tombstoneOf: (streamId: string) => Effect.Effect<number | null, StorageUnavailable>
  /**
   * Events from `after` on, first those of the log, then those to come, each once and in order, without end. Nothing is
   * buffered beyond one page: a slow consumer reads later, and from the log.
   */
  readonly subscribe: (query: SubscribeQuery) => Stream.Stream<ReadRow, StorageUnavailable>
  /**
   * Announces that everything up to `head` is committed; subscriptions continue from there. `streamIds`: the streams that
   * got events, so that subscriptions of other streams sleep on. Synchronous and cheap; called in commit order.
   */
  readonly publish: (head: number, streamIds?: Iterable<string>) => void
}

const pagesOf = (source: LogSource, query: ReadQuery) =>
  Stream.unwrap(
    Effect.map(query.until === undefined ? source.head : Effect.succeed(query.until), (until) =>
      Stream.paginateChunkEffect({ ...query, until }, (page: ReadQuery) =>
        Effect.map(source.read(page), (rows) => {
          const last = rows[rows.length - 1]
          const next =
            last === undefined || rows.length < pageLimit(page)
              ? Option.none<ReadQuery>()
              : Option.some(
                  page.order === "desc" ? { ...page, until: last.sequence - 1 } : { ...page, after: last.sequence },
                )
          return [Chunk.unsafeFromArray(rows), next] as const
        }),
      ),
    ),
  )

/** Derives a reader. `published`: everything up to there is known to be committed. */
export const makeLogReader = (source: LogSource, published: number): LogReader => {
  const watermark = makeWatermark(published)

  const subscribe = (query: SubscribeQuery): Stream.Stream<ReadRow, StorageUnavailable> => {
    const filter = {
      ...(query.streamId === undefined ? {} : { streamId: query.streamId }),
      ...(query.types === undefined ? {} : { types: query.types }),
      ...(query.texts === undefined ? {} : { texts: query.texts }),
      limit: query.pageSize ?? subscriptionPage,
    }
    const step = (after: number) =>
      Effect.gen(function* () {
        yield* watermark.above(after, query.streamId)
        // A subscription may start above the mark; then the mark is not the place to continue.
        const until = Math.max(after, watermark.current())
        const rows = yield* source.read({ ...filter, after, until })
        const last = rows[rows.length - 1]
        // A page that is not full has everything up to the mark, whether or not the filter let the last event through.
        const next = last === undefined || rows.length < pageLimit(filter) ? until : last.sequence
        return [Chunk.unsafeFromArray(rows), Option.some(next)] as const
      })
    return Stream.paginateChunkEffect(query.after, step)
  }

  return {
    logId: source.logId,
    head: source.head,
    published: watermark.current,
    read: source.read,
    readAll: (query) => pagesOf(source, query),
    findByEventId: source.findByEventId,
    native: source.native,
    tombstoneOf: source.tombstoneOf,
    subscribe,
    publish: watermark.publish,
  }
}

const wordsOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return "code" in error && typeof error.code === "string" ? `${error.message} (${error.code})` : error.message
}

const attempt = <A>(body: () => A): Effect.Effect<A, StorageUnavailable> =>
  Effect.try({ try: body, catch: (error) => logUnavailable(wordsOf(error)) })

/**
 * A reader over a driver. What the driver has when it is made counts as published; the writer publishes the rest. Throws what the
 * driver throws when it is asked for its head.
 */
export const liveReader = (driver: LogDriver): LogReader =>
  makeLogReader(
    {
      logId: driver.logId,
      head: attempt(() => driver.head()),
      read: (query) => attempt(() => driver.read(query)),
      findByEventId: (eventId) => attempt(() => driver.findByEventId(eventId)),
      native: (sequence) => attempt(() => driver.readNative(sequence)),
      tombstoneOf: (streamId) =>
        attempt(() => {
          const purge = driver.purgeOf(streamId)
          return purge === null ? null : (driver.findByEventId(purge.eventId)?.sequence ?? null)
        }),
    },
    driver.head(),
  )
