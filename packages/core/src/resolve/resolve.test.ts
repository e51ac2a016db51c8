import { uuidV7Pattern } from "@threadfold/contracts"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { digest, id, Scenario, strong } from "../../test/Scenario.js"
import { initialState, mintId } from "../index.js"
import { noRows } from "../RowSource.js"
import { findNativeInSession, findNativeItem, findNativeTurn } from "./lookup.js"

const t1 = strong("t1")
const last = (s: Scenario) => s.log.at(-1)

describe("minting", () => {
  it("always makes a UUIDv7 with the time in front, equal for equal input", () => {
    fc.assert(
      fc.property(fc.double(), fc.string(), (at, unique) => {
        expect(mintId(digest, at, unique)).toMatch(uuidV7Pattern)
        expect(mintId(digest, at, unique)).toBe(mintId(digest, at, unique))
      }),
    )
    expect(mintId(digest, 0x0123456789ab, "a").slice(0, 13)).toBe("01234567-89ab")
    expect(mintId(digest, 1, "a")).not.toBe(mintId(digest, 1, "b"))
  })
})

describe("resolve", () => {
  it("reading the same events twice gives the same ids", () => {
    const run = () =>
      new Scenario()
        .start()
        .turn(t1)
        .item("i1", t1)
        .log.map((event) => [event.turnId, event.itemId])
    expect(run()).toEqual(run())
  })

  it("only opening events mint; everything else looks up, and an unknown native id stays an orphan", () => {
    const s = new Scenario().start()
    for (const type of ["turn.completed", "turn.diff.updated", "content.delta", "request.resolved", "task.progress"]) {
      s.sendRaw(type, {}, { native: { turnId: t1, itemId: "i", requestId: "0", taskId: "t" } })
      expect(last(s)).toMatchObject({ turnId: null, itemId: null, requestId: null, taskId: null })
    }
    s.turn(strong("t2"))
    expect(last(s)?.turnId).toMatch(uuidV7Pattern)
  })

  it("no id is never the current one", () => {
    const s = new Scenario().start().turn(t1).send("turn.completed", { outcome: "completed" })
    expect(last(s)?.turnId).toBeNull()
  })

  it("a strong turn id is found in any session of the thread, a weak one in its own only", () => {
    const s = new Scenario().start().turn(t1).complete(t1).turn("turn-1").complete("turn-1").start("s2")
    s.complete(t1, "completed", "s2")
    expect(last(s)?.turnId).toBe(s.turnRow(t1)?.turnId)
    s.complete("turn-1", "completed", "s2")
    expect(last(s)?.turnId).toBeNull()
  })

  it("an item.started opens a turn without a start, but not one whose end was seen", () => {
    const s = new Scenario().start().complete(t1).item("i1", t1)
    expect(last(s)?.turnId).toBeNull()
    expect(s.rows.all("turns")).toEqual([])
    expect(s.item("i1", strong("t2")).turnRow(strong("t2"))?.origin).toBe("synthetic")
  })

  it("a weak tombstone is good in its own session only", () => {
    const s = new Scenario().start().complete("turn-1").turn("turn-1").start("s2").turn("turn-1", "s2")
    expect(s.rows.all("turns")).toMatchObject([{ sessionId: id("session s2") }])
    expect(s.reasons()).toEqual(["turn-terminal-unknown", "turn-start-after-terminal"])
  })

  it("the answer of our call finds the turn that the call requested, in its session only", () => {
    const s = new Scenario().start()
    s.send("turn.requested", { handedOver: true }, { channel: "client", native: { callId: "0" } })
    const turnId = last(s)?.turnId
    s.send("turn.accepted", {}, { native: { turnId: t1 } }).send(
      "turn.accepted",
      {},
      { native: { turnId: t1, callId: '"0"' } },
    )
    expect(s.reasons()).toEqual(["turn-accept-unmatched"])
    s.send("turn.accepted", {}, { native: { turnId: t1, callId: "0" } })
    expect(last(s)?.turnId).toBe(turnId)
  })

  it("an inference without a name is never found, and each start opens another one", () => {
    const s = new Scenario().start().send("inference.started", {}).send("inference.started", {})
    expect(new Set(s.rows.all("inferences").map((row) => row.inferenceId)).size).toBe(2)
    s.send("inference.item", { key: "#0" })
    expect(last(s)?.inferenceId).toBeNull()
  })

  it("voice events name the live run, a start the oldest pending one, an error the start of its call", () => {
    const s = new Scenario().start()
    const ask = (callId: string) =>
      s.send("realtime.start-requested", {}, { channel: "client", native: { callId } }).log.at(-1)?.realtimeId
    const [first, second, third] = [ask("1"), ask("2"), ask("3")]
    s.send("realtime.error", { message: "x" }, { native: { callId: "2" } })
    expect(last(s)?.realtimeId).toBe(second)
    s.send("realtime.started", {})
    expect(last(s)?.realtimeId).toBe(first)
    s.send("realtime.item-added", {})
    expect(last(s)?.realtimeId).toBe(first)
    s.send("realtime.error", { message: "x" })
    expect(last(s)?.realtimeId).toBe(third)
  })
})

describe("look-ups", () => {
  it("an event without a session names no weak thing", () => {
    const state = initialState(id("thread"))
    expect(findNativeTurn(state, noRows, "turn-1", null)).toBeNull()
    expect(findNativeItem(state, noRows, "item-1", null, null)).toBeNull()
    expect(findNativeInSession(noRows, "requests", "0", null)).toBeNull()
    expect(findNativeInSession(noRows, "requests", undefined, id("s"))).toBeNull()
  })
})
