/** Which consumer reads which subscription: one at a time, so that no event is acted on by two. Held in memory: it ends with the server. */
import { Problem } from "@threadfold/contracts/problem"
import { Clock, Deferred, Effect, Stream } from "effect"

/** For how long a page holds a subscription for its consumer, ms. */
export const pageHoldMs = 30_000

interface Hold {
  readonly consumer: string
  /** Without an open stream: until when, ms since the epoch. */
  readonly until: number
  /** Ends its stream; null: it has none. */
  readonly cut: Deferred.Deferred<void> | null
  /** True: its stream is open. One whose answer never began is held as a page is. */
  readonly isOpen: boolean
}

/** What keeps a stream to its hold: it begins with the stream, and the stream ends where another one takes it over. */
export type Held = <A, E, R>(stream: Stream.Stream<A, E, R>) => Stream.Stream<A, E, R>

export interface Holds {
  /** The consumer that holds a subscription; null: none does. */
  readonly holder: (name: string) => Effect.Effect<string | null>
  /** Fails with `subscription-taken` where another consumer holds it. */
  readonly require: (name: string, consumer: string) => Effect.Effect<void, Problem>
  /** Holds it for a consumer of pages. Fails with `subscription-taken`. */
  readonly forPage: (name: string, consumer: string) => Effect.Effect<void, Problem>
  /** Holds it for a stream, in the place of one of the same consumer. Fails with `subscription-taken`. */
  readonly forStream: (name: string, consumer: string) => Effect.Effect<Held, Problem>
  /** Ends the stream of a subscription that is not what it was, and lets go of it. */
  readonly end: (name: string) => Effect.Effect<void>
}

const taken = (name: string, { consumer, isOpen, until }: Hold): Problem =>
  new Problem({
    slug: "subscription-taken",
    detail: `Consumer ${consumer} reads ${name}, ${isOpen ? "by an open stream" : `until ${new Date(until).toISOString()} unless it goes on`}.`,
  })

/** No holds yet. There are no more of them than subscriptions. */
export const makeHolds = (): Holds => {
  const holds = new Map<string, Hold>()

  const holdOf = (name: string, now: number): Hold | null => {
    const hold = holds.get(name)
    if (hold === undefined) return null
    if (hold.isOpen || hold.until > now) return hold
    holds.delete(name)
    return null
  }

  /** The hold of this consumer, or null where no consumer has one. */
  const own = (name: string, consumer: string, now: number): Effect.Effect<Hold | null, Problem> => {
    const hold = holdOf(name, now)
    return hold === null || hold.consumer === consumer ? Effect.succeed(hold) : Effect.fail(taken(name, hold))
  }

  const cutOff = (hold: Hold | null): Effect.Effect<void> =>
    hold === null || hold.cut === null ? Effect.void : Effect.asVoid(Deferred.succeed(hold.cut, undefined))

  const forStream: Holds["forStream"] = (name, consumer) =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const before = yield* own(name, consumer, now)
      const cut = yield* Deferred.make<void>()
      const isOurs = (): boolean => holds.get(name)?.cut === cut
      holds.set(name, { consumer, until: now + pageHoldMs, cut, isOpen: false })
      yield* cutOff(before)
      const opened = Effect.sync(() => {
        if (isOurs()) holds.set(name, { consumer, until: now, cut, isOpen: true })
      })
      const closed = Effect.sync(() => {
        if (isOurs()) holds.delete(name)
      })
      return <A, E, R>(stream: Stream.Stream<A, E, R>) =>
        Stream.unwrapScoped(
          Effect.as(
            Effect.acquireRelease(opened, () => closed),
            Stream.interruptWhenDeferred(stream, cut),
          ),
        )
    })

  return {
    holder: (name) => Effect.map(Clock.currentTimeMillis, (now) => holdOf(name, now)?.consumer ?? null),
    require: (name, consumer) => Effect.flatMap(Clock.currentTimeMillis, (now) => own(name, consumer, now)),
    forPage: (name, consumer) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        const before = yield* own(name, consumer, now)
        holds.set(name, { cut: null, isOpen: false, ...before, consumer, until: now + pageHoldMs })
      }),
    forStream,
    end: (name) =>
      Effect.suspend(() => {
        const hold = holds.get(name) ?? null
        holds.delete(name)
        return cutOff(hold)
      }),
  }
}
