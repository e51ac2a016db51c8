import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { laneOf, layoutLane, mostTracks, spanAt } from "./laneLayout.js"
import type { LaneSpans } from "./pastMessages.js"
import {
  type Axis,
  around,
  axisOf,
  orderedTimes,
  panned,
  placeOnAxis,
  ticksOf,
  timeOnAxis,
  wholeWindow,
  zoomed,
} from "./timelineAxis.js"

const hour = 3_600_000
const start = 1_795_150_511_000

/** Times of events: bursts, and now and then hours without any. */
const times: fc.Arbitrary<readonly number[]> = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: fc.nat(3_000) },
      { weight: 1, arbitrary: fc.integer({ min: hour, max: 20 * hour }) },
    ),
    {
      minLength: 1,
      maxLength: 120,
    },
  )
  .map((pauses) => pauses.map((_, index) => start + pauses.slice(0, index + 1).reduce((sum, one) => sum + one, 0)))

const axes = times.map((of) => ({ of, axis: axisOf(of, of.length) }))

describe("the times of events", () => {
  it("never go back, stay as they are where they do not, and follow no clock that was wrong", () => {
    const right = Array.from({ length: 50 }, (_, index) => start + index * 1_000)
    expect([...orderedTimes(right, right.length)]).toEqual(right)
    for (const wrong of [0, start + 90 * hour]) {
      for (const at of [0, 20, 49]) {
        const ordered = orderedTimes(right.with(at, wrong), right.length)
        for (const [index, time] of ordered.entries()) {
          // At an end of the thread a wrong time may be in order.
          if (index !== at) expect(Math.abs(time - (right[index] ?? 0))).toBeLessThanOrEqual(1_000)
        }
        expect([...ordered].filter((time, index) => time !== right[index]).length).toBeLessThanOrEqual(2)
      }
    }
    fc.assert(
      fc.property(fc.array(fc.nat(50), { maxLength: 60 }), (of) => {
        const ordered = [...orderedTimes(of, of.length)]
        expect(ordered).toEqual([...ordered].sort((a, b) => a - b))
        const distance = (to: readonly number[]) =>
          to.reduce((sum, time, index) => sum + Math.abs(time - (of[index] ?? 0)), 0)
        // No nearer than these: all the same, the largest so far, the smallest from here on.
        for (const level of of) expect(distance(ordered)).toBeLessThanOrEqual(distance(of.map(() => level)))
        expect(distance(ordered)).toBeLessThanOrEqual(
          distance(of.map((_, index) => Math.max(...of.slice(0, index + 1)))),
        )
        expect(distance(ordered)).toBeLessThanOrEqual(distance(of.map((_, index) => Math.min(...of.slice(index)))))
      }),
    )
  })
})

describe("the axis of a timeline", () => {
  it("keeps the order of times, finds each again, and is no longer than the time itself", () =>
    fc.assert(
      fc.property(
        axes,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 }),
        ({ axis, of }, parts) => {
          expect(axis.length).toBeLessThanOrEqual(axis.end - axis.start + 1e-6)
          const inside = parts.map((part) => axis.start + part * (axis.end - axis.start)).sort((a, b) => a - b)
          const places = inside.map((time) => placeOnAxis(axis, time))
          for (const [index, place] of places.entries()) {
            expect(place).toBeGreaterThanOrEqual((places[index - 1] ?? 0) - 1e-6)
            expect(place).toBeLessThanOrEqual(axis.length + 1e-6)
            // Within a fold a ms of the axis stands for hours.
            const isFolded = axis.folds.some(({ from, to }) => (inside[index] ?? 0) > from && (inside[index] ?? 0) < to)
            if (!isFolded) expect(timeOnAxis(axis, place)).toBeCloseTo(inside[index] ?? 0, 1)
          }
          for (const time of of) expect(axis.folds.some(({ from, to }) => time > from && time < to)).toBe(false)
        },
      ),
    ))

  it("folds a night between two bursts, and leaves a thread without pauses as it is", () => {
    const burst = Array.from({ length: 100 }, (_, index) => start + index * 500)
    const night = [...burst, ...burst.map((time) => time + 9 * hour)]
    const { folds, length } = axisOf(night, night.length)
    expect(folds.length).toBe(1)
    expect(length).toBeLessThan(3 * 100 * 500)
    expect(axisOf(burst, burst.length)).toEqual({ start, end: start + 99 * 500, length: 99 * 500, folds: [] })
    expect(placeOnAxis(axisOf(burst, burst.length), Number.POSITIVE_INFINITY)).toBe(99 * 500)
  })

  it("zooms around a place that stays, and never leaves the thread", () =>
    fc.assert(
      fc.property(
        axes,
        fc.array(
          fc.record({
            factor: fc.double({ min: 0.1, max: 8, noNaN: true }),
            at: fc.double({ min: 0, max: 1, noNaN: true }),
            by: fc.double({ min: -2, max: 2, noNaN: true }),
          }),
          { maxLength: 12 },
        ),
        ({ axis }, moves) => {
          const whole = wholeWindow(axis)
          let window = whole
          for (const { at, by, factor } of moves) {
            const place = window.from + at * (window.to - window.from)
            window = zoomed(axis, window, factor, place)
            expect(window.to).toBeGreaterThan(window.from)
            window = panned(axis, window, by)
            expect(window.from).toBeGreaterThanOrEqual(whole.from - 1e-6)
            expect(window.to).toBeLessThanOrEqual(whole.to + Math.max(1e-6, 20))
          }
          const ticks = ticksOf(axis, window, 800)
          for (const tick of ticks) expect(placeOnAxis(axis, tick)).toBeGreaterThanOrEqual(window.from)
          expect(ticks.length).toBeLessThanOrEqual(11)
        },
      ),
    ))

  it("keeps the place under the pointer while it zooms in", () => {
    const axis: Axis = { start: 0, end: 1_000_000, length: 1_000_000, folds: [] }
    const window = zoomed(axis, { from: 0, to: 1_000_000 }, 0.5, 250_000)
    expect(window).toEqual({ from: 125_000, to: 625_000 })
    expect(around(axis, 400, 600)).toEqual({ from: 300, to: 700 })
  })
})

