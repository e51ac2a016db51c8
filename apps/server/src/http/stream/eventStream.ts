/**
 * One stream of events: history after a cursor, `synced`, then what comes. It is pulled by its socket: the next piece is
 * made when the socket has taken the last one, so a slow reader holds one piece and no more.
 */
import type { StorageUnavailable } from "@threadfold/contracts"
import type { LogReader, ReadQuery } from "@threadfold/event-log"
import { Clock, Effect, Option, Stream } from "effect"
import type { StreamLimits } from "../options.js"
import { formatCursor, type StreamCursor } from "./Cursor.js"
import { controlFrame, eventFrame, heartbeatFrame, openingFrame } from "./Frame.js"
import type { Hub, Subscriber } from "./Hub.js"
import type { FrameFilter } from "./Ring.js"

export interface EventStreamOptions {
  readonly log: LogReader
  readonly hub: Hub
  readonly limits: StreamLimits
  /** Where to begin; null: at the beginning. */
  readonly cursor: StreamCursor | null
  readonly filter: FrameFilter
  /** Path of the snapshot to read when the cursor cannot be followed. */
  readonly snapshot: string
  /** Ends a stream whose socket took nothing while this much came for it. */
  readonly disconnect: (pending: { readonly events: number; readonly bytes: number }) => void
}

/** Where a stream stands between two pieces. */
interface Place {
  /** Everything up to here that the filter takes has been given out. */
  readonly cursor: number
  /** `synced` is due once the cursor has reached this; null: it was sent. */
  readonly syncAt: number | null
  /** How many events to take from the log at a time. */
  readonly page: number
}

/** The first page of a stream from the log; longer ones follow where events are short. */
const firstPage = 16

const join = (frames: readonly Buffer[]): Buffer => {
  const [only, ...others] = frames
  return only !== undefined && others.length === 0 ? only : Buffer.concat(frames)
}

/**
 * Reads the next piece from the log: the stream is behind the ring. A log page is bounded in events only, so its size
 * follows the length of the events before: what a reader holds stays near the bound in bytes.
 */
const fromLog = ({ log, filter, limits }: EventStreamOptions, cursor: number, page: number) =>
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
      frames,
      until: last === undefined || rows.length < page ? until : last.sequence,
      page: bytes > limits.pieceBytes ? Math.max(1, page >>> 2) : Math.min(limits.pieceEvents, page * 2),
    }
  })

/** The frames of a stream's first moment, and where it goes on from. */
const begin = (options: EventStreamOptions): { readonly frames: readonly Buffer[]; readonly place: Place } => {
  const { log, limits, cursor, snapshot } = options
  const head = log.published()
  const opening = openingFrame(limits.retryMs)
  const page = Math.min(firstPage, limits.pieceEvents)
  const other = cursor !== null && cursor.logId !== null && cursor.logId !== log.logId
  if (cursor !== null && (other || cursor.sequence > head)) {
    const now = formatCursor(log.logId, head)
    const data = { reason: other ? "other-log" : "future", snapshot, cursor: now }
    return { frames: [opening, controlFrame(now, "reset", data)], place: { cursor: head, syncAt: head, page } }
  }
  return { frames: [opening], place: { cursor: cursor?.sequence ?? 0, syncAt: head, page } }
}

/** The stream as pieces of bytes. Ends when the reader is too slow or the server shuts down. */
export const eventStream = (options: EventStreamOptions): Stream.Stream<Buffer, StorageUnavailable> => {
  const { hub, limits, log } = options

  const overflow = (subscriber: Subscriber): void => {
    // Past the pull, which waits for the socket: the reader sees why, should it still take what was sent before.
    options.disconnect({ events: subscriber.pendingEvents, bytes: subscriber.pendingBytes })
    subscriber.notify()
  }

  const next = (
    subscriber: Subscriber,
    place: Place,
  ): Effect.Effect<Option.Option<readonly [Buffer, Place]>, StorageUnavailable> =>
    Effect.gen(function* () {
      let { cursor, page } = place
      for (;;) {
        if (subscriber.overflowed || hub.closing()) return Option.none()
        if (place.syncAt !== null && cursor >= place.syncAt) {
          const synced = controlFrame(formatCursor(log.logId, cursor), "synced", { sequence: cursor })
          return Option.some([synced, { cursor, syncAt: null, page }] as const)
        }
        const piece = hub.ring.covers(cursor)
          ? { ...hub.ring.after(cursor, options.filter, limits.pieceEvents, limits.pieceBytes), page }
          : yield* fromLog(options, cursor, page)
        page = piece.page
        const moved = piece.until > cursor
        cursor = piece.until
        if (piece.frames.length > 0) {
          return Option.some([join(piece.frames), { cursor, syncAt: place.syncAt, page }] as const)
        }
        if (moved) continue
        if (subscriber.beat) {
          return Option.some([heartbeatFrame(log.published()), { ...place, cursor, page }] as const)
        }
        yield* hub.wait(subscriber, cursor)
      }
    })

  /**
   * Beats when nothing was given out for a while. One fiber for as long as the stream lasts: a time limit on every wait would
   * be two fibers for every piece.
   */
  const beating = (subscriber: Subscriber): Effect.Effect<never> =>
    Effect.forever(
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const left = subscriber.gaveAt + limits.heartbeatMs - now
        if (left > 0) return Effect.sleep(left)
        subscriber.gaveAt = now
        subscriber.beat = true
        return Effect.sync(() => subscriber.notify())
      }),
    )

  const pieces = (subscriber: Subscriber): Stream.Stream<Buffer, StorageUnavailable> => {
    const { frames, place } = begin(options)
    const pull = (at: Place) =>
      Effect.gen(function* () {
        // Being asked for more means that the socket took the last piece.
        subscriber.drained()
        const piece = yield* next(subscriber, at)
        subscriber.gave(yield* Clock.currentTimeMillis)
        return piece
      })
    return Stream.concat(Stream.succeed(join(frames)), Stream.unfoldEffect(place, pull))
  }

  return Stream.unwrapScoped(
    Effect.gen(function* () {
      const subscriber = yield* hub.join(options.filter, overflow)
      subscriber.gaveAt = yield* Clock.currentTimeMillis
      yield* Effect.forkScoped(beating(subscriber))
      return pieces(subscriber)
    }),
  )
}
