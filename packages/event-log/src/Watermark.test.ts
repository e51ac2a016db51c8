import { describe, expect, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import { makeWatermark, type Watermark } from "./Watermark.js"

/** Waits in the background; returns whether it was woken. */
const waiting = (mark: Watermark, sequence: number, streamId?: string) =>
  Effect.gen(function* () {
    let woken = false
    const fiber = yield* Effect.fork(
      Effect.tap(mark.above(sequence, streamId), () => Effect.sync(() => (woken = true))),
    )
    yield* Effect.yieldNow()
    return { fiber, woken: Effect.map(Effect.repeatN(Effect.yieldNow(), 3), () => woken) }
  })

describe("Watermark", () => {
  it.effect("does not wait for what is published", () =>
    Effect.gen(function* () {
      const mark = makeWatermark(5)
      yield* mark.above(4)
      yield* mark.above(4, "a")
      expect(mark.current()).toBe(5)
    }),
  )

  it.effect("wakes the waiters for any stream, and those for the streams that got events", () =>
    Effect.gen(function* () {
      const mark = makeWatermark(0)
      const any = yield* waiting(mark, 0)
      const a = yield* waiting(mark, 0, "a")
      const b = yield* waiting(mark, 0, "b")
      mark.publish(1, ["a"])
      expect([yield* any.woken, yield* a.woken, yield* b.woken]).toEqual([true, true, false])
      mark.publish(2)
      expect(yield* b.woken).toBe(true)
    }),
  )

  it.effect("only rises, and wakes no waiter without rising", () =>
    Effect.gen(function* () {
      const mark = makeWatermark(3)
      const any = yield* waiting(mark, 3)
      mark.publish(3)
      mark.publish(2)
      expect(mark.current()).toBe(3)
      expect(yield* any.woken).toBe(false)
      mark.publish(4)
      expect(yield* any.woken).toBe(true)
    }),
  )

  it.effect("forgets a waiter that went away", () =>
    Effect.gen(function* () {
      const mark = makeWatermark(0)
      const gone = yield* waiting(mark, 0, "a")
      const stays = yield* waiting(mark, 0, "a")
      yield* Fiber.interrupt(gone.fiber)
      mark.publish(1, ["a"])
      expect([yield* gone.woken, yield* stays.woken]).toEqual([false, true])
    }),
  )
})
