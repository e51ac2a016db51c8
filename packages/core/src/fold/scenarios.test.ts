/** Whole stories that neighbouring systems got wrong, as far as the fold decides them. */

import type { SessionStatus } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { id, Scenario, strong } from "../../test/Scenario.js"

const [t1, t2, t3] = [strong("t1"), strong("t2"), strong("t3")]
const final = (s: Scenario, itemId: string, turnId: string, text: string, session = "s1") =>
  s.send(
    "item.completed",
    { kind: "agent_message", status: "completed", text },
    { session, native: { turnId, itemId } },
  )

describe("what real sources do", () => {
  it("idle without turn/completed leaves no active turn; the late turn/completed makes the outcome observed", () => {
    const s = new Scenario().start().turn(t1).item("i1", t1).delta("i1", t1, "par").status("ready")
    expect(s.state.thread).toMatchObject({ status: "idle", activeTurnId: null })
    expect(s.turnRow(t1)).toMatchObject({ status: "ended", outcome: "unknown", evidence: "inferred", settled: 0 })
    final(s.delta("i1", t1, "t"), "i1", t1, "part").complete(t1)
    expect(s.turnRow(t1)).toMatchObject({ outcome: "completed", evidence: "observed", settled: 1 })
    expect(s.textOf("i1")).toBe("part")
    expect(s.reasons()).toEqual([])
  })

  it("a retried stream error ends nothing", () => {
    const s = new Scenario().start().turn(t1)
    for (let attempt = 1; attempt <= 5; attempt++) {
      s.send("runtime.error", { message: `Reconnecting... ${attempt}/5`, willRetry: true }, { native: { turnId: t1 } })
    }
    expect(s.session).toMatchObject({ status: "running", lastError: "Reconnecting... 5/5" })
    expect(s.complete(t1).turnRow(t1)).toMatchObject({ outcome: "completed", evidence: "observed", error: null })
  })

  it("the same weak turn id in two sessions makes two turns", () => {
    const s = new Scenario().start().turn("auto-compact-0").complete("auto-compact-0")
    s.start("s2").turn("auto-compact-0", "s2").complete("auto-compact-0", "failed", "s2")
    expect(s.rows.all("turns").map((turn) => [turn.ordinal, turn.outcome])).toEqual([
      [1, "completed"],
      [2, "failed"],
    ])
  })

  it("another thread's events on the connection leave this turn alone", () => {
    const parent = new Scenario(id("parent")).start().turn(t1)
    const child = new Scenario(id("child")).start("c").turn(t1, "c").status("ready", "c").complete(t1, "failed", "c")
    child.send("session.exited", { reason: "unloaded" }, { session: "c" })
    expect(parent.turnRow(t1)?.status).toBe("running")
    expect(child.turnRow(t1)).toMatchObject({ outcome: "failed", evidence: "observed" })
  })
})

describe("hard scenario 1: an inactive session keeps no active turn", () => {
  it.each([
    ["ready", "unknown"],
    ["interrupted", "interrupted"],
    ["stopped", "interrupted"],
    ["error", "failed"],
  ] as const)("%s, then a late turn.completed", (status, outcome) => {
    const s = new Scenario().start().turn(t1).status(status)
    expect(s.turnRow(t1)).toMatchObject({ status: "ended", outcome, evidence: "inferred", cause: `session-${status}` })
    expect(s.session).toMatchObject({ status, activeTurnId: null })
    s.complete(t1)
    expect(s.turnRow(t1)).toMatchObject({ outcome: "completed", evidence: "observed" })
    expect(s.session).toMatchObject({ status, activeTurnId: null })
    expect(s.reasons()).toEqual([])
  })
  it.each<SessionStatus>(["starting", "running"])("control: %s keeps the turn", (status) => {
    expect(new Scenario().start().turn(t1).status(status).state.active?.nativeTurnId).toBe(t1)
  })
})

describe("hard scenario 2: late, duplicate and untargeted endings", () => {
  it("a pending request survives them all, is bound and runs; every one of them can be read", () => {
    const s = new Scenario().start().turn(t1).complete(t1)
    s.send("turn.requested", { text: "r2", handedOver: true }, { channel: "client", native: { callId: "2" } })
    s.send("turn.aborted", {}, { native: { turnId: t1 } }).send("turn.completed", { outcome: "completed" })
    s.send("turn.accepted", {}, { native: { callId: "2", turnId: t2 } })
      .turn(t2)
      .complete(t1)
    s.send("turn.aborted", {}, { native: { turnId: strong("t9") } })
    expect(s.turnRow(t2)).toMatchObject({ status: "running", text: "r2" })
    expect(s.session).toMatchObject({ status: "running", activeTurnId: s.turnRow(t2)?.turnId, pendingTurnId: null })
    expect(s.turnRow(t1)).toMatchObject({ outcome: "completed", evidence: "observed" })
    expect(s.rows.all("anomalies").map((row) => [row.reason, row.count])).toEqual([
      ["turn-terminal-duplicate", 2],
      ["turn-terminal-untargeted", 1],
      ["turn-terminal-unknown", 1],
    ])
  })
})

