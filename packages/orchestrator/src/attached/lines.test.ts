import { createHash } from "node:crypto"
import { describe, expect, it } from "@effect/vitest"
import { maxJsonDepth, maxJsonValues, maxSeq, maxTime } from "@threadfold/contracts"
import fc from "fast-check"
import { decodeLines } from "./decodeLines.js"
import { type LineFault, type LineRules, type ParsedLine, type PushedLine, readLine } from "./lines.js"
import { bytesAtATime, type InPieces } from "./pieces.js"
import { salvage } from "./salvage.js"

const context = {
  sessionId: "01990000-0000-7000-8000-000000000001",
  streamId: "01990000-0000-7000-8000-000000000002",
  startedAt: 1_700_000_000_000,
}
const maxBytes = 100_000
const rules: LineRules = { maxBytes, redact: (event) => event, redactText: (text) => text }
const read = (line: PushedLine) => readLine(rules, context, line)

/** Does work at once. */
const whole = <A>(work: InPieces<A>): A => {
  for (let step = work.next(); ; step = work.next()) if (step.done === true) return step.value
}
const parse = (line: PushedLine): ParsedLine => whole(read(line))
const lineOf = (text: string | Buffer, line = 1): PushedLine => {
  const body = Buffer.from(text)
  return { line, body, start: 0, end: body.length }
}
/** The lines of a body that are not blank. */
const linesOf = (body: Buffer): readonly PushedLine[] => {
  const found: PushedLine[] = []
  for (let start = 0, line = 1; start <= body.length; line++) {
    const newline = body.indexOf(0x0a, start)
    const end = newline === -1 ? body.length : newline
    if (body.toString("utf8", start, end).trim() !== "") found.push({ line, body, start, end })
    start = end + 1
  }
  return found
}
const lines = (body: string | Buffer) => linesOf(Buffer.from(body)).map(parse)
const only = (text: string | Buffer) => lines(text)[0]

const event = (fields: object = {}) =>
  JSON.stringify({
    type: "runtime.warning",
    channel: "agent",
    seq: 3,
    at: 1_700_000_000_001,
    payload: { message: "m" },
    ...fields,
  })
/** The event with a piece of JSON in its payload that `JSON.stringify` would not write. */
const withMessage = (json: string) => event({ payload: { message: "?" } }).replace('"?"', json)

const nested = (depth: number, inner = "") => `${"[".repeat(depth)}${inner}${"]".repeat(depth)}`

