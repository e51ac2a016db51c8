import { describe, expect, it } from "vitest"
import { AudioBacklog } from "./AudioBacklog.js"

const piece = (data: string) => ({ threadId: "t", realtimeId: "r", data, sampleRate: 24_000, channels: 1 })

const taken = (backlog: AudioBacklog, maxBytes = 1_000_000): readonly unknown[] =>
  backlog.take(maxBytes).map((frame) => {
    const [event, data] = String(frame).split("\n")
    expect(event).toBe("event: audio")
    return JSON.parse(data?.slice("data: ".length) ?? "")
  })

describe("audio that waits for a reader", () => {
  it("is given in order, and says how much was missed", () => {
    const backlog = new AudioBacklog(10)
    expect([backlog.isEmpty, taken(backlog)]).toEqual([true, []])
    for (const data of ["AAAA", "BBBB", "CCCC"]) backlog.push(piece(data))
    expect(taken(backlog)).toEqual([
      { ...piece("BBBB"), missed: 1 },
      { ...piece("CCCC"), missed: 0 },
    ])
    backlog.push(piece("DDDD"))
    expect(taken(backlog)).toEqual([{ ...piece("DDDD"), missed: 0 }])
  })

  it("is bounded in pieces, and a piece over the bound is missed alone", () => {
    const backlog = new AudioBacklog(4_000)
    for (let index = 0; index < 2_000; index += 1) backlog.push(piece("A"))
    expect(taken(backlog)).toHaveLength(512)
    backlog.push(piece("A".repeat(4_001)))
    backlog.push(piece("B"))
    expect(taken(backlog)).toEqual([{ ...piece("B"), missed: 1 }])
  })

  it("fills one write and no more", () => {
    const backlog = new AudioBacklog(100_000)
    for (let index = 0; index < 10; index += 1) backlog.push(piece("A".repeat(1_000)))
    expect(taken(backlog, 3_000)).toHaveLength(3)
    expect(backlog.isEmpty).toBe(false)
  })
})
