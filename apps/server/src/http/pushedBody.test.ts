import { describe, expect, it } from "@effect/vitest"
import { maxPushLines, maxSeq } from "@threadfold/contracts"
import { problems } from "@threadfold/contracts/problem"
import { bytesAtATime, type InPieces, type LineProblem, type PushedLine } from "@threadfold/orchestrator"
import { Either, Struct } from "effect"
import fc from "fast-check"
import { type Found, findEntries, findLines, lineResult } from "./pushedBody.js"

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

/** Every problem that a line can have. Each is one of the catalogue: its callers look it up there. */
const lineProblems = {
  "line-not-json": problems["line-not-json"],
  "line-too-deep": problems["line-too-deep"],
  "line-too-many-values": problems["line-too-many-values"],
  "line-not-unicode": problems["line-not-unicode"],
  "number-out-of-range": problems["number-out-of-range"],
  "line-too-long": problems["line-too-long"],
  "not-an-event": problems["not-an-event"],
  "channel-reserved": problems["channel-reserved"],
  "type-reserved": problems["type-reserved"],
  "payload-invalid": problems["payload-invalid"],
  "unknown-field": problems["unknown-field"],
} as const satisfies Readonly<Record<LineProblem, object>>

describe("the answer to a line", () => {
  it("has at most 200 bytes where the line is invalid, whatever is wrong and wherever", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", maxLength: 300 }),
        fc.constantFrom(...Struct.keys(lineProblems)),
        (place, problem) => {
          const fault = { problem, place }
          const result = { status: "appended" as const, streamId: "", sequence: Number.MAX_SAFE_INTEGER }
          const answer = lineResult({ line: maxPushLines, seq: maxSeq, fault, unknown: null, result })
          expect(Buffer.byteLength(`${JSON.stringify(answer)}\n`)).toBeLessThanOrEqual(200)
        },
      ),
    )
  })

  it("tells of what is not known only where the line was stored now", () => {
    const outcome = { line: 1, seq: 3, fault: null, unknown: { problem: "unknown-field" as const, place: "mood" } }
    const stored = { status: "appended" as const, streamId: "", sequence: 5 }
    expect(lineResult({ ...outcome, result: stored })).toEqual({
      line: 1,
      seq: 3,
      status: "appended",
      sequence: 5,
      problem: "unknown-field",
      place: "mood",
    })
    expect(lineResult({ ...outcome, result: { ...stored, status: "duplicate" } })).toEqual({
      line: 1,
      seq: 3,
      status: "duplicate",
      sequence: 5,
    })
  })
})
