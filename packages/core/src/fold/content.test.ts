import { describe, expect, it } from "vitest"
import { id, Scenario, strong } from "../../test/Scenario.js"

const t1 = strong("t1")
const t2 = strong("t2")
const native = (itemId: string, turnId: string | undefined = t1) => ({
  native: turnId === undefined ? { itemId } : { turnId, itemId },
})
const whole = (s: Scenario, itemId: string, text: string | null, turnId: string | undefined = t1, session = "s1") =>
  s.send("item.completed", { kind: "agent_message", status: "completed", text }, { ...native(itemId, turnId), session })
const streamed = (s: Scenario, itemId: string, delta: string, turnId: string | undefined = t1, session = "s1") =>
  s.send("content.delta", { kind: "agent_message", stream: "text", delta }, { ...native(itemId, turnId), session })
const started = (s: Scenario, itemId: string, more: object = {}, turnId = t1) =>
  s.send("item.started", { kind: "agent_message", ...more }, native(itemId, turnId))

describe("rule 5: content that stands by itself", () => {
  it("a whole item makes its row in its turn, ended at once", () => {
    const s = whole(new Scenario().start().turn(t1), "m1", "The whole answer.")
    expect(s.itemRow("m1")).toMatchObject({ status: "completed", evidence: "observed", hasFinal: 1, startedAt: null })
    expect(s.itemRow("m1")?.turnId).toBe(s.turnRow(t1)?.turnId)
    expect(s.textOf("m1")).toBe("The whole answer.")
    expect(s.turnRow(t1)?.items).toBe(1)
    expect(s.reasons()).toEqual([])
  })

  it("a delta that tells the kind opens its item; what follows belongs to it", () => {
    const s = streamed(new Scenario().start().turn(t1), "m1", "Hel").delta("m1", t1, "lo")
    expect(s.itemRow("m1")).toMatchObject({ status: "open", kind: "agent_message" })
    expect(s.textOf("m1")).toBe("Hello")
    whole(s, "m1", "Hello, world")
    expect(s.itemRow("m1")).toMatchObject({ status: "completed", hasFinal: 1, chunks: 0 })
    expect(s.reasons()).toEqual([])
  })

  it("a delta of a stream that the kind does not show opens its item without text", () => {
    const s = new Scenario().start().turn(t1)
    s.send("content.delta", { kind: "reasoning", stream: "reasoning", delta: "hm" }, native("r1"))
    expect(s.itemRow("r1")).toMatchObject({ status: "open", kind: "reasoning", chunks: 0 })
  })

  it("a later start fills what the row lacks, keeps status and text, and is no anomaly", () => {
    const s = streamed(whole(new Scenario().start().turn(t1), "m1", "all"), "m2", "so far")
    for (const item of ["m1", "m2"]) started(s, item, { title: "T", nativeKind: "agentMessage", text: "other" })
    expect(s.itemRow("m1")).toMatchObject({ status: "completed", title: "T", nativeKind: "agentMessage" })
    expect(s.itemRow("m2")).toMatchObject({ status: "open", title: "T", nativeKind: "agentMessage" })
    expect([s.textOf("m1"), s.textOf("m2")]).toEqual(["all", "so far"])
    expect(s.itemRow("m1")?.startedAt).not.toBeNull()
    expect(s.reasons()).toEqual([])
    started(s, "m1")
    expect(s.reasons()).toEqual(["item-duplicate"])
  })

  it("a start's text stands where the content brought none", () => {
    const s = whole(new Scenario().start().turn(t1), "m1", null)
    started(s, "m1", { text: "what it began with" })
    expect(s.textOf("m1")).toBe("what it began with")
    expect(s.itemRow("m1")?.status).toBe("completed")
  })

  it("a delta of an unknown native turn opens the turn, running", () => {
    const s = streamed(new Scenario().start(), "m1", "hi")
    expect(s.turnRow(t1)).toMatchObject({ status: "running", origin: "provider" })
    expect(s.state.session).toMatchObject({ status: "running", activeTurnId: s.turnRow(t1)?.turnId })
    s.complete(t1)
    expect(s.turnRow(t1)).toMatchObject({ outcome: "completed", evidence: "observed" })
    expect(s.reasons()).toEqual([])
  })

  it("a whole item of an unknown native turn makes it ended unknown, inferred; its own end corrects that", () => {
    const s = whole(new Scenario().start(), "m1", "old")
    expect(s.turnRow(t1)).toMatchObject({
      status: "ended",
      outcome: "unknown",
      evidence: "inferred",
      origin: "provider",
    })
    expect(s.textOf("m1")).toBe("old")
    expect(s.state.session?.status).toBe("ready")
    s.complete(t1)
    expect(s.turnRow(t1)).toMatchObject({ outcome: "completed", evidence: "observed" })
    expect(s.rows.all("turns")).toHaveLength(1)
    expect(s.reasons()).toEqual([])
  })

  it("in a session that is reported as running, without a turn, a whole item opens the turn", () => {
    const s = whole(new Scenario().start().status("running"), "m1", "now")
    expect(s.turnRow(t1)?.status).toBe("running")
  })

  it("while another turn runs, a whole item of an unknown one changes nothing of that", () => {
    const s = whole(new Scenario().start().turn(t2), "m1", "old")
    expect(s.turnRow(t1)).toMatchObject({ status: "ended", outcome: "unknown" })
    expect(s.state.active?.nativeTurnId).toBe(t2)
    expect(s.textOf("m1")).toBe("old")
    streamed(s, "m9", "x", strong("t9"))
    expect(s.turnRow(strong("t9"))).toBeUndefined()
    expect(s.reasons()).toEqual(["turn-conflict", "item-without-turn"])
  })

  it("a turn that we asked for runs from the first word of its content", () => {
    const s = new Scenario().start()
    s.send("turn.requested", { handedOver: true }, { channel: "client", native: { callId: "1" } })
    s.send("turn.accepted", {}, { native: { callId: "1", turnId: t1 } })
    whole(s, "m1", "first")
    expect(s.turnRow(t1)).toMatchObject({ status: "running", origin: "client" })
    expect(s.rows.all("turns")).toHaveLength(1)
  })

  it("a tombstoned turn stays closed", () => {
    const s = new Scenario().start().complete(t1)
    whole(streamed(s, "m1", "x"), "m2", "y")
    expect(s.rows.all("turns")).toEqual([])
    expect(s.rows.all("items")).toEqual([])
    expect(new Set(s.reasons())).toEqual(new Set(["turn-terminal-unknown", "item-unknown"]))
  })

  it("content of a stale or an ended session makes nothing and leaves an anomaly", () => {
    const s = new Scenario().start().turn(t1).start("s2")
    whole(streamed(s, "m1", "x"), "m2", "y", t2)
    expect(s.rows.all("items")).toEqual([])
    expect(s.turnRow(t2)).toBeUndefined()
    expect(s.reasons()).toContain("item-unknown")
    const gone = new Scenario().start().turn(t1).send("session.exited", { reason: "exit", code: 0 })
    whole(streamed(gone, "m1", "x"), "m2", "y", t2)
    expect(gone.rows.all("items")).toEqual([])
    expect(gone.reasons()).toContain("item-unknown")
  })

  it("without a turn a native id matches inside its session before it makes an item", () => {
    const s = new Scenario().start()
    s.send("item.started", { kind: "tool_call" }, { native: { itemId: "call-1" } })
    s.send("item.completed", { kind: "tool_call", status: "completed" }, { native: { itemId: "call-1" } })
    s.send("item.completed", { kind: "tool_call", status: "failed" }, { native: { itemId: "call-2" } })
    expect(s.rows.all("items").map(({ nativeItemId, status }) => [nativeItemId, status])).toEqual([
      ["call-1", "completed"],
      ["call-2", "failed"],
    ])
    expect(s.reasons()).toEqual([])
  })

  it("a whole item without any name is an orphan", () => {
    const s = new Scenario().start().turn(t1)
    s.send("item.completed", { kind: "agent_message", status: "completed", text: "x" }, { native: { turnId: t1 } })
    expect(s.rows.all("items")).toEqual([])
    expect(s.reasons()).toEqual(["item-unknown"])
  })

  it("late content of a provisionally ended turn is closed from its first moment, and its own end counts", () => {
    const s = streamed(new Scenario().start().turn(t1).status("ready"), "m1", "late")
    expect(s.itemRow("m1")).toMatchObject({ status: "interrupted", evidence: "inferred", afterEnd: 0 })
    expect(s.state.thread?.status).toBe("idle")
    whole(s, "m1", "late, whole")
    expect(s.itemRow("m1")).toMatchObject({ status: "completed", evidence: "observed" })
    expect(s.reasons()).toEqual([])
  })

  it("content of a turn that is over belongs to the living session that reports it", () => {
    const s = new Scenario().start().turn(t1).complete(t1).start("s2")
    whole(s, "m1", "again", t1, "s2")
    expect(s.itemRow("m1")).toMatchObject({ sessionId: id("session s2"), afterEnd: 1 })
  })
})
