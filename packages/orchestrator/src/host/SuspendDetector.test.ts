import { describe, expect, it } from "@effect/vitest"
import { Clock, Effect, Fiber, TestClock } from "effect"
import { MonotonicClock, type Reading, SuspendDetector } from "./SuspendDetector.js"

const hour = 3_600_000
const after = (readings: readonly (readonly [wall: number, monotonic: number, lateMs?: number])[]) => {
  const detector = new SuspendDetector(60_000)
  for (const [wall, monotonic, lateMs] of readings) {
    const reading: Reading = { wall, monotonic }
    detector.read(reading, lateMs)
  }
  return { since: detector.since, sleeps: detector.sleeps }
}

describe("whether the host slept", () => {
  it("it did not while both clocks go on together, or drift by no more than the tolerance", () => {
    expect(
      after([
        [0, 5],
        [60_000, 60_005],
        [hour, hour + 5],
      ]),
    ).toEqual({ since: null, sleeps: [] })
    expect(
      after([
        [0, 0],
        [160_000, 100_000],
      ]).since,
    ).toBe(null)
    expect(
      after([
        [0, 0],
        [5_000, 5_000, 60_000],
      ]).since,
    ).toBe(null)
  })

  it("it did when the wall clock ran ahead of the monotonic one", () => {
    expect(
      after([
        [0, 0],
        [8 * hour, 60_000],
      ]),
    ).toEqual({
      since: 8 * hour,
      sleeps: [{ from: 60_000, until: 8 * hour }],
    })
  })

  it("many short sleeps are one long one", () => {
    const naps = [0, 1, 2, 3, 4].map((n) => [n * 100_000, n * 70_000] as const)
    expect(after(naps)).toEqual({ since: 300_000, sleeps: [{ from: 210_000, until: 300_000 }] })
  })

  it("it did, or we were frozen, when a short pause took long by the monotonic clock, too", () => {
    expect(
      after([
        [0, 0],
        [hour + 5_000, hour + 5_000, hour],
      ]),
    ).toEqual({
      since: hour + 5_000,
      sleeps: [{ from: 5_000, until: hour + 5_000 }],
    })
  })

  it("a clock that was set back is no sleep, but ages begin again", () => {
    expect(
      after([
        [9 * hour, 0],
        [8 * hour, 5_000],
      ]),
    ).toEqual({ since: 8 * hour, sleeps: [] })
  })

  it("begins to watch again after each sleep", () => {
    const { since, sleeps } = after([
      [0, 0],
      [hour, 0],
      [hour + 60_000, 60_000],
      [3 * hour, 120_000],
    ])
    expect(since).toBe(3 * hour)
    expect(sleeps).toHaveLength(2)
  })

  it.effect("a pause notices by itself that it took far longer than it was to take", () =>
    Effect.gen(function* () {
      const pauseWhile = (wentBy: number) =>
        Effect.gen(function* () {
          const detector = new SuspendDetector(60_000)
          const clock = yield* Effect.clock
          let extra = 0
          const frozen: Clock.Clock = {
            ...clock,
            currentTimeMillis: Effect.map(clock.currentTimeMillis, (now) => now + extra),
            sleep: (duration) => clock.sleep(duration),
          }
          yield* Effect.withClock(detector.look, frozen)
          const pause = yield* Effect.fork(Effect.withClock(detector.pause(5_000), frozen))
          yield* Effect.yieldNow()
          extra = wentBy
          yield* TestClock.adjust("5 seconds")
          yield* Fiber.join(pause)
          return detector.since
        }).pipe(Effect.provideService(MonotonicClock, { now: Clock.currentTimeMillis }))
      expect(yield* pauseWhile(0)).toBeNull()
      expect(yield* pauseWhile(50_000)).toBeNull()
      expect(yield* pauseWhile(hour)).toBe(hour + 15_000)
    }),
  )

  it("remembers the last 1,000 sleeps", () => {
    const detector = new SuspendDetector(1)
    for (let n = 0; n <= 1_100; n += 1) detector.read({ wall: n * 10, monotonic: 0 })
    expect(detector.sleeps).toHaveLength(1_000)
    expect(detector.sleeps.at(-1)?.until).toBe(11_000)
  })
})
