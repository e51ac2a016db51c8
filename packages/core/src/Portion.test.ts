import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Portion } from "./Portion.js"

describe("a portion", () => {
  it("takes rows in their order until one is too many or too long, and a row that is too long alone", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40)), fc.integer({ min: 1, max: 6 }), (rows, most) => {
        let left = rows
        for (let steps = 0; left.length > 0; steps++) {
          expect(steps).toBeLessThan(rows.length)
          const portion = new Portion(most, 20)
          const taken = left.filter((bytes) => portion.takes(bytes))
          expect(taken).toEqual(left.slice(0, taken.length))
          expect([portion.count, portion.bytes]).toEqual([taken.length, taken.reduce((sum, bytes) => sum + bytes, 0)])
          expect(taken.length > 0 && taken.length <= most).toBe(true)
          expect(portion.bytes <= 20 || taken.length === 1).toBe(true)
          left = left.slice(taken.length)
        }
      }),
    )
  })

  it("says how many rows may still be asked for", () => {
    const portion = new Portion(3, 20)
    expect([portion.takes(15), portion.left, portion.takes(6), portion.left, portion.takes(1)]).toEqual([
      true,
      2,
      false,
      0,
      false,
    ])
  })
})
