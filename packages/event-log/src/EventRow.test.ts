import { canonicalJson } from "@threadfold/core"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { sameContent } from "./index.js"
import { sampleRow } from "./testing/samples.js"

it("distinguishes different values", () => {
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
