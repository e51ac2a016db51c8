import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { canonicalJson } from "./canonical.js"
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

describe("canonicalJson", () => {
  it("is one text for equal values, whatever the order of their properties, and JSON still", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(canonicalJson(reversed(value))).toBe(text)
      }),
    )
    expect(canonicalJson({ b: [1, undefined], a: undefined, c: null })).toBe('{"b":[1,null],"c":null}')
  })
})

const reversed = (value: unknown): unknown => {
  if (value === null || typeof value !== "object") return value
  if (Array.isArray(value)) return value.map(reversed)
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, each]) => [name, reversed(each)]),
  )
}
