import fc from "fast-check"
import { describe, expect, it, onTestFinished, vi } from "vitest"
import { isTooDeep, maxJsonDepth, maxJsonValues, readJson, readWireJson } from "./index.js"

const depthOf = (value: unknown): number =>
  typeof value !== "object" || value === null ? 0 : 1 + Math.max(0, ...Object.values(value).map(depthOf))

/** JSON around a value, so many levels deep, objects and arrays in turn. */
const around = (levels: number, inner: unknown): unknown => {
  let value = inner
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { 'a"]': value, b: "[" }
  return value
}

describe("JSON from outside", () => {
  it("is what JSON.parse says, up to the depth that is allowed and not beyond", () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 3 }),
        fc.integer({ min: maxJsonDepth - 6, max: maxJsonDepth + 3 }),
        (inner, levels) => {
          const value = around(levels, inner)
          const text = JSON.stringify(value)
          const tooDeep = depthOf(value) > maxJsonDepth
          expect(isTooDeep(text)).toBe(tooDeep)
          expect(readJson(text)).toEqual(
            tooDeep ? { problem: "line-too-deep", place: "" } : { value: JSON.parse(text), values: expect.any(Number) },
          )
          expect(readWireJson(text)).toEqual(tooDeep ? undefined : JSON.parse(text))
        },
      ),
      { numRuns: 60 },
    )
  })

  it("of any depth ends no stack, whole or cut", () => {
    const text = `${'{"a":['.repeat(1_000_000)}`
    for (const whole of [text, text + "]}".repeat(1_000_000)]) {
      expect(readJson(whole)).toEqual({ problem: "line-too-deep", place: "" })
      expect(readWireJson(whole)).toBeUndefined()
    }
  })

  it("that is no JSON is reported as such, with or without brackets in its texts", () => {
    for (const text of ["", "{", '"[[[', "nope", '{"a":1}}', `"${"[".repeat(600)}`]) {
      expect([text, readJson(text)]).toEqual([text, { problem: "line-not-json", place: "" }])
    }
  })

  it("is refused with the place of what cannot be kept, wherever it stands", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(
          ["1e999", "number-out-of-range"],
          ["-1E+400", "number-out-of-range"],
          ['"\\uD800"', "line-not-unicode"],
          ['"a\\udfffb"', "line-not-unicode"],
        ),
        fc.array(fc.constantFrom("a", "b", 0), { maxLength: 6 }),
        ([bad = "", problem], path) => {
          const text = [...path]
            .reverse()
            .reduce<string>((inner, name) => (name === 0 ? `[${inner}]` : `{"${name}":${inner}}`), bad)
          expect(readJson(text)).toEqual({ problem, place: path.join(".") })
        },
      ),
    )
  })

  it("keeps pairs, large numbers and escapes that are none of it", () => {
    const text = '["\\ud83d\\ude00","\\\\ud800",1.7976931348623157e308,1e-400,"1e999"]'
    expect(readJson(text)).toEqual({ value: JSON.parse(text), values: 6 })
  })

  it("has so many values and no more, whatever they are; those of a text do not count", () => {
    const many = (count: number, one: (index: number) => string) =>
      Array.from({ length: count }, (_, index) => one(index))
    const entries = (count: number, one: string) => `[${many(count, () => one).join(",")}]`
    for (const [most, text] of [
      [maxJsonValues - 1, (count: number) => entries(count, "1")],
      [maxJsonValues - 1, (count: number) => entries(count, '"a,[{\\""')],
      [(maxJsonValues - 1) / 2, (count: number) => entries(Math.floor(count), "[]")],
      [maxJsonValues - 1, (count: number) => `{${many(count, (index) => `"k${index}": 1`).join(",")}}`],
    ] as const) {
      expect(readJson(text(most))).toHaveProperty("value")
      expect(readJson(text(most + 1))).toEqual({ problem: "line-too-many-values", place: "" })
    }
    expect(readJson(JSON.stringify(entries(maxJsonValues * 2, "[]")))).toHaveProperty("values", 1)
    // An agent's line may have as many as it likes: it is not from a caller of ours.
    expect(readWireJson(entries(maxJsonValues * 2, "1"))).toHaveLength(maxJsonValues * 2)
  })

  it("from an agent has null where a number is beyond every double, as the log would", () => {
    expect(readWireJson('{"a":1e999,"b":[-1e999,5]}')).toEqual({ a: null, b: [null, 5] })
    expect(readWireJson(`[ 1.5e0400 ,\n-${"9".repeat(400)},"1e999"]`)).toEqual([null, null, "1e999"])
    expect(readWireJson(" 1E+999")).toBeNull()
  })

  it("from an agent is parsed as it is, member by member only where a number may be too large", () => {
    const parse = vi.spyOn(JSON, "parse")
    onTestFinished(() => parse.mockRestore())
    const looked = (text: string): boolean => {
      parse.mockClear()
      readWireJson(text)
      return parse.mock.calls.some((given) => given.length > 1)
    }
    // Two ids of five hold what would be a large number outside of a text.
    expect(
      looked('{"turn_id":"01a22955-2e12-7e40-9f34-c047035c4712","text":"a 1e99","at":17959898.08,"few":1e9}'),
    ).toBe(false)
    expect(looked('{"at": 1e99}')).toBe(true)
  })
})
