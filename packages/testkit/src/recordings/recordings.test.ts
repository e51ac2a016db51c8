import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { readOracle } from "../oracle/readOracle.js"
import { corruptLine, cutAt, recording } from "./recordings.js"

describe("damaged recordings", () => {
  const whole = recording("codex-01-plain").text()
  const bytes = Buffer.byteLength(whole)
  const read = (file: Uint8Array) => Buffer.from(file).toString("utf8")

  it("cuts by bytes, inside a character too", () => {
    expect(read(cutAt("aé", 2))).toBe("a\u{fffd}")
    expect(read(cutAt(whole, bytes))).toBe(whole)
    expect(cutAt(whole, 100)).toHaveLength(100)
  })

  it("makes at most the last line of a cut recording unreadable", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: bytes }), (at) => {
        const { lines, unreadable } = readOracle(read(cutAt(whole, at)))
        expect(unreadable[0]?.filter((line) => line !== lines)).toEqual([])
      }),
      { numRuns: 40 },
    )
  })

  it("corrupts the named line and no other", () => {
    for (const line of [1, 23, 55]) expect(readOracle(corruptLine(whole, line)).unreadable).toEqual([[line]])
    expect(() => corruptLine(whole, 100_000)).toThrow("nothing to corrupt")
  })
})
