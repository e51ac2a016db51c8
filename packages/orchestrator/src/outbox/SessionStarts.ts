/** Starts of sessions that are under way, so that a stop or a cancel does not wait for an agent that never comes up. */
import { Context, Effect, Fiber, Layer, Option } from "effect"

interface Start {
  isOff: boolean
  readonly interrupt: Effect.Effect<void>
}

export interface SessionStartsService {
  /** The thread was stopped, or what it would have started for was cancelled: a start that is under way is interrupted. */
  readonly callOff: (threadId: string) => Effect.Effect<void>
  /** Runs a start. None: it was called off, and interrupted. One at a time per thread: its work lane sees to that. */
  readonly run: <A, E, R>(threadId: string, start: Effect.Effect<A, E, R>) => Effect.Effect<Option.Option<A>, E, R>
}

const make = Effect.sync((): SessionStartsService => {
  const underWay = new Map<string, Start>()
  return {
    callOff: (threadId) =>
      Effect.suspend(() => {
        const start = underWay.get(threadId)
        if (start === undefined) return Effect.void
        start.isOff = true
        return start.interrupt
      }),
    run: (threadId, start) =>
      Effect.gen(function* () {
        const fiber = yield* Effect.fork(start)
        const mine: Start = { isOff: false, interrupt: Fiber.interruptFork(fiber) }
        underWay.set(threadId, mine)
        const exit = yield* Effect.ensuring(
          Fiber.await(fiber),
          Effect.sync(() => underWay.delete(threadId)),
        )
        return mine.isOff && exit._tag === "Failure" ? Option.none() : Option.some(yield* exit)
      }),
  }
})

export class SessionStarts extends Context.Tag("@threadfold/orchestrator/SessionStarts")<
  SessionStarts,
  SessionStartsService
>() {
  static readonly layer: Layer.Layer<SessionStarts> = Layer.effect(SessionStarts, make)
}
