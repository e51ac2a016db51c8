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

export const makeLiveEvents = (translator: Translator): LiveEvents => {
  let waiting: Emitted[] = []
  let isFinished = false
  const arrived = makeBell()
  const taken = makeBell()
  const hasRoom = () => waiting.length < roomFor
  const isDue = () => waiting.length > 0 || isFinished

  const add = (emitted: readonly Emitted[]): void => {
    for (const one of emitted) waiting.push(one)
  }

  const pull: Effect.Effect<Chunk.Chunk<Emitted>, Option.Option<never>> = Effect.flatMap(
    Clock.currentTimeMillis,
    (now) => {
      const deadline = translator.nextDeadline()
      if (deadline !== null && deadline <= now) add(translator.tick(now))
      if (waiting.length > 0) {
        const batch = Chunk.unsafeFromArray(waiting)
        waiting = []
        taken.ring()
        return Effect.succeed(batch)
      }
      if (isFinished) return Effect.fail(Option.none())
      const next = translator.nextDeadline()
      const news = arrived.wait(isDue)
      return Effect.zipRight(next === null ? news : Effect.race(news, Effect.sleep(next - now)), pull)
    },
  )

  return {
    push: (line) => {
      add(translator.push(line).emitted)
      // Without an event, too: it may have made the translator wait for something, and so moved its deadline.
      arrived.ring()
    },
    hasRoom,
    room: Effect.suspend(() => (hasRoom() ? Effect.void : taken.wait(hasRoom))),
    finish: () => {
      add(translator.flush())
      isFinished = true
      arrived.ring()
    },
    events: Stream.repeatEffectChunkOption(pull),
  }
}
