/**
 * Threads that may have something to do. Commands and connections publish them here, the outbox takes them. A wake-up only makes the
 * work quick: what there is to do follows from the rows, which a sweep of the outbox reads every second.
 */
import { Context, Effect, Layer } from "effect"

export interface WakeupsService {
  /** There may be something to do for this thread. Returns at once; several wake-ups of one thread before it is taken are one. */
  readonly wake: (threadId: string) => Effect.Effect<void>
  /** The same for several threads. */
  readonly wakeAll: (threadIds: Iterable<string>) => Effect.Effect<void>
  /** Waits for the next threads and takes them, in the order of their first wake-up. For one worker. */
  readonly take: Effect.Effect<readonly string[]>
}

const make: Effect.Effect<WakeupsService> = Effect.map(Effect.makeLatch(false), (latch) => {
  const woken = new Set<string>()
  const wakeAll = (threadIds: Iterable<string>): Effect.Effect<void> =>
    Effect.suspend(() => {
      for (const threadId of threadIds) woken.add(threadId)
      return woken.size === 0 ? Effect.void : latch.open
    })
  return {
    wake: (threadId) => wakeAll([threadId]),
    wakeAll,
    take: Effect.zipRight(
      latch.await,
      // Closed before the set is emptied: a wake-up in between opens it again.
      Effect.zipRight(
        latch.close,
        Effect.sync(() => {
          const taken = [...woken]
          woken.clear()
          return taken
        }),
      ),
    ),
  }
})

export class Wakeups extends Context.Tag("@threadfold/orchestrator/Wakeups")<Wakeups, WakeupsService>() {
  static readonly layer: Layer.Layer<Wakeups> = Layer.effect(Wakeups, make)
}
