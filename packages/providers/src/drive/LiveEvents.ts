/**
 * From the lines of a live wire to the stream of events that a connection lends. Lines are pushed where they are
 * read and written; the consumer pulls, in batches of what has come meanwhile. What a translator holds back for a
 * while (a merge, a turn's start) is let go at its deadline by Effect's clock.
 *
 * Memory is bounded by the reader: it waits for `room` before it reads on, so a slow consumer slows the agent.
 */
import { Chunk, Clock, Effect, Option, Stream } from "effect"
import type { Emitted, Translator, WireLine } from "../Translator.js"

export interface LiveEvents {
  /** Takes a line. At once and without an effect, so that it can stand directly beside the read or write that it tells. */
  readonly push: (line: WireLine) => void
  /** True: the reader need not wait for the consumer. */
  readonly hasRoom: () => boolean
  /** Waits until there is room. */
  readonly room: Effect.Effect<void>
  /** Nothing more is pushed: the stream ends after what waits. Whatever the translator still holds is let go. */
  readonly finish: () => void
  /** What the lines say, in order, numbered. One consumer. */
  readonly events: Stream.Stream<Emitted>
}

/** Events that may wait for the consumer before the reader waits for it. */
const roomFor = 1_024

/** A latch that is opened once for each wait. */
const makeBell = () => {
  let ring: (() => void) | null = null
  return {
    ring: () => ring?.(),
    /** Waits for the next ring, unless `isDue` already. */
    wait: (isDue: () => boolean) =>
      Effect.async<void>((resume) => {
        const stop = () => {
          ring = null
        }
        ring = () => {
          stop()
          resume(Effect.void)
        }
        if (isDue()) ring()
        return Effect.sync(stop)
      }),
  }
}

/**
 * Pieces of streamed text are given out at most this often, ms, together with all that falls due before the next time. Many
 * threads that stream at once then make few batches; none of their pieces waits longer than it would alone.
 */
const batchMs = 10

/** Anything but streamed text is given out at once: somebody may wait for it. */
const isUrgent = ({ event }: Emitted): boolean => event.type !== "content.delta"

export const makeLiveEvents = (translator: Translator): LiveEvents => {
  let waiting: Emitted[] = []
  let isFinished = false
  let hasUrgent = false
  /** When the last batch was given out; ms since the epoch. */
  let gaveAt = 0
  /** When the consumer looks again by itself; it is woken when there is a reason to look earlier. */
  let looksAt = 0
  const arrived = makeBell()
  const armed = makeBell()
  const taken = makeBell()
  const hasRoom = () => waiting.length < roomFor

  const add = (emitted: readonly Emitted[]): void => {
    for (const one of emitted) {
      waiting.push(one)
      if (isUrgent(one)) hasUrgent = true
    }
  }

  /** When there is something to give out, as far as is known now. */
  const due = (): number => {
    if (hasUrgent || isFinished) return 0
    const next = waiting.length > 0 ? 0 : (translator.nextDeadline() ?? Number.POSITIVE_INFINITY)
    return Math.max(next, gaveAt + batchMs)
  }

  const give = (now: number): Chunk.Chunk<Emitted> => {
    const batch = Chunk.unsafeFromArray(waiting)
    waiting = []
    hasUrgent = false
    gaveAt = now
    taken.ring()
    return batch
  }

  const pull: Effect.Effect<Chunk.Chunk<Emitted>, Option.Option<never>> = Effect.flatMap(
    Clock.currentTimeMillis,
    (now) => {
      if (due() <= now) add(translator.tick(now + batchMs))
      if (due() <= now && waiting.length > 0) return Effect.succeed(give(now))
      if (isFinished) return Effect.fail(Option.none())
      looksAt = due()
      armed.ring()
      return Effect.zipRight(
        arrived.wait(() => due() < looksAt),
        pull,
      )
    },
  )

  /**
   * Wakes the consumer when it wanted to look again. One fiber for as long as the stream lasts: to race a timer against the
   * next line would be two fibers for every batch. What falls due earlier than was known is seen with the next slice.
   */
  const alarm: Effect.Effect<never> = Effect.forever(
    Effect.zipRight(
      armed.wait(() => looksAt < Number.POSITIVE_INFINITY),
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const left = looksAt - now
        if (left > 0) return Effect.sleep(Math.min(left, batchMs))
        looksAt = Number.POSITIVE_INFINITY
        return Effect.sync(arrived.ring)
      }),
    ),
  )

  return {
    push: (line) => {
      add(translator.push(line).emitted)
      // Without an event, too: it may have made the translator wait for something, and so moved its deadline.
      if (due() < looksAt) arrived.ring()
    },
    hasRoom,
    room: Effect.suspend(() => (hasRoom() ? Effect.void : taken.wait(hasRoom))),
    finish: () => {
      add(translator.flush())
      isFinished = true
      arrived.ring()
    },
    events: Stream.unwrapScoped(Effect.as(Effect.forkScoped(alarm), Stream.repeatEffectChunkOption(pull))),
  }
}
