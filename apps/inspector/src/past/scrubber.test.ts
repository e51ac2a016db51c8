import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { EventLine, findingMarks } from "./EventLine.js"
import { EventMark } from "./pastMessages.js"
import { live, momentsOf, placeOf, type Scrub, type ScrubAction, scrub, speeds, withMoments } from "./scrubber.js"

const { anomaly, turnEnd, turnStart } = EventMark

/** A line of events with these marks; their sequences are ten apart, as other threads' events lie between. */
const lineOf = (marks: readonly number[]): EventLine => {
  const line = new EventLine()
  line.take({
    sequences: Float64Array.from(marks, (_, index) => (index + 1) * 10),
    times: Float64Array.from(marks, (_, index) => 1_000 + index * 100),
    types: Uint16Array.from(marks, () => 0),
    marks: Uint8Array.from(marks),
    typeNames: ["turn.started"],
  })
  return line
}

const line = lineOf([0, turnStart, 0, anomaly, 0, turnEnd, turnStart, 0, 0, turnEnd])
const run = (...actions: readonly ScrubAction[]): Scrub =>
  actions.reduce((state, action) => scrub(line, state, action), live)
const step = (by: 1 | -1, unit: "event" | "turn" | "finding" = "event"): ScrubAction => ({ kind: "step", by, unit })

describe("the scrubber", () => {
  it("steps from the present back, and never beyond the first or the last event", () => {
    expect(run(step(-1)).at).toBe(90)
    expect(run({ kind: "first" }, step(-1)).at).toBe(10)
    expect(run({ kind: "last" }, step(1)).at).toBe(100)
    expect(run({ kind: "place", place: 4 }, step(1, "turn")).at).toBe(60)
    expect(run({ kind: "place", place: 4 }, step(-1, "turn")).at).toBe(20)
    expect(run(step(-1, "finding")).at).toBe(40)
    // Where there is no further one it stays where it is.
    expect(run({ kind: "place", place: 4 }, step(1, "finding")).at).toBe(40)
  })

  it("plays at its speed to the end, and from the start where it was at the end", () => {
    const playing = run({ kind: "speed", speed: 50 }, { kind: "play" })
    expect(playing).toMatchObject({ at: 10, playing: 50 })
    const later = scrub(line, playing, { kind: "tick", events: 3 })
    expect(later).toMatchObject({ at: 40, playing: 50 })
    expect(scrub(line, later, { kind: "tick", events: 30 })).toMatchObject({ at: 100, playing: null })
    expect(scrub(line, later, step(1))).toMatchObject({ at: 50, playing: null })
    expect(scrub(line, later, { kind: "pause" }).playing).toBeNull()
    expect(scrub(line, later, { kind: "speed", speed: 2 }).playing).toBe(2)
    expect(scrub(lineOf([]), live, { kind: "play" })).toEqual(live)
  })

  it("compares with the moment that was shown, and shows the present again", () => {
    const compared = run({ kind: "place", place: 3 }, { kind: "compare" }, { kind: "place", place: 8 })
    expect(compared).toMatchObject({ at: 80, to: 30 })
    expect(scrub(line, compared, { kind: "swap" })).toMatchObject({ at: 30, to: 80 })
    expect(scrub(line, compared, { kind: "compare" }).to).toBeNull()
    expect(scrub(line, compared, { kind: "live" })).toMatchObject({ at: null, to: null, playing: null })
  })

  it("takes the moments of an address, and says them again", () => {
    const params = new URLSearchParams("at=25&to=70&x=1")
    expect(momentsOf(params)).toEqual({ at: 25, to: 70 })
    expect(momentsOf(new URLSearchParams("at=-1"))).toEqual({ at: null, to: null })
    expect(momentsOf(new URLSearchParams("to=5"))).toEqual({ at: null, to: null })
    expect(withMoments(params, { at: 30, to: null }).toString()).toBe("x=1&at=30")
    expect(withMoments(params, { at: null, to: 3 }).toString()).toBe("x=1")
    // A sequence between two events of the thread is the moment of the earlier one.
    expect(placeOf(line, run({ kind: "address", at: 25, to: 70 }))).toBe(2)
  })

  it("is always at an event of the thread, whatever a person does", () => {
    const action: fc.Arbitrary<ScrubAction> = fc.oneof(
      fc.record({ kind: fc.constant("place" as const), place: fc.double({ min: -5, max: 40, noNaN: true }) }),
      fc.record({
        kind: fc.constant("step" as const),
        by: fc.constantFrom(1 as const, -1 as const),
        unit: fc.constantFrom("event" as const, "turn" as const, "finding" as const),
      }),
      fc.constantFrom<ScrubAction>(
        { kind: "first" },
        { kind: "last" },
        { kind: "live" },
        { kind: "play" },
        { kind: "pause" },
        { kind: "compare" },
        { kind: "swap" },
      ),
      fc.record({ kind: fc.constant("speed" as const), speed: fc.constantFrom(...speeds) }),
      fc.record({ kind: fc.constant("tick" as const), events: fc.integer({ min: 1, max: 9 }) }),
    )
    const marks = fc.array(fc.constantFrom(0, turnStart, turnEnd, anomaly, anomaly | turnEnd), { maxLength: 30 })
    fc.assert(
      fc.property(marks, fc.array(action, { maxLength: 30 }), (given, actions) => {
        const of = lineOf(given)
        let state: Scrub = live
        for (const one of actions) {
          const before = placeOf(of, state)
          state = scrub(of, state, one)
          const place = placeOf(of, state)
          if (state.at !== null) expect(of.at(place)?.sequence).toBe(state.at)
          if (state.to !== null) expect(state.at).not.toBeNull()
          if (given.length === 0) expect(state.at).toBeNull()
          if (one.kind === "step" && place !== before) {
            expect(Math.sign(place - before)).toBe(one.by)
            if (one.unit === "finding") expect((given[place - 1] ?? 0) & findingMarks).not.toBe(0)
          }
        }
      }),
    )
  })
})
