import { createHash } from "node:crypto"
import { describe, expect, it } from "vitest"
import { responsesReader } from "./ResponsesReader.js"
import { maxFrameBytes } from "./Signal.js"
import { frameOfMessage, requestInMessage, streamOfMessage } from "./socketMessages.js"

const bytes = (value: unknown): Buffer => Buffer.from(typeof value === "string" ? value : JSON.stringify(value))

describe("messages of an agent", () => {
  it.each([
    ["a request", { type: "response.create", model: "m" }, { model: "m", generates: true, streamId: null, names: {} }],
    ["its type last", { model: "m", type: "response.create" }, { model: "m", generates: true }],
    ["a warm-up", { type: "response.create", generate: false }, { model: null, generates: false }],
    ["a stream", { type: "response.create", stream_id: "s" }, { streamId: "s" }],
    [
      "names",
      { type: "response.create", client_metadata: { turn_id: "t", count: 1, thread_id: "x" } },
      { names: { turn_id: "t", thread_id: "x" } },
    ],
  ])("%s", (_, message, request) => {
    expect(requestInMessage(bytes(message))).toMatchObject(request)
  })

  it.each([
    ["another type", { type: "response.cancel" }],
    ["no type", { model: "m" }],
    ["no JSON", '{"type":"response.create"'],
    ["a list", [{ type: "response.create" }]],
    ["nothing", ""],
  ])("%s asks for no answer", (_, message) => {
    expect(requestInMessage(bytes(message))).toBeNull()
  })

  it("a long one is known by its beginning", () => {
    const long = { type: "response.create", model: "m", input: "x".repeat(maxFrameBytes) }
    expect(requestInMessage(bytes(long))).toMatchObject({ model: "m", generates: true })
    expect(requestInMessage(bytes(Object.fromEntries([["input", long.input], ...Object.entries(long)])))).toBeNull()
  })
})

describe("messages of a model", () => {
  const reader = responsesReader()

  it("are read where the reader wants them, or where their type does not come first", () => {
    expect(frameOfMessage(bytes({ type: "response.output_text.delta", delta: "x" }), reader)).toBeNull()
    const done = { type: "response.output_item.done", item: { id: "i" } }
    expect(frameOfMessage(bytes(done), reader)).toEqual({ event: done.type, data: JSON.stringify(done) })
    const turned = { item: { id: "i" }, type: "response.output_item.done" }
    const frame = frameOfMessage(bytes(turned), reader)
    expect(frame === null ? [] : reader.frame(frame)).toMatchObject([{ type: "item" }])
  })

  it("a long one is its beginning, its size and its digest", () => {
    const long = bytes({ type: "response.output_item.done", item: { result: "x".repeat(maxFrameBytes) } })
    const frame = frameOfMessage(long, reader)
    const sha256 = createHash("sha256").update(long).digest("hex")
    expect(frame).toMatchObject({ event: "response.output_item.done", truncated: { bytes: long.length, sha256 } })
    expect(frame?.data.length).toBeLessThan(20_000)
  })

  it("name their stream, or none", () => {
    expect([{ stream_id: "s" }, { type: "x" }, "no"].map((one) => streamOfMessage(bytes(one)))).toEqual([
      "s",
      null,
      null,
    ])
  })
})
