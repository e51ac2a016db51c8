import * as fc from "fast-check"
import { expect, it } from "vitest"
import { canonicalJson, sameContent } from "./index.js"
import { sampleRow } from "./testing/samples.js"

/** The same value with the keys of every object the other way round. */
const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  )
}

it("has one text for a value, whatever the order of its keys", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(canonicalJson(reversed(value))).toBe(canonicalJson(value))
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})

it("tells different values apart", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const row = (payload: unknown) => sampleRow(1, { payload: JSON.stringify(payload) })
      expect(sameContent(row(a), row(b))).toBe(canonicalJson(a) === canonicalJson(b))
    }),
  )
  expect(sameContent(sampleRow(1), sampleRow(2, { streamVersion: 9, recordedAt: 1 }))).toBe(true)
  expect(sameContent(sampleRow(1, { native: '{"turnId":"0"}' }), sampleRow(1))).toBe(false)
  expect(sameContent(sampleRow(1, { payload: "{" }), sampleRow(1))).toBe(false)
})