describe("hard scenario 6: a resume that replays", () => {
  it("usage of the former turn comes again after a resume: no phantom turn, nothing counted twice", () => {
    const used = (s: Scenario, totalTokens: number, turnId: string, session: string) =>
      s.send(
        "thread.token-usage.updated",
        { mode: "cumulative-thread", total: { totalTokens } },
        { session, native: { turnId } },
      )
    const s = used(new Scenario().start().turn(t1), 1000, t1, "s1").complete(t1).start("s2")
    used(s, 1000, t1, "s2")
    used(s, 1000, strong("unknown"), "s2").turn(t2, "s2")
    used(s, 1800, t2, "s2").complete(t2, "completed", "s2")
    expect(s.rows.all("turns").map((turn) => turn.usage?.totalTokens)).toEqual([1000, 800])
    expect(s.rows.all("usage")[0]?.totalTokens).toBe(1800)
  })

  it("items of a former turn that come again make nothing new, and the new answer is its own", () => {
    const s = new Scenario().start().turn(t1)
    final(s.item("i1", t1), "i1", t1, "old").complete(t1).start("s2").item("i1", t1, {}, "s2")
    final(s.delta("i1", t1, "ol", "s2"), "i1", t1, "old", "s2")
    final(s.turn(t2, "s2").item("i2", t2, {}, "s2"), "i2", t2, "new", "s2").complete(t2, "completed", "s2")
    expect(s.rows.all("items").map((item) => item.text)).toEqual(["old", "new"])
    expect(s.rows.all("turns")).toHaveLength(2)
  })
})

describe("hard scenario 7: provider ids reused after a restart", () => {
  it("two turns and two items, the first content untouched, both native sessions on record", () => {
    const s = new Scenario()
    for (const [session, text] of [
      ["s1", "one"],
      ["s2", "two"],
    ] as const) {
      s.send("session.started", { provider: "codex", mode: "managed", nativeSessionId: `n-${session}` }, { session })
      final(s.turn("turn-1", session).item("item-3", "turn-1", {}, session), "item-3", "turn-1", text, session)
      s.complete("turn-1", "completed", session)
    }
    expect(s.rows.all("items").map((item) => [item.nativeItemId, item.text])).toEqual([
      ["item-3", "one"],
      ["item-3", "two"],
    ])
    expect(new Set(s.rows.all("turns").map((turn) => turn.turnId)).size).toBe(2)
    expect(s.rows.all("sessions").map((row) => row.nativeSessionId)).toEqual(["n-s1", "n-s2"])
  })
})

describe("hard scenario 8: sub-agents on one connection", () => {
  it("the parent's turn lives until its own end, children keep their own usage, and reading reopens nothing", () => {
    const parent = new Scenario(id("parent")).start().turn(t1)
    parent.item("spawn", t1, { kind: "subagent", childNativeThreadIds: ["c1"] })
    const child = new Scenario(id("c1"))
      .start("c")
      .send("thread.started", { parentNativeThreadId: "p" }, { session: "c" })
    child
      .turn(t2, "c")
      .send(
        "thread.token-usage.updated",
        { mode: "cumulative-thread", total: { totalTokens: 70 } },
        { session: "c", native: { turnId: t2 } },
      )
    final(child.item("i", t2, {}, "c"), "i", t2, "found it", "c").complete(t2, "completed", "c")
    expect(parent.state.active?.nativeTurnId).toBe(t1)
    parent.send(
      "item.completed",
      { kind: "subagent", status: "completed" },
      { native: { turnId: t1, itemId: "spawn" } },
    )
    final(parent.item("answer", t1), "answer", t1, "done").complete(t1)
    parent.send("item.started", { kind: "subagent", title: "read" }, { native: { turnId: t1, itemId: "read" } })
    expect(parent.state.thread).toMatchObject({ status: "working", activeTurnId: null })
    parent.send("item.completed", { kind: "subagent", status: "completed" }, { native: { turnId: t1, itemId: "read" } })
    expect(parent.state.thread).toMatchObject({ status: "idle" })
    expect(parent.turnRow(t1)).toMatchObject({ status: "ended", usage: null })
    expect(parent.textOf("answer")).toBe("done")
    expect(child.rows.all("threads")[0]).toMatchObject({ parentNativeThreadId: "p", status: "idle" })
    expect(child.rows.all("usage")[0]?.totalTokens).toBe(70)
    expect(parent.reasons()).toEqual(["item-after-turn-end"])
  })

  it("a third thread's turn of the same id belongs to that thread only", () => {
    const a = new Scenario(id("a")).start().turn(t3)
    const b = new Scenario(id("b")).start("b").turn(t3, "b").complete(t3, "completed", "b")
    expect([a.turnRow(t3)?.status, b.turnRow(t3)?.status]).toEqual(["running", "ended"])
  })
})
