import { TokenCounts } from "@threadfold/contracts"
import { Schema } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { omitUndefined } from "./Fact.js"
import { hintTokens, renamed, rest, sumTokens } from "./readFields.js"

const isCount = Schema.is(TokenCounts)

describe("counts of tokens", () => {
  it("are whole and within the limit, or not known", () => {
    const odd = [5e-324, -1, 0.5, 2 ** 43 + 1, 1e300, Number.NaN, "7", null, undefined]
    for (const value of odd) expect(hintTokens({ n: value }, "n")).toBeUndefined()
    for (const value of [0, 1, 2 ** 43]) expect(hintTokens({ n: value }, "n")).toBe(value)
    expect(sumTokens([])).toBeUndefined()
    expect(sumTokens([undefined, 2, 3])).toBe(5)
    expect(sumTokens([2 ** 43, 1])).toBeUndefined()
  })

  it("are what an event takes, whatever numbers an agent tells", () => {
    const number = fc.oneof(fc.double(), fc.maxSafeInteger(), fc.nat())
    fc.assert(
      fc.property(number, number, (a, b) => {
        const fields = { a, b }
        const inputTokens = hintTokens(fields, "a") ?? null
        const totalTokens = sumTokens([hintTokens(fields, "a"), hintTokens(fields, "b")]) ?? null
        expect(isCount({ inputTokens, totalTokens })).toBe(true)
      }),
    )
  })
})

describe("members of an object from outside", () => {
  const given = JSON.parse('{"__proto__":{"a":1},"b_c":null,"d":[],"e":0,"b":{}}')

  it("are left out, renamed and kept, whatever they are called", () => {
    expect(JSON.stringify(rest(given, ["b"]))).toBe('{"__proto__":{"a":1},"e":0}')
    expect(rest({ b: 1, c: null }, ["b"])).toBeUndefined()
    const upper = renamed(given, (name) => (name === "d" ? "e" : name))
    expect(JSON.stringify(upper)).toBe('{"__proto__":{"a":1},"b_c":null,"e":0,"b":{}}')
    expect(Object.getPrototypeOf(upper)).toBe(Object.prototype)
  })

  it("that are undefined are not told, and the object that was given stays as it was", () => {
    const value = { a: undefined, b: null, c: 0 }
    expect(Object.keys(omitUndefined(value))).toEqual(["b", "c"])
    expect(Object.keys(value)).toEqual(["a", "b", "c"])
    const whole = { b: null }
    expect(omitUndefined(whole)).toBe(whole)
  })
})
