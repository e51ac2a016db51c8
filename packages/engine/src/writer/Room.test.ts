import { describe, expect, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import fc from "fast-check"
import { Room } from "./Room.js"

describe("room", () => {
  it.effect("lets in what waits longest first, and what is interrupted takes none of it", () =>
    Effect.gen(function* () {
      const room = new Room(4)
      expect(room.takeNow(4)).toBe(true)
      expect(room.takeNow(2)).toBe(false)
      const order: string[] = []
      const open = yield* Deferred.make<void>()
      const enter = (name: string, size: number) =>
        Effect.fork(
          room.within(
            size,
            Effect.zipRight(
              Effect.sync(() => order.push(name)),
              Deferred.await(open),
            ),
          ),
        )
      const large = yield* enter("large", 4)
      const given = yield* enter("interrupted", 2)
      const small = yield* enter("small", 1)
      yield* Effect.yieldNow()
      expect(order).toEqual([])
      yield* Fiber.interrupt(given)
      room.give(4)
      yield* Effect.yieldNow()
      expect(order).toEqual(["large"])
      yield* Deferred.succeed(open, undefined)
      yield* Fiber.join(large)
      yield* Fiber.join(small)
      expect(order).toEqual(["large", "small"])
      expect(room.takeNow(4)).toBe(true)
    }),
  )

  it.effect("is given back by one that was let in and is interrupted before it goes on", () =>
    Effect.gen(function* () {
      const room = new Room(1)
      expect(room.takeNow(1)).toBe(true)
      const waiting = yield* Effect.fork(room.within(1, Effect.never))
      yield* Effect.yieldNow()
      room.give(1)
      yield* Fiber.interrupt(waiting)
      expect(room.takeNow(1)).toBe(true)
    }),
  )

  it("never has more in it than fits", () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 4, max: 8 }),
        fc.array(fc.record({ size: fc.integer({ min: 1, max: 4 }), waits: fc.boolean() }), { maxLength: 30 }),
        async (capacity, submissions) => {
          const room = new Room(capacity)
          let inside = 0
          let most = 0
          const enter = (size: number) =>
            Effect.sync(() => {
              inside += size
              most = Math.max(most, inside)
            })
          const leave = (size: number) =>
            Effect.sync(() => {
              inside -= size
            })
          const use = (size: number) =>
            Effect.acquireUseRelease(
              enter(size),
              () => Effect.yieldNow(),
              () => leave(size),
            )
          const each = submissions.map(({ size, waits }) => {
            if (waits) return room.within(size, use(size))
            const now = Effect.suspend(() =>
              room.takeNow(size)
                ? Effect.ensuring(
                    use(size),
                    Effect.sync(() => room.give(size)),
                  )
                : Effect.void,
            )
            return now
          })
          await Effect.runPromise(Effect.all(each, { concurrency: "unbounded" }))
          expect(most).toBeLessThanOrEqual(capacity)
          expect(room.takeNow(capacity)).toBe(true)
        },
      ),
      { numRuns: 30 },
    ))
})
