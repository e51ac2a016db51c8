/** Starts of sessions that are under way, so that a stop or a cancel does not wait for an agent that never comes up. */
import { Effect, Fiber, Option } from "effect"

interface Start {
  isOff: boolean
  readonly interrupt: Effect.Effect<void>
}

export class Starts {
  private readonly underWay = new Map<string, Start>()

  /** Somebody has stopped the thread, or cancelled what it would have started for. */
  called(threadId: string): Effect.Effect<void> {
    return Effect.suspend(() => {
      const start = this.underWay.get(threadId)
      if (start === undefined) return Effect.void
      start.isOff = true
      return start.interrupt
    })
  }

  /** Runs a start. None: it was called off, and interrupted. One at a time per thread: its work lane sees to that. */
  run<A, E>(threadId: string, start: Effect.Effect<A, E>): Effect.Effect<Option.Option<A>, E> {
    return Effect.gen(this, function* () {
      const fiber = yield* Effect.fork(start)
      const mine: Start = { isOff: false, interrupt: Fiber.interruptFork(fiber) }
      this.underWay.set(threadId, mine)
      const exit = yield* Effect.ensuring(
        Fiber.await(fiber),
        Effect.sync(() => this.underWay.delete(threadId)),
      )
      return mine.isOff && exit._tag === "Failure" ? Option.none() : Option.some(yield* exit)
    })
  }
}
