/** Leases of attached sessions: what an adapter's silence leads to, and when. */
import { describe, expect, it } from "@effect/vitest"
import { Clock, Deferred, Effect, Fiber, TestClock } from "effect"
import * as fc from "fast-check"
import { jumpingClock } from "../../test/JumpingClock.js"
import { MonotonicClock, type MonotonicClockService } from "../host/SuspendDetector.js"
import { makeLeases } from "./Leases.js"

/** Both clocks go together: no test pauses unless it says so. */
const clocksTogether: MonotonicClockService = { now: Clock.currentTimeMillis }

/** Leases that note what lapsed, in order; `refuse` lets that many lapses fail. */
const noted = (refuse = 0, monotonic: MonotonicClockService = clocksTogether) =>
  Effect.gen(function* () {
    const lapsed: string[] = []
    let left = refuse
    const leases = yield* makeLeases((id) =>
      Effect.sync(() => {
        if (left-- > 0) return false
        lapsed.push(id)
        return true
      }),
    )
    return { leases, lapsed }
  }).pipe(Effect.provideService(MonotonicClock, monotonic))

describe("leases", () => {
  it.scoped("lapse once, each at its own time, unless they are renewed", () =>
    Effect.gen(function* () {
      const { leases, lapsed } = yield* noted()
      yield* leases.hold("long", 60_000)
      yield* leases.hold("short", 10_000)
      yield* leases.hold("released", 10_000)
      yield* leases.release("released")
      yield* TestClock.adjust("9 seconds")
      expect(lapsed).toEqual([])
      yield* leases.touch("short")
      yield* TestClock.adjust("9 seconds")
      expect(lapsed).toEqual([])
      yield* TestClock.adjust("2 seconds")
      expect(lapsed).toEqual(["short"])
      expect(leases.expiresAt("short")).toBeNull()
      yield* TestClock.adjust("10 minutes")
      expect(lapsed).toEqual(["short", "long"])
    }),
  )

  it.scoped("that could not be recorded are tried again", () =>
    Effect.gen(function* () {
      const { leases, lapsed } = yield* noted(2)
      yield* leases.hold("one", 1_000)
      yield* TestClock.adjust("1 seconds")
      expect(lapsed).toEqual([])
      yield* TestClock.adjust("1 seconds")
      yield* TestClock.adjust("1 seconds")
      expect(lapsed).toEqual(["one"])
    }),
  )
})

describe("a lease whose session is being fed", () => {
  it.scoped("does not lapse before the work has ended and a whole lease has passed", () =>
    Effect.gen(function* () {
      const { leases, lapsed } = yield* noted()
      yield* leases.hold("one", 1_000)
      const fed = yield* Effect.fork(leases.during("one", Effect.sleep("10 seconds")))
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(fed)
      expect(lapsed).toEqual([])
      expect(leases.expiresAt("one")).toBe(11_000)
      yield* TestClock.adjust("1 seconds")
      expect(lapsed).toEqual(["one"])
    }),
  )

  it.scoped("does not lapse where the session is registered again meanwhile, and the first of two calls ends", () =>
    Effect.gen(function* () {
      const { leases, lapsed } = yield* noted()
      yield* leases.hold("one", 1_000)
      yield* Effect.fork(leases.during("one", Effect.sleep("2 seconds")))
      yield* TestClock.adjust("500 millis")
      yield* leases.hold("one", 1_000)
      const fed = yield* Effect.fork(leases.during("one", Effect.sleep("10 seconds")))
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(fed)
      expect(lapsed).toEqual([])
      expect(leases.expiresAt("one")).toBe(11_500)
    }),
  )

  it.scoped("by a call without a fiber does not lapse before that has ended and a whole lease has passed", () =>
    Effect.gen(function* () {
      const { leases, lapsed } = yield* noted()
      yield* leases.hold("one", 1_000)
      const end = leases.feedNow("one")
      yield* TestClock.adjust("10 seconds")
      expect(lapsed).toEqual([])
      end?.()
      expect(leases.expiresAt("one")).toBe(11_000)
      yield* TestClock.adjust("1 seconds")
      expect(lapsed).toEqual(["one"])
      expect(leases.feedNow("one")).not.toBeNull()
    }),
  )

  it.scoped("whose lapse is being recorded lets a sign of life wait, and is then gone", () =>
    Effect.gen(function* () {
      const recording = yield* Deferred.make<boolean>()
      const leases = yield* makeLeases(() => Deferred.await(recording)).pipe(
        Effect.provideService(MonotonicClock, clocksTogether),
      )
      yield* leases.hold("one", 1_000)
      yield* TestClock.adjust("1 seconds")
      const touched = yield* Effect.fork(leases.touch("one"))
      expect(leases.feedNow("one")).toBeNull()
      yield* TestClock.adjust("1 millis")
      expect(touched.unsafePoll()).toBeNull()
      yield* Deferred.succeed(recording, true)
      yield* Fiber.join(touched)
      expect(leases.expiresAt("one")).toBeNull()
    }),
  )
})

describe("a pause of our own", () => {
  const cases = [
    ["the monotonic clock stands still (a sleep on Linux)", true],
    ["both clocks go on (a stopped process, a sleep elsewhere)", false],
  ] as const
  for (const [how, standsStill] of cases) {
    it.effect(`gives every lease its whole window again, and then it lapses, where ${how}`, () =>
      Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(
            fc.integer({ min: 1_000, max: 20_000 }),
            fc.integer({ min: 0, max: 999 }),
            fc.integer({ min: 2_000, max: 10_000_000 }),
            (leaseMs, before, pauseMs) =>
              Effect.gen(function* () {
                const { adjust, clock, jump } = jumpingClock()
                let asleep = 0
                const monotonic = { now: Effect.sync(() => clock.unsafeCurrentTimeMillis() - asleep) }
                yield* Effect.gen(function* () {
                  const { leases, lapsed } = yield* noted(0, monotonic)
                  yield* leases.hold("one", leaseMs)
                  yield* leases.hold("two", leaseMs * 2)
                  yield* adjust(before)
                  if (standsStill) asleep = pauseMs
                  yield* jump(pauseMs)
                  yield* adjust(leaseMs - 1)
                  expect(lapsed).toEqual([])
                  yield* adjust(1)
                  expect(lapsed).toEqual(["one"])
                  yield* adjust(leaseMs)
                  expect(lapsed).toEqual(["one", "two"])
                }).pipe(Effect.scoped, Effect.withClock(clock))
              }).pipe(Effect.runPromise),
          ),
          { numRuns: 10 },
        ),
      ),
    )
  }

  it.scoped("is none while no lease is held, nor when another lease begins", () =>
    Effect.gen(function* () {
      const { leases, lapsed } = yield* noted()
      yield* TestClock.adjust("1 hours")
      yield* leases.hold("one", 5_000)
      yield* TestClock.adjust("3 seconds")
      yield* leases.hold("two", 5_000)
      yield* TestClock.adjust("2 seconds")
      expect(lapsed).toEqual(["one"])
    }),
  )
})
