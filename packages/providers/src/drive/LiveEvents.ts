/**
 * Turns the lines of a live wire into the stream of events of a connection. Lines are pushed where they are read and
 * written. The consumer pulls batches of all events that have come since. Events that the translator holds for a while (a
 * merge, the start of a turn) are released at their deadline by Effect's clock.
 *
 * Memory is bounded: the reader waits for `room` before it reads on, so a slow consumer slows the agent down.
 */
import { Chunk, Clock, Effect, Option, Stream } from "effect"
import type { Emitted, Translator, WireLine } from "../Translator.js"

export interface LiveEvents {
  /** Takes a line. It is no effect, so that a caller can push a line in the same step in which it reads or writes it. */
  readonly push: (line: WireLine) => void
  /** True: the reader does not have to wait for the consumer. */
  readonly hasRoom: () => boolean
  /** Waits until there is room. */
  readonly room: Effect.Effect<void>
  /** Ends the stream after the waiting events. The events that the translator still holds are released first. */
  readonly finish: () => void
  /** The events of the lines, numbered, in order, for one consumer. */
  readonly events: Stream.Stream<Emitted>
}

/** How many events may wait for the consumer before the reader waits. */
const roomFor = 1_024

/** A latch for one waiting fiber. It closes again when that fiber goes on. */
const makeLatch = () => {
  let open: (() => void) | null = null
  return {
    open: () => open?.(),
    /** Waits until the latch opens, unless `isDue` already. */
    wait: (isDue: () => boolean) =>
      Effect.async<void>((resume) => {
        const stop = () => {
          open = null
        }
        open = () => {
          stop()
          resume(Effect.void)
        }
        if (isDue()) open()
        return Effect.sync(stop)
      }),
  }
}

/**
 * The least time between two batches that hold only streamed text, ms. A batch also takes the pieces that fall due before
 * the next one. So many threads that stream at once make few batches, and no piece waits longer than it would alone.
 */
const batchMs = 10

/** Events other than streamed text are emitted at once, because a consumer may wait for them. */
const isUrgent = ({ event }: Emitted): boolean => event.type !== "content.delta"

export const makeLiveEvents = (translator: Translator): LiveEvents => {
  let waiting: Emitted[] = []
  let isFinished = false
  let hasUrgent = false
  /** When the last batch was emitted, ms since the epoch. */
  let lastBatchAt = 0
  /** When the consumer checks again by itself. It is woken where there is a reason to check earlier. */
  let checksAt = 0
  const arrived = makeLatch()
  const armed = makeLatch()
  const taken = makeLatch()
  const hasRoom = () => waiting.length < roomFor

  const add = (emitted: readonly Emitted[]): void => {
    for (const one of emitted) {
      waiting.push(one)
      if (isUrgent(one)) hasUrgent = true
    }
  }

  /** When the next batch is due, as far as is known now. */
  const due = (): number => {
    if (hasUrgent || isFinished) return 0
    const next = waiting.length > 0 ? 0 : (translator.nextDeadline() ?? Number.POSITIVE_INFINITY)
    return Math.max(next, lastBatchAt + batchMs)
  }

  const takeBatch = (now: number): Chunk.Chunk<Emitted> => {
    const batch = Chunk.unsafeFromArray(waiting)
    waiting = []
    hasUrgent = false
    lastBatchAt = now
    taken.open()
    return batch
  }

  const pull: Effect.Effect<Chunk.Chunk<Emitted>, Option.Option<never>> = Effect.flatMap(
    Clock.currentTimeMillis,
    (now) => {
      if (due() <= now) add(translator.tick(now + batchMs))
      if (due() <= now && waiting.length > 0) return Effect.succeed(takeBatch(now))
      if (isFinished) return Effect.fail(Option.none())
      checksAt = due()
      armed.open()
      return Effect.zipRight(
        arrived.wait(() => due() < checksAt),
        pull,
      )
    },
  )

  /**
   * Wakes the consumer at the time at which it wants to check again. It is one fiber for the whole stream: a race between a
   * timer and the next line would cost two fibers per batch. It sleeps in short slices, so it also sees an earlier deadline.
   */
  const alarm: Effect.Effect<never> = Effect.forever(
    Effect.zipRight(
      armed.wait(() => checksAt < Number.POSITIVE_INFINITY),
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const left = checksAt - now
        if (left > 0) return Effect.sleep(Math.min(left, batchMs))
        checksAt = Number.POSITIVE_INFINITY
        return Effect.sync(arrived.open)
      }),
    ),
  )

  return {
    push: (line) => {
      add(translator.push(line).emitted)
      // A line without an event may move the translator's deadline, too.
      if (due() < checksAt) arrived.open()
    },
    hasRoom,
    room: Effect.suspend(() => (hasRoom() ? Effect.void : taken.wait(hasRoom))),
    finish: () => {
      add(translator.flush())
      isFinished = true
      arrived.open()
    },
    events: Stream.unwrapScoped(Effect.as(Effect.forkScoped(alarm), Stream.repeatEffectChunkOption(pull))),
  }
}
