import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import { SseDecoder } from "./SseDecoder.js"

const text = [
  "retry: 1500\n\n",
  ": head=3\n\n",
  'id: log.1\nevent: turn.started\ndata: {"a":1}\n\n',
  "id: log.2\r\nevent: synced\r\ndata: {}\r\n\r\n",
  "data:first\ndata: second\n\n",
  "event: nothing\n\n",
  "data\n\n",
].join("")

const expected = [
  { id: "log.1", event: "turn.started", data: '{"a":1}' },
  { id: "log.2", event: "synced", data: "{}" },
  { id: "log.2", event: "message", data: "first\nsecond" },
  { id: "log.2", event: "message", data: "" },
]

describe("SseDecoder", () => {
  it("reads fields, comments, line ends of every kind, and keeps the last id", () => {
    const decoder = new SseDecoder()
    expect(decoder.push(text)).toEqual(expected)
    expect(decoder.retryMs).toBe(1500)
  })

  it("reads the same events wherever the text is cut", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: text.length }), { maxLength: 20 }), (cuts) => {
        const decoder = new SseDecoder()
        const places = [0, ...[...cuts].sort((a, b) => a - b), text.length]
        const events = places.flatMap((place, index) =>
          index === 0 ? [] : decoder.push(text.slice(places[index - 1], place)),
        )
        expect(events).toEqual(expected)
      }),
    )
  })

  it("reads no event that is longer than it may be, in one line or in many, and nothing after it", () => {
    const bound = 100
    const events = (pieces: readonly string[]) => {
      const decoder = new SseDecoder(bound)
      return [pieces.flatMap((piece) => decoder.push(piece)).length, decoder.tooLong]
    }
    const short = `data: ${"x".repeat(50)}\n\n`
    expect(events([short, short, short])).toEqual([3, false])
    expect(events([short, `data: ${"x".repeat(120)}`, "\n\n", short])).toEqual([1, true])
    expect(events(Array.from({ length: 20 }, () => `data: ${"x".repeat(20)}\n`))).toEqual([0, true])
  })
})
