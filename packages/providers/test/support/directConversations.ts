/** What tests of direct conversations share: the network takes real time, and the `TestClock` goes on only where a test lets it. */
import { Chunk, Clock, Effect, TestClock } from "effect"

/** The network has its turn. */
export const networkTurn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

/** Waits for what the network does, without time going by. */
export const until = (look: Effect.Effect<boolean>): Effect.Effect<void> =>
  Effect.gen(function* () {
    for (let tries = 0; tries < 20_000; tries += 1) {
      if (yield* look) return
      yield* networkTurn
    }
    return yield* Effect.dieMessage("it never became so")
  })

/** Waits until there is a sleep of exactly so long. */
export const sleeps = (ms: number) =>
  Effect.gen(function* () {
    const due = (yield* Clock.currentTimeMillis) + ms
    yield* until(Effect.map(TestClock.sleeps(), (all) => Chunk.toReadonlyArray(all).includes(due)))
  })

/** Lets so much time go by, once there is a sleep of exactly that long. */
export const passes = (ms: number) => Effect.zipRight(sleeps(ms), TestClock.adjust(ms))

/** What a direct conversation is opened for, without its context and its id. */
export const voiceRequest = {
  threadId: "t",
  voice: null,
  model: null,
  version: null,
  modality: "audio",
  prompt: null,
} as const
