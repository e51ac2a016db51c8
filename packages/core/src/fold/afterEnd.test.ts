import { describe, expect, it } from "vitest"
import { Scenario, strong } from "../../test/Scenario.js"

const t1 = strong("t1")
const t2 = strong("t2")
const native = (itemId: string, turnId = t1) => ({ native: { turnId, itemId } })
const done = (s: Scenario, itemId: string, text: string) =>
  s.send("item.completed", { kind: "agent_message", status: "completed", text }, native(itemId))
const over = () => new Scenario().start().turn(t1).complete(t1)
const working = () => over().item("m2", t1)

describe("rule 5: work after an observed end", () => {
  it("is shown in its turn, whose outcome stays, and the thread works while it goes on", () => {
    const s = working().delta("m2", t1, "The real")
    expect(s.itemRow("m2")).toMatchObject({ status: "open", afterEnd: 1 })
    expect(s.turnRow(t1)).toMatchObject({ status: "ended", outcome: "completed", evidence: "observed", items: 1 })
    expect(s.state.thread).toMatchObject({ status: "working", activeTurnId: null, afterEndItems: 1 })
    expect(s.state.session).toMatchObject({ status: "ready", activeTurnId: null })
    done(s, "m2", "The real answer.").complete(t1)
    expect(s.itemRow("m2")).toMatchObject({ status: "completed", evidence: "observed", afterEnd: 1 })
    expect(s.textOf("m2")).toBe("The real answer.")
    expect(s.state.thread).toMatchObject({ status: "idle", afterEndItems: 0 })
    expect(s.reasons()).toEqual(["item-after-turn-end", "turn-terminal-duplicate"])
  })

  it("explains a session that was said to run without a turn: it is ready again", () => {
    const s = over().status("running")
    expect(s.state.thread?.status).toBe("working")
    s.item("m2", t1)
    expect(s.state.session?.status).toBe("ready")
    expect(s.state.thread?.status).toBe("working")
    s.status("running")
    expect(s.state.session?.status).toBe("ready")
    done(s, "m2", "x")
    expect(s.state.thread?.status).toBe("idle")
  })

  it("reported as whole items only, leaves nothing open", () => {
    const s = done(over().status("running"), "m2", "x")
    expect(s.itemRow("m2")).toMatchObject({ status: "completed", afterEnd: 1 })
    expect(s.state.thread).toMatchObject({ status: "idle", afterEndItems: 0 })
  })

  it("takes up an item that the turn's end had closed", () => {
    const s = new Scenario().start().turn(t1).item("m1", t1).delta("m1", t1, "a").complete(t1)
    expect(s.itemRow("m1")?.status).toBe("interrupted")
    s.delta("m1", t1, "b").delta("m1", t1, "c")
    expect(s.itemRow("m1")).toMatchObject({ status: "open", afterEnd: 1, cause: null, endedAt: null })
    expect(s.textOf("m1")).toBe("abc")
    expect(s.state.thread?.status).toBe("working")
    expect(s.reasons()).toEqual(["item-after-turn-end"])
  })

  it.each(["ready", "interrupted", "error"] as const)("ends when the session is said to be %s", (status) => {
    const s = working().status(status)
    expect(s.itemRow("m2")).toMatchObject({ status: "interrupted", evidence: "inferred", cause: `session-${status}` })
    expect(s.state.thread?.status).toBe(status === "error" ? "error" : "idle")
  })

  it("ends with the start of the next turn", () => {
    const s = working().turn(t2)
    expect(s.itemRow("m2")).toMatchObject({ status: "interrupted", cause: "turn-started" })
    expect(s.state.active?.nativeTurnId).toBe(t2)
  })

  it("ends with a fatal error", () => {
    const s = working().send("runtime.error", { message: "gone", willRetry: false, fatal: true })
    expect(s.itemRow("m2")).toMatchObject({ status: "interrupted", evidence: "inferred", cause: "runtime-error" })
  })

  it("is taken up by its own pieces in its living session only, and closing it leaves the work of a running turn", () => {
    const s = working().delta("m2", t1, "a")
    s.send("content.delta", { stream: "text", delta: "b" }, { ...native("m2"), channel: "another" })
    expect(s.textOf("m2")).toBe("ab")
    expect(s.rows.all("anomalies")).toMatchObject([{ reason: "item-after-turn-end", count: 1 }])
    const running = new Scenario().start().turn(t1).item("m1", t1)
    running.send("turn.after-end-settled", { silentMs: 60_000 }, { native: { turnId: t1 }, session: null })
    expect(running.itemRow("m1")?.status).toBe("open")
  })

  it("ends with its session", () => {
    const s = working().send("session.exited", { reason: "exit", code: 0 })
    expect(s.itemRow("m2")).toMatchObject({ status: "interrupted", cause: "session-ended" })
    expect(s.state.open.afterEnd).toBe(0)
  })

  it("ends when no more events of it came, in that turn only, and its own end still counts once", () => {
    const s = working().turn(t2).complete(t2).item("m3", t2).delta("m2", t1, "x")
    expect(s.state.open.afterEnd).toBe(2)
    s.send("turn.after-end-settled", { silentMs: 60_000 }, { native: { turnId: t1 }, session: null })
    expect(s.itemRow("m2")).toMatchObject({ status: "interrupted", cause: "after-end-settled" })
    expect(s.itemRow("m3")?.status).toBe("open")
    expect(s.state.thread?.status).toBe("working")
    done(s, "m2", "whole")
    expect(s.itemRow("m2")).toMatchObject({ status: "completed", evidence: "observed" })
    expect(s.textOf("m2")).toBe("whole")
  })
})
