/**
 * One stream: what is kept after a cursor, `synced`, then what comes. It is pulled by its socket: the next piece is
 * made when the socket has taken the last one, so a slow reader holds one piece and no more.
 */
import type { StorageUnavailable } from "@threadfold/contracts"
import type { AudioListener, HeardAudio } from "@threadfold/orchestrator"
import { Clock, Effect, Option, type Scope, Stream } from "effect"
import type { StreamLimits } from "../HttpLimits.js"
import { AudioBacklog } from "./AudioBacklog.js"
import type { Beginning, Feed } from "./Feed.js"
import { controlFrame, formatCursor, heartbeatFrame, openingFrame, type StreamCursor } from "./Frame.js"
import type { Subscriber } from "./Hub.js"
import type { FrameFilter } from "./Ring.js"

export interface FrameStreamOptions {
  readonly feed: Feed
  readonly limits: StreamLimits
  /** Where to begin; null: where the feed does. */
  readonly cursor: StreamCursor | null
  readonly filter: FrameFilter
  /** Path of the snapshot to read when the cursor cannot be followed. */
  readonly snapshot: string
  /** Hears audio until the returned function is called; null: the stream has none. */
  readonly hear: ((listener: AudioListener) => () => void) | null
  /** Ends a stream whose socket took nothing while this much came for it. */
  readonly disconnect: (pending: { readonly events: number; readonly bytes: number }) => void
}

/** Where a stream stands between two pieces. */
interface Place {
  /** Everything up to here that the filter takes has been sent. */
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

/** The frame that says where a stream goes on, and why it does not go on from where it was. */
const resetFrame = ({ feed, snapshot }: FrameStreamOptions, { cursor, reset }: Beginning): Buffer => {
  const now = formatCursor(feed.logId, cursor)
  return controlFrame(now, "reset", { reason: reset, snapshot, cursor: now })
}

/** The frames of a stream's first moment, and where it goes on from. */
const begin = (
  options: FrameStreamOptions,
): Effect.Effect<{ readonly frames: readonly Buffer[]; readonly place: Place }, StorageUnavailable> => {
  const { feed, limits } = options
  return Effect.map(feed.begin(options.cursor, options.filter), (beginning) => {
    const opening = openingFrame(limits.retryMs)
    const syncAt = beginning.reset === null ? feed.published() : beginning.cursor
    return {
      frames: beginning.reset === null ? [opening] : [opening, resetFrame(options, beginning)],
      place: { cursor: beginning.cursor, syncAt, page: Math.min(firstPage, limits.pieceEvents) },
    }
  })
}

/** The stream as pieces of bytes. Ends when the reader is too slow or the server shuts down. */
export const frameStream = (options: FrameStreamOptions): Stream.Stream<Buffer, StorageUnavailable> => {
  const { feed, limits } = options
  const { hub } = feed

  const overflow = (subscriber: Subscriber): void => {
    // Past the pull, which waits for the socket: the reader sees why, should it still take what was sent before.
    options.disconnect({ events: subscriber.pendingEvents, bytes: subscriber.pendingBytes })
    subscriber.notify()
  }

  const next = (
    subscriber: Subscriber,
    audio: AudioBacklog,
    place: Place,
  ): Effect.Effect<Option.Option<readonly [Buffer, Place]>, StorageUnavailable> =>
    Effect.gen(function* () {
      let { cursor, page } = place
      for (;;) {
        if (subscriber.overflowed || hub.closing()) return Option.none()
        if (place.syncAt !== null && cursor >= place.syncAt) {
          const synced = controlFrame(formatCursor(feed.logId, cursor), "synced", { sequence: cursor })
          return Option.some([synced, { cursor, syncAt: null, page }] as const)
        }
        // Before what is caught up with: audio is live or nothing.
        if (!audio.isEmpty) {
          return Option.some([join(audio.take(limits.pieceBytes)), { ...place, cursor, page }] as const)
        }
        const piece = hub.ring.covers(cursor)
          ? {
              kind: "piece" as const,
              ...hub.ring.after(cursor, options.filter, limits.pieceEvents, limits.pieceBytes),
              page,
            }
          : yield* feed.behind(options.filter, cursor, page)
        if (piece.kind === "reset") {
          const at = piece.beginning.cursor
          return Option.some([resetFrame(options, piece.beginning), { cursor: at, syncAt: at, page }] as const)
        }
        page = piece.page
        const moved = piece.until > cursor
        cursor = piece.until
        if (piece.frames.length > 0) {
          return Option.some([join(piece.frames), { cursor, syncAt: place.syncAt, page }] as const)
        }
        if (moved) continue
        if (subscriber.beat) {
          return Option.some([heartbeatFrame(feed.published()), { ...place, cursor, page }] as const)
        }
        yield* hub.wait(subscriber, cursor)
      }
    })

  /**
   * Beats when nothing was sent for a while. One fiber for as long as the stream lasts: a time limit on every wait would
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

  const pieces = (
    subscriber: Subscriber,
    audio: AudioBacklog,
  ): Effect.Effect<Stream.Stream<Buffer, StorageUnavailable>, StorageUnavailable> => {
    const pull = (at: Place) =>
      Effect.gen(function* () {
        // Being asked for more means that the socket took the last piece.
        subscriber.drained()
        subscriber.cursor = at.cursor
        const piece = yield* next(subscriber, audio, at)
        subscriber.gave(yield* Clock.currentTimeMillis)
        return piece
      })
    return Effect.map(begin(options), ({ frames, place }) => {
      subscriber.cursor = place.cursor
      return Stream.concat(Stream.succeed(join(frames)), Stream.unfoldEffect(place, pull))
    })
  }

  const heardAudio = (subscriber: Subscriber): Effect.Effect<AudioBacklog, never, Scope.Scope> =>
    Effect.gen(function* () {
      const backlog = new AudioBacklog(limits.audioLength)
      subscriber.hasMore = () => !backlog.isEmpty
      const hears = (heard: HeardAudio): void => {
        backlog.push(heard)
        subscriber.notify()
      }
      yield* Effect.acquireRelease(
        Effect.sync(() => options.hear?.(hears)),
        (unlisten) => Effect.sync(() => unlisten?.()),
      )
      return backlog
    })

  return Stream.unwrapScoped(
    Effect.gen(function* () {
      const subscriber = yield* hub.join(options.filter, overflow)
      subscriber.gaveAt = yield* Clock.currentTimeMillis
      yield* Effect.forkScoped(beating(subscriber))
      const audio = yield* heardAudio(subscriber)
      return yield* pieces(subscriber, audio)
    }),
  )
}
