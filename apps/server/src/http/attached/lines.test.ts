import { describe, expect, it } from "@effect/vitest"
import { Either } from "effect"
import fc from "fast-check"
import { findEntries, findLines } from "./lines.js"

const context = {
  sessionId: "01990000-0000-7000-8000-000000000001",
  streamId: "01990000-0000-7000-8000-000000000002",
  startedAt: 1_700_000_000_000,
}
const limit = 1_000_000

const ndjson = (text: string) =>
  Either.getOrThrow(findLines(Buffer.from(text), limit)).map(({ parse }) => parse(context))

describe("pushed lines", () => {
  it("of any bytes come to one answer per line that is not blank, and never to an event of another session", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.json(), fc.constant('{"channel":"agent","seq":3}'))), (texts) => {
        const body = texts.join("\n")
        const lines = ndjson(body)
        expect(lines.map(({ line }) => line)).toEqual(
          body.split("\n").flatMap((text, index) => (text.trim() === "" ? [] : [index + 1])),
        )
        for (const { member, problem, seq } of lines) {
          expect(member === null ? problem !== null : member.event.seq === seq).toBe(true)
          if (member !== null) {
            expect([member.sessionId, member.to.streamId]).toEqual([context.sessionId, context.streamId])
          }
        }
      }),
    )
  })

  it("mean the same as the entries of an array", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { maxLength: 10 }), (values) => {
        const array = Either.getOrThrow(findEntries(Buffer.from(JSON.stringify(values)), limit)).map(({ parse }) =>
          parse(context),
        )
        expect(array).toEqual(ndjson(values.map((value) => JSON.stringify(value)).join("\n")))
      }),
    )
  })

  it("that were cut keep channel and number only where each can be read once", () => {
    const cases = [
      ['{"channel":"adapter:a","seq":7,"type":"x', 7],
      ['{"channel":"adapter:a","seq":7,"payload":{"seq":8', null],
      ['{"channel":"client","seq":7,', null],
      ['{"seq":7,', null],
      ['{"channel":"agent","seq":12', null],
      ['{"channel":"agent","seq":12 ,"at":', 12],
      ['{"channel":"agent","seq":1.5', null],
    ] as const
    for (const [text, seq] of cases) expect(ndjson(text)[0]?.seq).toBe(seq)
  })

  it("over the limit refuse the whole body", () => {
    const body = Buffer.from(`{}\n${"x".repeat(101)}\n{}`)
    expect(Either.isLeft(findLines(body, 100))).toBe(true)
    expect(Either.isLeft(findEntries(Buffer.from(JSON.stringify([{}, "x".repeat(101)])), 100))).toBe(true)
  })
})
