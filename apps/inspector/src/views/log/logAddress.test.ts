import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { eventOf, filterOf, type LogFilter, narrows, onlyType, paramsOf, showsType, withType } from "./logAddress.js"

const all: LogFilter = { thread: null, types: [], except: [], fold: true }
const type = fc.constantFrom("turn.started", "item.started", "content.delta")
const filters = fc.record({
  thread: fc.option(fc.uuid(), { nil: null }),
  types: fc.uniqueArray(type),
  except: fc.uniqueArray(type),
  fold: fc.boolean(),
})

describe("the filter of the log", () => {
  it("is the same after it was in the address", () => {
    fc.assert(
      fc.property(filters, fc.option(fc.nat(), { nil: null }), (filter, at) => {
        const params = new URLSearchParams(paramsOf(filter, at))
        expect([filterOf(params), eventOf(params)]).toEqual([filter, at])
      }),
    )
  })

  it("says nothing in the address where all is shown", () => {
    expect(paramsOf(all, null)).toEqual({})
  })

  it("narrows where something is left out", () => {
    expect([all, { ...all, fold: false }].map(narrows)).toEqual([false, false])
    expect(
      [
        { ...all, thread: "a" },
        { ...all, types: ["b"] },
        { ...all, except: ["c"] },
      ].map(narrows),
    ).toEqual([true, true, true])
  })

  it("shows a type, or leaves it out, as it is told to", () => {
    fc.assert(
      fc.property(filters, type, fc.boolean(), (filter, one, shown) => {
        expect(showsType(withType(filter, one, shown), one)).toBe(shown)
        expect(showsType(onlyType(filter, one), one)).toBe(true)
      }),
    )
  })

  it("changes nothing of the other types, unless the last of the only ones goes", () => {
    const some = withType(onlyType(all, "turn.started"), "item.started", true)
    expect(some.types).toEqual(["turn.started", "item.started"])
    expect(withType(withType(some, "turn.started", false), "item.started", false)).toEqual({
      ...all,
      except: ["item.started"],
    })
  })

  it("takes no event for one that is not written as a number", () => {
    expect(["1e3", "-1", "", "x"].map((at) => eventOf(new URLSearchParams({ at })))).toEqual([null, null, null, null])
  })
})
