import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { compareKeys, compareText, wellFormedJson } from "./scalars.js"

/**
 * A character; those beside the surrogates and at the ends of planes come often. The generator of fast-check takes a second to
 * build its table.
 */
const character = fc
  .oneof(
    fc.integer({ min: 0, max: 0xd7ff }),
    fc.integer({ min: 0xe000, max: 0x10ffff }),
    fc.constantFrom(0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff),
  )
  .map((point) => String.fromCodePoint(point))
const text = fc.string({ unit: character })

describe("compareText", () => {
  it("orders as the UTF-8 bytes do", () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
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

describe("JSON with lone surrogates", () => {
  it.each([
    ['{"a\\ud800":"\\udc00"}', '{"a\\ufffd":"\\ufffd"}'],
    ['"\\ud83d\\ude00 \\uD83D\\uDE00"', '"\\ud83d\\ude00 \\uD83D\\uDE00"'],
    ['"\\ud83d\\ud83d\\ude00"', '"\\ufffd\\ud83d\\ude00"'],
    ['"a path: C:\\\\ud800 \\\\\\ud800"', '"a path: C:\\\\ud800 \\\\\\ufffd"'],
    ['"\\u0041\\n😀"', '"\\u0041\\n😀"'],
  ])("of %s is %s", (json, expected) => {
    expect(wellFormedJson(json)).toBe(expected)
  })

  it("has none afterwards, whatever the texts are, and is the same where there was none", () => {
    const texts = fc.array(
      fc.oneof(character, fc.constantFrom("\ud800", "\udc00", "\ud800\udc00", "\\ud800", "\\", '"')),
    )
    fc.assert(
      fc.property(texts, texts, (some, others) => {
        const json = JSON.stringify({ [some.join("")]: others.join("") })
        const [[name, value] = ["", ""]] = Object.entries(JSON.parse(wellFormedJson(json)))
        expect([name, value]).toEqual([some.join("").toWellFormed(), others.join("").toWellFormed()])
      }),
    )
  })
})