describe("pushed lines", () => {
  it("of any bytes come to one answer per line that is not blank, and never to an event of another session", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.json(), fc.constant('{"channel":"agent","seq":3}'))), (texts) => {
        const body = texts.join("\n")
        const parsed = lines(body)
        expect(parsed.map(({ line }) => line)).toEqual(
          body.split("\n").flatMap((text, index) => (text.trim() === "" ? [] : [index + 1])),
        )
        for (const { fault, draft, seq } of parsed) {
          expect(draft === null ? fault !== null : draft.event.seq === seq).toBe(true)
          if (draft !== null) {
            expect([draft.sessionId, draft.to.streamId]).toEqual([context.sessionId, context.streamId])
          }
        }
      }),
    )
  })

  it("that were cut keep channel and number only where each is a draft of its own, once and whole", () => {
    const cases = [
      ['{"channel":"adapter:a","seq":7,"type":"x', 7],
      ['{"payload":{"seq":8},"channel":"adapter:a","seq":7,"type":"x', 7],
      ['{"payload":"\\"seq\\":8,","channel":"adapter:a","seq":7,"type":"x', 7],
      ['{"channel":"adapter:a","payload":{"seq":8,', null],
      ['{"channel":"adapter:a","seq":7,"seq":8,"x', null],
      ['{"channel":"client","seq":7,', null],
      ['{"seq":7,', null],
      ['{"channel":"agent","seq":12', null],
      ['{"channel":"agent","seq":12 ,"at":', 12],
      ['{"channel":"agent","seq":1.5', null],
      ['{"channel":"agent","seq":1e400,', null],
      ['[{"channel":"agent","seq":12,', null],
    ] as const
    for (const [text, seq] of cases) expect([text, only(text)?.seq]).toEqual([text, seq])
  })

  const deep = nested(maxJsonDepth + 1)
  const kinds: readonly (readonly [string, string | Buffer, LineFault])[] = [
    [
      "longer than the limit",
      event({ payload: { message: "x".repeat(maxBytes) } }),
      { problem: "line-too-long", place: "" },
    ],
    ["nested too deeply", withMessage(deep), { problem: "line-too-deep", place: "" }],
    ["nested so deeply that a stack would end", withMessage(nested(40_000)), { problem: "line-too-deep", place: "" }],
    [
      "more values than it may have",
      event({ payload: { message: "m", many: Array(maxJsonValues).fill(1) } }),
      { problem: "line-too-many-values", place: "" },
    ],
    ["deep and cut", withMessage(deep).slice(0, -300), { problem: "line-too-deep", place: "" }],
    [
      "half a pair in a text",
      event({ payload: { message: "a\ud800b" } }),
      { problem: "line-not-unicode", place: "payload.message" },
    ],
    [
      "half a pair in a name",
      event({ payload: { message: "m", "\udc00": 1 } }),
      { problem: "line-not-unicode", place: "payload.\udc00" },
    ],
    ["half a pair in a type", event({ type: "a\ud800" }), { problem: "line-not-unicode", place: "type" }],
    [
      "half a pair in a native id",
      event({ native: { turnId: "\udfff" } }),
      { problem: "line-not-unicode", place: "native.turnId" },
    ],
    [
      "bytes that are no text",
      Buffer.concat([Buffer.from(event().slice(0, -4)), Buffer.from([0xff, 0xfe]), Buffer.from('"}}')]),
      { problem: "line-not-unicode", place: "" },
    ],
    [
      "a number beyond every double",
      event({ payload: { message: "m", n: 0 } }).replace('"n":0', '"n":1e999'),
      { problem: "number-out-of-range", place: "payload.n" },
    ],
    [
      "a negative one",
      event({ payload: { message: "m", n: [0] } }).replace('"n":[0]', '"n":[-2e400]'),
      { problem: "number-out-of-range", place: "payload.n.0" },
    ],
    [
      "a number of a thousand digits",
      event({ payload: { message: "m", n: 0 } }).replace('"n":0', `"n":${"9".repeat(1000)}`),
      { problem: "number-out-of-range", place: "payload.n" },
    ],
    ["a version of 0", event({ v: 0 }), { problem: "not-an-event", place: "v" }],
    ["a version between two", event({ v: 1.5 }), { problem: "not-an-event", place: "v" }],
    ["a version beyond safe integers", event({ v: 2 ** 60 }), { problem: "not-an-event", place: "v" }],
    ["a time before time", event({ at: -1 }), { problem: "not-an-event", place: "at" }],
    ["a time after time", event({ at: maxTime + 1 }), { problem: "not-an-event", place: "at" }],
    ["a type with a line break", event({ type: "a\nevent: b" }), { problem: "not-an-event", place: "type" }],
    ["a type without an end", event({ type: "t".repeat(201) }), { problem: "not-an-event", place: "type" }],
    [
      "a native id without an end",
      event({ native: { itemId: "i".repeat(4_097) } }),
      { problem: "not-an-event", place: "native.itemId" },
    ],
    [
      "a payload of another type",
      event({ payload: { message: 5 } }),
      { problem: "payload-invalid", place: "payload.message" },
    ],
    [
      "a payload that is no object",
      event({ type: "turn.started", payload: [] }),
      { problem: "payload-invalid", place: "payload" },
    ],
    ["a type of our own", event({ type: "turn.requested" }), { problem: "type-reserved", place: "type" }],
  ]

  it.each(kinds)("with %s are kept under their number, and cost no neighbour", (_, text, fault) => {
    const bytes = Buffer.from(text)
    const around = Buffer.concat([Buffer.from(`${event({ seq: 2 })}\n`), bytes, Buffer.from(`\n${event({ seq: 4 })}`)])
    const [before, bad, after] = lines(around)
    expect([before?.fault, after?.fault]).toEqual([null, null])
    expect([bad?.seq, bad?.fault]).toEqual([3, fault])
    const kept = bad?.draft?.event
    expect([kept?.type, kept?.channel, kept?.seq, kept?.at]).toEqual([
      "provider.unmapped",
      "agent",
      3,
      context.startedAt,
    ])
    expect(kept?.payload).toMatchObject({
      problem: fault.problem,
      line: { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") },
    })
    expect(kept?.raw).toBe(bytes.length > maxBytes ? bytes.toString("utf8", 0, 1024) : bytes.toString("utf8"))
    // What is kept is an event that would be taken.
    expect(only(JSON.stringify({ ...kept, raw: null }))?.fault).toBeNull()
  })

  it.each([0, -1, 1.5, maxSeq + 1, 2 ** 60])("without a number that can be (%s) are not kept", (seq) => {
    const bad = only(event({ seq }))
    expect([bad?.seq, bad?.draft, bad?.fault]).toEqual([null, null, { problem: "not-an-event", place: "seq" }])
  })

  it("at the edge of what is taken are taken", () => {
    for (const text of [
      event({ seq: maxSeq, at: maxTime, v: Number.MAX_SAFE_INTEGER }),
      event({ payload: { message: "m", deep: JSON.parse(nested(maxJsonDepth - 2)) } }),
      event({ payload: { message: "m", n: Number.MAX_VALUE, text: "1e999", emoji: "😀" } }),
      // A stream may be cut between the halves of a pair; what is joined is whole again.
      event({ type: "content.delta", payload: { stream: "text", delta: "a\ud83d" } }),
      event({ type: "content.delta", payload: { stream: "text", delta: "\ude00b" } }),
      event({ type: "future.event", v: 7, payload: 5 }),
      event({ v: 2, payload: { said: "by a newer version" } }),
    ]) {
      expect([text.slice(0, 80), only(text)?.fault]).toEqual([text.slice(0, 80), null])
    }
  })

  it("that say what is not known here are taken, kept whole, and told of it", () => {
    for (const [text, place] of [
      [event({ native: { turnId: "t" }, mood: "good" }), "mood"],
      [event({ sequ: 4 }), "sequ"],
      [event({ native: { turnid: "t" } }), "native.turnid"],
      [event({ v: 2, payload: { said: "by a newer version" }, trace: { id: 1 } }), "trace"],
    ] as const) {
      const taken = only(text)
      expect([taken?.fault, taken?.unknown]).toEqual([null, { problem: "unknown-field", place }])
      expect(taken?.draft?.event.raw).toBe(text)
    }
    // A native message of the line's own stays what it is, and ids of ours are known, if ignored.
    expect(only(event({ raw: "native", mood: "good" }))?.draft?.event.raw).toBe("native")
    expect(only(event({ turnId: "01990000-0000-7000-8000-000000000009" }))?.unknown).toBeNull()
    expect(only(event({ payload: { message: "m", mood: "good" } }))?.unknown).toBeNull()
  })

  it("that are cut from a list are judged one by one", () => {
    const texts = [event(), " nope", withMessage(deep), '\n{"a":"]"}']
    expect(texts.map((text) => parse(lineOf(text)).fault?.problem ?? null)).toEqual([
      null,
      "line-not-json",
      "line-too-deep",
      "not-an-event",
    ])
  })
})

