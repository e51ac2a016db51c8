import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { canonicalJson } from "./index.js"

/** The same value with the members of every object the other way round. */
const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([name, member]) => [name, reversed(member)]),
  )
}

describe("canonicalJson", () => {
  it("is one text for a value, whatever the order of its members, and the same value still", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value)
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(canonicalJson(reversed(value))).toBe(text)
      }),
    )
  })

  it("is another text for another value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        const [left, right] = [JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b))]
        let same = true
        try {
          expect(left).toEqual(right)
        } catch {
          same = false
        }
        expect(canonicalJson(a) === canonicalJson(b)).toBe(same)
      }),
    )
  })

  // Stored hashes depend on these: a change here is a new form of the hash, never a fix.
  it.each([
    [
      "absent members are left out, absent elements are null",
      { b: [1, undefined], a: undefined, c: null },
      '{"b":[1,null],"c":null}',
    ],
    [
      "numbers",
      [1.0, -0, 1e21, 1e-7, 0.1 + 0.2, 2 ** 53, NaN, Infinity],
      "[1,0,1e+21,1e-7,0.30000000000000004,9007199254740992,null,null]",
    ],
    [
      "names in the order of UTF-16 units, numerals too",
      { "10": 1, "9": 2, é: 3, "\u{10000}": 4, "\uffff": 5 },
      '{"10":1,"9":2,"é":3,"\u{10000}":4,"\uffff":5}',
    ],
    ["text with what JSON escapes", 'a"\\\n\u0001\ud800', '"a\\"\\\\\\n\\u0001\\ud800"'],
    ["nothing", undefined, "null"],
    ["members at any depth", [{ b: { d: 1, c: [{}] }, a: "" }], '[{"a":"","b":{"c":[{}],"d":1}}]'],
  ])("%s", (_name, value, text) => {
    expect(canonicalJson(value)).toBe(text)
  })
})
