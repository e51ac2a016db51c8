import { describe, expect, it } from "@effect/vitest"
import fc from "fast-check"
import { SseParser } from "./SseParser.js"

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

describe("SseParser", () => {
  it("reads fields, comments, line ends of every kind, and keeps the last id", () => {
    const parser = new SseParser()
    expect(parser.push(text)).toEqual(expected)
    expect(parser.retryMs).toBe(1500)
  })

  it("reads the same events wherever the text is cut", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: text.length }), { maxLength: 20 }), (cuts) => {
        const parser = new SseParser()
        const places = [0, ...[...cuts].sort((a, b) => a - b), text.length]
        const events = places.flatMap((place, index) =>
          index === 0 ? [] : parser.push(text.slice(places[index - 1], place)),
        )
        expect(events).toEqual(expected)
      }),
    )
  })
})