describe("a body", () => {
  const mebibyte = 1024 * 1024
  const filled = (text: string, bytes: number) => text.repeat(Math.floor(bytes / text.length))
  /** A line over the limit that says its channel and number first. */
  const longEvent = (text: string) => `{"channel":"agent","seq":1,"payload":${filled(text, mebibyte)}`
  const noEvents = ["[", "{", "[]", '"', '\\"', "\\\\", " ", "1,", "9", '{"a":', '"a":1,', "\ud83d\ude00", "x"]
  const bodies: readonly (readonly [string, string])[] = [
    ["lines of nothing", "1\n".repeat(2_000)],
    ["lines that are kept", `${'{"channel":"agent","seq":1}\n'.repeat(1_000)}`],
    ["lines that are taken", `${event()}\n`.repeat(1_000)],
    ["events of many values", `${event({ payload: { message: "m", many: Array(6_000).fill([]) } })}\n`.repeat(10)],
    ["deep events", `${withMessage(nested(500))}\n`.repeat(100)],
    ["long events", `${event({ payload: { message: "x".repeat(90_000) } })}\n`.repeat(20)],
    ...noEvents.map((text): readonly [string, string] => [`a long line of ${text}`, filled(text, mebibyte)]),
    ...noEvents.map((text): readonly [string, string] => [`a long event of ${text}`, longEvent(text)]),
  ]

  it.each(bodies)("of %s is decoded in pieces, few lines, bytes and values at a time", (_, body) => {
    const found = linesOf(Buffer.from(body))
    let lines = 0
    let bytes = 0
    const counted = function* (line: PushedLine): InPieces<ParsedLine> {
      lines += 1
      // A line over the limit has pieces of its own.
      if (line.end - line.start <= maxBytes) bytes += line.end - line.start
      return yield* read(line)
    }
    for (let from = 0; from < found.length; ) {
      const before = { lines, bytes }
      for (const work = decodeLines(counted, found, from); ; before.lines = lines, before.bytes = bytes) {
        const step = work.next()
        expect(lines - before.lines).toBeLessThanOrEqual(256)
        expect(bytes - before.bytes).toBeLessThanOrEqual(256 * 1024)
        if (step.done !== true) continue
        expect(step.value.length).toBeGreaterThan(0)
        expect(step.value.length).toBeLessThanOrEqual(512)
        expect(step.value.reduce((sum, line) => sum + line.values, 0)).toBeLessThan(10_000 + maxJsonValues)
        from += step.value.length
        break
      }
    }
    expect(lines).toBe(found.length)
  })

  /** How often work pauses. */
  const pausesOf = (work: InPieces<unknown>): number => {
    let pauses = 0
    while (work.next().done !== true) pauses += 1
    return pauses
  }

  it.each(noEvents)("with one long event of %s is looked through in pieces", (text) => {
    const line = Buffer.from(longEvent(text))
    const least = Math.floor(line.length / bytesAtATime) - 1
    expect(least).toBeGreaterThan(5)
    expect(pausesOf(salvage(line, 0, line.length))).toBeGreaterThanOrEqual(least)
    expect(pausesOf(read({ line: 1, body: line, start: 0, end: line.length }))).toBeGreaterThan(least)
  })
})
