import { expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { FakeSource, submit } from "../../test/support.js"
import { Shares } from "./Shares.js"

it.effect("a stream that uses up its share waits alone, and can go on when its events are committed", () =>
  Effect.gen(function* () {
    const shares = new Shares(4)
    const busy = new FakeSource("busy")
    const many = submit(busy.turn("1"), busy.turn("2"), busy.turn("3"), busy.turn("4"))
    const open = yield* Deferred.make<void>()
    const under = yield* Effect.fork(shares.within(many, Deferred.await(open)))
    yield* Effect.yieldNow()
    const asks = (source: FakeSource) => {
      const give = shares.takeNow(submit(source.turn("5")))
      give?.()
      return give !== null
    }
    expect(asks(busy)).toBe(false)
    expect(asks(new FakeSource("quiet"))).toBe(true)
    yield* Deferred.succeed(open, undefined)
    yield* Fiber.join(under)
    expect(asks(busy)).toBe(true)
  }),
)
