import { EventEnvelope } from "@threadfold/contracts"
import { Schema } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { decodeRow, type EventRow, encodeEnvelopeJson } from "./index.js"
import { sampleRow } from "./testing/samples.js"

const text = fc.string({ unit: "binary", maxLength: 12 })
const textOrNull = fc.option(text)
const rows: fc.Arbitrary<EventRow> = fc.record({
  sequence: fc.nat(),
  streamId: text,
  streamVersion: fc.nat(),
  eventId: text,
  type: text,
  v: fc.nat(9),
  sessionId: textOrNull,
  channel: textOrNull,
  seq: fc.option(fc.nat()),
  at: fc.double({ min: 0, max: 2e12, noNaN: true }),
  recordedAt: fc.nat(),
  actor: fc.constantFrom("provider", "client", "orchestrator", "reaper", "import"),
  commandId: textOrNull,
  causationId: textOrNull,
  correlationId: textOrNull,
  turnId: textOrNull,
  itemId: textOrNull,
  requestId: textOrNull,
  inferenceId: textOrNull,
  realtimeId: textOrNull,
  delegationId: textOrNull,
  taskId: textOrNull,
  native: fc.option(fc.record({ threadId: text, requestId: text }).map((native) => JSON.stringify(native))),
  payload: fc.json(),
})

describe("a readable row", () => {
  it("is one envelope, parsed or as public JSON", () => {
    const isEnvelope = Schema.is(EventEnvelope)
    fc.assert(
      fc.property(rows, (row) => {
        const envelope = decodeRow(row)
        const json = encodeEnvelopeJson(row)
        expect(json).not.toMatch(/[\n\r]/)
        // Through JSON on both sides: the text has no -0.
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(envelope)))
        expect(Object.keys(JSON.parse(json))).toEqual(Object.keys(EventEnvelope.fields))
        expect(isEnvelope(envelope)).toBe(true)
        expect(envelope.unreadable).toBeUndefined()
      }),
    )
  })

  it("quotes what JSON does not take as it is", () => {
    for (const turnId of ['"', "\\", 'a"b', "line\nbreak", "\u2028", "\ud800", "ü"]) {
      expect(JSON.parse(encodeEnvelopeJson(sampleRow(1, { turnId, streamId: turnId })))).toMatchObject({ turnId })
    }
  })

  it("keeps the payload's text as it was stored", () => {
    const payload = '{"n":1.0,"big":12345678901234567890,"b":1,"a":2}'
    expect(encodeEnvelopeJson(sampleRow(1, { payload }))).toContain(payload)
  })
})

describe("a damaged row", () => {
  const payload = '{"text":"hello"}'

  it("comes out marked, with a null payload, wherever it was cut", () => {
    for (let length = 0; length < payload.length; length++) {
      const row = sampleRow(1, { payload: payload.slice(0, length) })
      expect(decodeRow(row)).toMatchObject({ sequence: 1, type: "content.delta", payload: null, unreadable: true })
      expect(JSON.parse(encodeEnvelopeJson(row))).toMatchObject({ sequence: 1, payload: null, unreadable: true })
    }
  })

  it("is not applied for damaged or strange native ids either, and still shows the rest", () => {
    for (const native of ["{", "[]", "7"]) {
      expect(decodeRow(sampleRow(1, { native }))).toMatchObject({ native: null, payload: null, unreadable: true })
    }
    const json: unknown = JSON.parse(encodeEnvelopeJson(sampleRow(1, { native: "{", payload })))
    expect(json).toMatchObject({ native: null, payload: { text: "hello" }, unreadable: true })
  })

  it("is not applied for an actor of a newer version, which the JSON names", () => {
    const row = sampleRow(1, { actor: "supervisor" })
    expect(decodeRow(row)).toMatchObject({ payload: null, unreadable: true })
    expect(JSON.parse(encodeEnvelopeJson(row))).toMatchObject({ actor: "supervisor" })
  })
})
