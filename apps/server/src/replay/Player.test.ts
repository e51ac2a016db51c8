import { describe, expect, it } from "@effect/vitest"
import type { RestoredEvent, Submission } from "@threadfold/engine"
import { blankRow } from "@threadfold/event-log"
import { Effect, Fiber, TestClock } from "effect"
import { Player } from "./Player.js"

/** Events of two streams at these times, ms. */
const events = (times: readonly number[]): readonly RestoredEvent[] =>
  times.map((at, index) => ({
    row: { ...blankRow, streamId: index % 2 === 0 ? "a" : "b", eventId: `event ${index + 1}`, at },
    body: null,
  }))

/** A player over events at these times, and what it has given out so far. */
const playing = (times: readonly number[], options: { readonly speed?: number; readonly play?: boolean } = {}) => {
  const all = events(times)
  const out: string[] = []
  const source = { events: all.length, read: (place: number, limit: number) => all.slice(place - 1, place - 1 + limit) }
  const { play = true, speed = 1 } = options
  const player = new Player(source, { name: "log", speed, maxGapMs: 5_000, play })
  const submit = ({ restored = [] }: Submission) =>
    Effect.sync(() => {
      out.push(...restored.map(({ row }) => row.eventId))
      return { head: out.length, results: [], receipt: null, effects: [] }
    })
  return { player, out, run: player.run({ submit }) }
}

describe("a replay", () => {
  it.scoped(
    "gives events out at the times between them, by its speed, and cuts what is longer than the longest gap",
    () =>
      Effect.gen(function* () {
        const { out, player, run } = playing([1_000, 1_000, 3_000, 2_500, 1_002_500], { speed: 2 })
        yield* Effect.forkScoped(run)
        yield* TestClock.adjust(1)
        expect(out).toEqual(["event 1", "event 2"])
        expect(yield* player.view).toMatchObject({ state: "playing", position: 2, at: 1_000, nextInMs: 999 })
        yield* TestClock.adjust(998)
        expect(out).toHaveLength(2)
        // Two seconds at speed 2; the one after it seems earlier by another clock, and follows at once.
        yield* TestClock.adjust(1)
        expect(out).toHaveLength(4)
        yield* TestClock.adjust(2_499)
        expect(out).toHaveLength(4)
        yield* TestClock.adjust(1)
        expect(out).toHaveLength(5)
        expect(yield* player.view).toMatchObject({ state: "ended", position: 5, cutMs: 995_000, nextInMs: null })
      }),
  )

  it.scoped("steps, pauses and goes forward at once, and is there when it answers", () =>
    Effect.gen(function* () {
      const { out, player, run } = playing([0, 1_000, 2_000, 3_000, 4_000, 5_000], { play: false })
      yield* Effect.forkScoped(run)
      yield* TestClock.adjust(60_000)
      expect(out).toEqual([])
      expect(yield* player.control({ step: 2 })).toMatchObject({ state: "paused", position: 2 })
      yield* TestClock.adjust(60_000)
      expect(out).toHaveLength(2)
      expect(yield* player.control({ seek: 4 })).toMatchObject({ state: "paused", position: 4 })
      yield* player.control({ play: true, speed: 10 })
      yield* TestClock.adjust(100)
      expect(out).toHaveLength(5)
      yield* player.control({ play: false })
      yield* TestClock.adjust(60_000)
      expect(out).toHaveLength(5)
      expect(yield* player.control({ step: 100 })).toMatchObject({ state: "ended", position: 6 })
    }),
  )

  it.scoped("goes backward by a log that begins anew", () =>
    Effect.gen(function* () {
      const { out, player, run } = playing([0, 0, 0, 0], { play: false })
      const first = yield* Effect.fork(run)
      yield* player.control({ seek: 3 })
      yield* player.control({ seek: 1 })
      yield* TestClock.adjust(1_000)
      yield* Fiber.join(first)
      expect(out.splice(0)).toEqual(["event 1", "event 2", "event 3"])
      yield* Effect.forkScoped(run)
      yield* TestClock.adjust(1_000)
      expect(out).toEqual(["event 1"])
      expect(yield* player.view).toMatchObject({ position: 1, restarts: 1, state: "paused" })
    }),
  )

  it.scoped("refuses a place that is not there, and two at a time", () =>
    Effect.gen(function* () {
      const { player } = playing([0], { play: false })
      for (const wrong of [{ seek: 2 }, { seek: 1, step: 1 }]) {
        expect((yield* Effect.flip(player.control(wrong))).slug).toBe("invalid-request")
      }
    }),
  )

  it.scoped("gives every event of a long log out once, in order", () =>
    Effect.gen(function* () {
      const { out, run } = playing(Array.from({ length: 2_000 }, (_, index) => index >> 4))
      yield* Effect.forkScoped(run)
      yield* TestClock.adjust(10_000)
      expect(out).toEqual(Array.from({ length: 2_000 }, (_, index) => `event ${index + 1}`))
    }),
  )
})