interface Given {
  readonly start: number
  readonly length: number
}

const spansOf = (given: readonly Given[]): LaneSpans => {
  const sorted = given.toSorted((a, b) => a.start - b.start)
  return {
    lane: "items",
    starts: Float64Array.from(sorted, (one) => one.start),
    ends: Float64Array.from(sorted, (one) => (one.length < 0 ? Number.POSITIVE_INFINITY : one.start + one.length)),
    tones: Uint8Array.from(sorted, (_, index) => index % 6),
    rows: sorted.map((_, index) => `items/${index}`),
    labels: sorted.map((_, index) => `item ${index}`),
    sequences: Float64Array.from(sorted, (_, index) => index),
  }
}

const axis: Axis = { start: 0, end: 100_000, length: 100_000, folds: [] }
const width = 500
const given: fc.Arbitrary<readonly Given[]> = fc.array(
  fc.record({
    start: fc.integer({ min: 0, max: 100_000 }),
    length: fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 30_000 }), fc.constant(-1)),
  }),
  { maxLength: 200 },
)
const windows = fc
  .tuple(fc.integer({ min: 0, max: 99_000 }), fc.integer({ min: 100, max: 100_000 }))
  .map(([from, length]) => ({ from, to: from + length }))

describe("the layout of a lane", () => {
  it("shows every span of a window once: by itself, or merged with others that are narrower than a pixel", () =>
    fc.assert(
      fc.property(given, windows, (of, window) => {
        const lane = laneOf(axis, spansOf(of))
        const { bars, densities } = layoutLane(lane, window, width)
        const visible = [...lane.starts.keys()].filter(
          (index) => (lane.starts[index] ?? 0) <= window.to && (lane.ends[index] ?? 0) >= window.from,
        )
        expect(bars.length + densities.reduce((sum, { count }) => sum + count, 0)).toBe(visible.length)
        for (const bar of bars) {
          expect(bar.width).toBeGreaterThanOrEqual(1)
          expect(bar.x).toBeGreaterThanOrEqual(0)
          expect(bar.x + bar.width).toBeLessThanOrEqual(width + 1e-6)
          expect(visible).toContain(bar.index)
        }
        for (const { count, x } of densities) {
          expect(count).toBeGreaterThan(0)
          expect(x).toBeGreaterThanOrEqual(0)
          expect(x).toBeLessThan(width)
        }
        const places = densities.map(({ track, x }) => `${track} ${x}`)
        expect(new Set(places).size).toBe(places.length)
      }),
    ))

  it("puts spans of the same time beside each other, as long as there is room", () =>
    fc.assert(
      fc.property(given, (of) => {
        const lane = laneOf(axis, spansOf(of))
        for (let index = 0; index < lane.starts.length; index += 1) {
          const track = lane.tracks[index] ?? 0
          expect(track).toBeLessThan(lane.trackCount)
          if (track === mostTracks - 1) continue
          for (let other = 0; other < index; other += 1) {
            if (lane.tracks[other] === track) expect(lane.ends[other]).toBeLessThanOrEqual(lane.starts[index] ?? 0)
          }
        }
      }),
    ))

  it("finds the span under the pointer, and none far from all", () =>
    fc.assert(
      fc.property(given, windows, (of, window) => {
        const lane = laneOf(axis, spansOf(of))
        for (const { index, track, width: wide, x } of layoutLane(lane, window, width).bars.slice(0, 20)) {
          const middle = x + wide / 2
          const found = spanAt(lane, window, width, middle, track)
          expect(found).not.toBeNull()
          const place = window.from + (middle / width) * (window.to - window.from)
          const [from, to] = [lane.starts[found ?? 0] ?? 0, lane.ends[found ?? 0] ?? 0]
          expect(from).toBeLessThanOrEqual(place + 1e-6)
          expect(to).toBeGreaterThanOrEqual(place - 1e-6)
          expect(to - from).toBeLessThanOrEqual((lane.ends[index] ?? 0) - (lane.starts[index] ?? 0) + 1e-6)
        }
        for (const { track, x } of layoutLane(lane, window, width).densities.slice(0, 20)) {
          expect(spanAt(lane, window, width, x + 0.5, track)).not.toBeNull()
        }
        expect(spanAt(laneOf(axis, spansOf([])), window, width, 10, 0)).toBeNull()
      }),
    ))
})
