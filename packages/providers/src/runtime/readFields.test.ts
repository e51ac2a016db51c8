import { TokenCounts } from "@threadfold/contracts"
import { Schema } from "effect"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { hintTokens, sumTokens } from "./readFields.js"

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
