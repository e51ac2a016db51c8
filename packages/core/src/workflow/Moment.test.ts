import { describe, expect, it } from "vitest"
import { ageOf, covered, type Moment } from "./Moment.js"

describe("an age", () => {
  const moment = (awakeSince: number | null): Moment => ({ now: 1_000, awakeSince, toleranceMs: 10 })

  it.each([
    ["is the time since then", 400, null, 600],
    ["is nothing in this moment", 1_000, null, 0],
    ["counts from the wake-up where it began before", 400, 900, 100],
    ["counts from its beginning where the host woke before", 950, 900, 50],
    ["is nothing where the time is yet to come", 1_001, null, 0],
    ["is nothing far ahead of a clock that was not seen to be set", 5_000, null, 0],
    ["is nothing a little ahead, long after a wake-up", 1_010, 400, 0],
    ["counts from when the clock was set, where the time is further ahead", 1_011, 400, 600],
    ["is never negative", 5_000, 2_000, 0],
  ])("%s", (_, at, awakeSince, expected) => expect(ageOf(at, moment(awakeSince))).toBe(expected))
})

describe("how much of a time is covered", () => {
  it.each([
    [[], 0],
    [[{ from: 20, until: 30 }], 10],
    [
      [
        { from: 0, until: 15 },
        { from: 95, until: 200 },
      ],
      10,
    ],
    [
      [
        { from: 20, until: 30 },
        { from: 25, until: 40 },
        { from: 21, until: 22 },
      ],
      20,
    ],
    [
      [
        { from: 40, until: 50 },
        { from: 20, until: 30 },
      ],
      20,
    ],
    [[{ from: 50, until: 40 }], 0],
    [[{ from: 0, until: 5 }], 0],
  ])("%j: %i", (spans, expected) => expect(covered(spans, { from: 10, until: 100 })).toBe(expected))
})
