import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { compareKeys, compareText } from "./order.js"

describe("compareText", () => {
  it("orders as the UTF-8 bytes do", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
        expect(Math.sign(compareText(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)))
      }),
    )
    expect(compareText("\u{10000}", "\uffff")).toBeGreaterThan(0)
  })
})

describe("compareKeys", () => {
  it("compares element by element, numbers before text", () => {
    expect(compareKeys(["a", 2], ["a", 10])).toBeLessThan(0)
    expect(compareKeys(["b", 1], ["a", 2])).toBeGreaterThan(0)
    expect(compareKeys([1], ["a"])).toBeLessThan(0)
    expect(compareKeys(["a", 1], ["a", 1])).toBe(0)
  })
})
