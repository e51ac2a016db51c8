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

it.effect("long texts use up a share like many events", () =>
  Effect.gen(function* () {
    const shares = new Shares(64)
    const source = new FakeSource("busy")
    const said = (units: number) => {
      const draft = source.turn("1")
      return submit({ ...draft, event: { ...draft.event, payload: { text: "x".repeat(units) } } })
    }
    const giveBack = shares.takeNow(said(200_000))
    expect(giveBack).not.toBeNull()
    // Forty-nine of sixty-four are used.
    expect(shares.takeNow(said(100_000))).toBeNull()
    shares.takeNow(said(10_000))?.()
    giveBack?.()
    // However long, it fits alone.
    expect(shares.takeNow(said(20_000_000))).not.toBeNull()
    expect(shares.takeNow(said(1))).toBeNull()
    yield* Effect.void
  }),
)
