import type { MessagePart } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { blobsOfEvent, messageOf } from "./parts.js"

const [a, b] = ["a".repeat(64), "b".repeat(64)]
const image: MessagePart = { type: "image", hash: a, mediaType: "image/png", size: 3 }

describe("a message of parts", () => {
  it("is the text alone where one text is all of it", () => {
    expect(messageOf([{ type: "text", text: "hello" }])).toEqual({ text: "hello", parts: null })
  })

  it("has the texts and the slash command as its text, and all parts beside it", () => {
    const parts: readonly MessagePart[] = [
      { type: "command", name: "review", arguments: "main" },
      image,
      { type: "text", text: "one" },
      { type: "skill", name: "pdf" },
      { type: "text", text: "two" },
    ]
    expect(messageOf(parts)).toEqual({ text: "/review main\n\none\n\ntwo", parts })
  })

  it("keeps all parts where a text is only one of them", () => {
    const parts: readonly MessagePart[] = [{ type: "text", text: "look" }, image]
    expect(messageOf(parts)).toEqual({ text: "look", parts })
    const texts: readonly MessagePart[] = [
      { type: "text", text: "one" },
      { type: "text", text: "two" },
    ]
    expect(messageOf(texts)).toEqual({ text: "one\n\ntwo", parts: texts })
    expect(messageOf([])).toEqual({ text: "", parts: [] })
  })

  it("has no text where none of its parts has", () => {
    expect(messageOf([image])).toEqual({ text: "", parts: [image] })
    expect(messageOf([{ type: "command", name: "compact" }]).text).toBe("/compact")
    expect(messageOf([{ type: "command", name: "compact", arguments: null }]).text).toBe("/compact")
  })
})

describe("the blobs of an event", () => {
  const file: MessagePart = { type: "file", path: "a.txt", size: 1, hash: b }
  const payload = {
    text: "",
    parts: [image, file, { type: "file", path: "long", size: 9 }, { type: "directory", path: "." }],
  }

  it("are those of a message that was sent or queued", () => {
    expect(blobsOfEvent("turn.requested", payload)).toEqual([a, b])
    expect(blobsOfEvent("message.queued", { messageId: "m", ...payload })).toEqual([a, b])
  })

  it("are none of any other event, nor of a payload that is not what its type says", () => {
    expect(blobsOfEvent("turn.started", payload)).toEqual([])
    expect(blobsOfEvent("turn.requested", { text: "plain" })).toEqual([])
    expect(blobsOfEvent("turn.requested", { text: "plain", parts: null })).toEqual([])
    expect(blobsOfEvent("turn.requested", { text: "", parts: [{ type: "image", hash: 1 }] })).toEqual([])
    expect(blobsOfEvent("turn.requested", null)).toEqual([])
  })
})
