import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { makeTextTail } from "./TextTail.js"

describe("the end of a text", () => {
  it("is the last bytes, from the first whole character on, however they come", () => {
    const pieces = fc.array(fc.fullUnicodeString({ maxLength: 20 }))
    fc.assert(
      fc.property(pieces, fc.integer({ min: 4, max: 40 }), (texts, limit) => {
        const tail = makeTextTail(limit)
        for (const text of texts) tail.push(Buffer.from(text))
        const all = texts.join("")
        const kept = tail.text()
        expect(all.endsWith(kept)).toBe(true)
        expect(tail.isCut()).toBe(Buffer.byteLength(all) > limit)
        const bytes = Buffer.byteLength(kept)
        expect(bytes).toBeLessThanOrEqual(limit)
        expect(bytes).toBeGreaterThanOrEqual(Math.min(Buffer.byteLength(all), limit - 3))
      }),
    )
  })
})
