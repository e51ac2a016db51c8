import { createHash } from "node:crypto"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { SseFrames } from "./SseFrames.js"

const all = (): boolean => true
const bytes = (text: string): Buffer => Buffer.from(text, "utf8")

/** What is found in a stream that comes in these pieces, and the streams bytes up to where each event ends. */
const read = (pieces: readonly Uint8Array[], frames = new SseFrames(all)) => {
  const found: { event: string; data: string; end: number }[] = []
  let before = 0
  for (const piece of pieces) {
    for (const { end, frame } of frames.push(piece)) {
      found.push({ event: frame.event, data: frame.data, end: before + end })
    }
    before += piece.length
  }
  return found
}

const cutAt = (whole: Buffer, places: readonly number[]): Buffer[] => {
  const at = [...new Set(places.map((place) => place % (whole.length + 1)))].sort((one, other) => one - other)
  return [...at, whole.length].map((end, index) => whole.subarray(index === 0 ? 0 : at[index - 1], end))
}

const lineEnd = fc.constantFrom("\n", "\r\n", "\r")
const word = fc.string({ unit: fc.constantFrom("a", "é", "😀", " ", "{", '"', ":"), maxLength: 12 })

describe("the cutting of an event stream", () => {
  it("finds every event whatever pieces the stream comes in, and where it ends", () => {
    const event = fc.record({
      name: fc.stringMatching(/^[a-z.]{1,8}$/),
      data: fc.array(word, { minLength: 1, maxLength: 3 }),
    })
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 6 }),
        lineEnd,
        fc.array(fc.nat(), { maxLength: 20 }),
        (events, eol, places) => {
          const texts = events.map(({ data, name }) =>
            [`event: ${name}`, ...data.map((line) => `data: ${line}`), "", ""].join(eol),
          )
          const whole = bytes([`: a comment${eol}${eol}`, ...texts].join(""))
          const found = read(cutAt(whole, places))
          expect(found.map(({ data, event }) => ({ event, data }))).toEqual(
            events.map(({ data, name }) => ({ event: name, data: data.join("\n") })),
          )
          // An event ends with its empty line. The second half of a line's end may come with the next piece.
          let at = bytes(`: a comment${eol}${eol}`).length
          for (const [index, text] of texts.entries()) {
            at += bytes(text).length
            expect(at - (found[index]?.end ?? Number.NaN)).toBeLessThanOrEqual(eol === "\r\n" ? 1 : 0)
          }
        },
      ),
    )
  })

  it("says where an event begins in its piece: 0 where it began before", () => {
    const frames = new SseFrames(all)
    expect(frames.push(bytes("data: a\n\ndata: b"))).toMatchObject([{ start: 0, end: 9 }])
    expect(frames.push(bytes("c\n\ndata: d\n\n"))).toMatchObject([
      { start: 0, end: 3, frame: { data: "bc" } },
      { start: 3, end: 12, frame: { data: "d" } },
    ])
  })

  it("decodes no event that no reader wants", () => {
    const frames = new SseFrames((event) => event === "wanted")
    const found = frames.push(bytes("event: other\ndata: 1\n\nevent: wanted\ndata: 2\n\ndata: 3\n\n"))
    expect(found.map(({ frame }) => frame.data)).toEqual(["2", "3"])
  })

  it("knows the name of an event whatever its lines end with", () => {
    for (const eol of ["\n", "\r\n", "\r"]) {
      const frames = new SseFrames((event) => event === "wanted")
      const events = ["other", "wanted"].map((name) => `event: ${name}${eol}data: 1${eol}${eol}`)
      expect(frames.push(bytes(events.join(""))).map(({ frame }) => frame.event)).toEqual(["wanted"])
    }
  })

  it("goes by the type that the data begins with, where no name comes first", () => {
    const frames = new SseFrames((event) => event === "wanted")
    const found = frames.push(
      bytes(
        'data: {"type":"other"}\n\ndata:{"type": "wanted"}\n\ndata: {"a":1,"type":"other"}\n\ndata: {"type":"o\\u0074her"}\n\n',
      ),
    )
    expect(found.map(({ frame }) => frame.data)).toEqual([
      '{"type": "wanted"}',
      '{"a":1,"type":"other"}',
      '{"type":"o\\u0074her"}',
    ])
  })

  it("keeps of a long event the beginning, its size and its digest", () => {
    const whole = bytes(`event: long\ndata: ${"x".repeat(1_000)}\n\n`)
    const sha256 = createHash("sha256").update(whole).digest("hex")
    for (const places of [[], [5, 60, 61, 500], [whole.length - 1]]) {
      const frames = new SseFrames(all, 64)
      const [cut] = cutAt(whole, places).flatMap((piece) => frames.push(piece))
      expect(cut?.frame).toMatchObject({ event: "long", truncated: { bytes: whole.length, sha256 } })
      expect(cut?.frame?.data).toBe("x".repeat(64 - "event: long\ndata: ".length))
      // What follows is whole again.
      expect(frames.push(bytes("data: y\n\n"))).toMatchObject([{ frame: { data: "y" } }])
    }
  })
})
