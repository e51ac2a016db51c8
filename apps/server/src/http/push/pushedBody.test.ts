import { describe, expect, it } from "@effect/vitest"
import { maxPushLines } from "@threadfold/contracts"
import { bytesAtATime, type InPieces, type PushedLine } from "@threadfold/orchestrator"
import { Either } from "effect"
import fc from "fast-check"
import { type Found, findEntries, findLines } from "./pushedBody.js"

/** Does work at once. */
const whole = <A>(work: InPieces<A>): A => {
  for (let step = work.next(); ; step = work.next()) if (step.done === true) return step.value
}
const textOf = ({ body, end, start }: PushedLine): string => body.toString("utf8", start, end)
const lines = (body: string) => Either.getOrThrow(whole(findLines(Buffer.from(body))))
const entries = (body: string) => whole(findEntries(Buffer.from(body)))

describe("the lines of a body", () => {
  it("are those that are not blank, under their numbers, whatever they hold", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.json(), fc.constant('{"channel":"agent","seq":3}'))), (texts) => {
        const body = texts.join("\n")
        expect(lines(body).map((line) => [line.line, textOf(line)])).toEqual(
          // What a string holds that no UTF-8 can is replaced on its way.
          Buffer.from(body)
            .toString()
            .split("\n")
            .flatMap((text, index) => (text.trim() === "" ? [] : [[index + 1, text]])),
        )
      }),
    )
  })

  it("mean the same as the entries of an array", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 10 }), fc.constantFrom(0, 2), (values, indent) => {
        const meaning = (line: PushedLine) => [line.line, JSON.parse(textOf(line))]
        const array = Either.getOrThrow(entries(JSON.stringify(values, null, indent)))
        expect(array.map(meaning)).toEqual(lines(values.map((value) => JSON.stringify(value)).join("\n")).map(meaning))
      }),
    )
  })

  it("are counted before anything else, and refused as a whole where there are too many", () => {
    const tooMany = (found: Found) => Either.isLeft(found) && found.left.slug === "payload-too-large"
    expect(tooMany(whole(findLines(Buffer.from("1\n".repeat(maxPushLines + 1)))))).toBe(true)
    expect(tooMany(whole(findLines(Buffer.from("\n".repeat(maxPushLines + 1)))))).toBe(true)
    expect(tooMany(entries(`[${"1,".repeat(maxPushLines)}1]`))).toBe(true)
    expect(lines("1\n".repeat(maxPushLines))).toHaveLength(maxPushLines)
    expect(Either.getOrThrow(entries(`[${"1,".repeat(maxPushLines - 1)}1]`))).toHaveLength(maxPushLines)
  })

  it("in an array that is not whole refuse the body; an entry that is no JSON is one line", () => {
    for (const text of ["", "{}", "[", "[{}", "[{},]", "[,{}]", "[{}]]", "[{}] x", '["a]', "[1,,2]", "[}]", "5"]) {
      expect([text, Either.isLeft(entries(text))]).toEqual([text, true])
    }
    expect(Either.getOrThrow(entries("[ ] "))).toEqual([])
    const mixed = Either.getOrThrow(entries(`\ufeff[{"n":[1,"a,b"]}, nope, [[[]]],\n{"a":"]"}]`))
    expect(mixed.map(textOf)).toEqual(['{"n":[1,"a,b"]}', " nope", " [[[]]]", '\n{"a":"]"}'])
  })

  it.each(["[", "{", "[]", '"', '\\"', "\\\\", " ", "1,", "9", '{"a":', '"a":1,', "\ud83d\ude00", "x"])(
    "are looked for in pieces where one is a long event of %s",
    (text) => {
      const mebibyte = 1024 * 1024
      const body = Buffer.from(
        `[{"channel":"agent","seq":1,"payload":${text.repeat(Math.floor(mebibyte / text.length))}`,
      )
      const least = Math.floor((body.length - 1) / bytesAtATime) - 1
      expect(least).toBeGreaterThan(5)
      let pauses = 0
      for (const work = findEntries(body); work.next().done !== true; ) pauses += 1
      expect(pauses).toBeGreaterThanOrEqual(least)
    },
  )
})
