import type { MessagePart } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { type CommandScenario, created, live } from "../../test/CommandScenario.js"
import { strong } from "../../test/Scenario.js"

const t1 = strong("t1")
const hash = "a".repeat(64)
const parts: readonly MessagePart[] = [
  { type: "text", text: "look" },
  { type: "image", hash, mediaType: "image/png", size: 3 },
]
const send = (c: CommandScenario, mode = "queue") => c.run({ type: "message.send", text: "look", parts, mode })

/** A turn of ours runs, and the blob is stored. */
const running = () => {
  const c = live()
  c.blobs.add(hash)
  const { turnId } = c.run({ type: "message.send", text: "first" })
  c.outcome("effect.delivered", "turn.start", turnId)
  c.s.send("turn.accepted", {}, { ids: { turnId }, native: { turnId: t1 } })
  c.s.send("turn.started", {}, { native: { turnId: t1 } })
  return c
}

describe("message.send with parts", () => {
  it("brings them to the turn, its row and its effect", () => {
    const c = created()
    c.blobs.add(hash)
    const { turnId } = send(c)
    expect(c.s.rows.find("turns", "key", [turnId])).toMatchObject({ text: "look", parts })
    expect(c.effects.at(-1)).toEqual({ kind: "turn.start", turnId, payload: { text: "look", parts, settings: null } })
  })

  it("keeps them in the queue, and brings them to the turn that follows", () => {
    const c = running()
    const { messageId } = send(c)
    expect(c.s.rows.find("queue", "key", [messageId])).toMatchObject({ text: "look", parts })
    c.s.complete(t1)
    const { turnId } = c.run({ type: "queue.drain" })
    expect(c.s.rows.find("turns", "key", [turnId])).toMatchObject({ text: "look", parts, origin: "queue" })
    expect(c.effects.at(-1)).toMatchObject({ kind: "turn.start", payload: { text: "look", parts } })
  })

  it("steers with them", () => {
    const c = running()
    const { messageId } = send(c, "steer")
    expect(c.effects.at(-1)).toMatchObject({ kind: "turn.steer", messageId, payload: { text: "look", parts } })
  })

  it("is refused where a blob is not stored, and where it says nothing", () => {
    const c = live()
    expect(send(c)).toMatchObject({ refused: "blob-not-found", events: [], effects: [] })
    expect(c.run({ type: "message.send", text: "" }).refused).toBe("invalid-request")
    expect(c.run({ type: "message.send", text: "", parts: [] }).refused).toBe("invalid-request")
    c.blobs.add(hash)
    expect(c.run({ type: "message.send", text: "", parts: parts.slice(1) }).refused).toBeNull()
  })
})
