import { describe, expect, it } from "vitest"
import { id, Scenario, strong } from "../../test/Scenario.js"

const [t1, t2] = [strong("t1"), strong("t2")]
const command = { kind: "command", processId: "p1" } as const
const tasks = (s: Scenario) =>
  s.rows.all("tasks").map((task) => s.rows.find("items", "key", [task.itemId])?.nativeItemId)
const cancel = (s: Scenario, label: string) =>
  s
    .send("turn.requested", {}, { session: null, ids: { turnId: id(label) } })
    .send("turn.interrupt-requested", {}, { session: null, ids: { turnId: id(label) } })

describe("rule 2: the end of a turn", () => {
  it("that was not delivered is final at once", () => {
    const s = cancel(new Scenario().start(), "A")
    expect(s.rows.all("turns")).toMatchObject([{ outcome: "cancelled", evidence: "inferred", settled: 1 }])
  })

  it("that is observed is never provisional", () => {
    expect(new Scenario().start().turn(t1).complete(t1).state.provisional).toBeNull()
  })

  it("of one turn does not settle another one in a living session", () => {
    const s = new Scenario().start().turn(t1).status("ready").turn(t2).status("ready")
    expect(s.rows.all("turns").map(({ settled }) => settled)).toEqual([0, 0])
  })

  it("is settled once", () => {
    const s = new Scenario().start().turn(t1).status("ready")
    const settle = () => s.send("turn.settled", {}, { session: null, ids: { turnId: s.turnRow(t1)?.turnId ?? null } })
    settle()
    const before = s.turnRow(t1)
    expect(before?.settled).toBe(1)
    settle()
    expect(s.turnRow(t1)).toEqual(before)
  })

  it("says what went wrong", () => {
    const s = new Scenario().start().turn(t1)
    s.send("turn.completed", { outcome: "failed", error: { message: "no balance" } }, { native: { turnId: t1 } })
    expect(s.turnRow(t1)).toMatchObject({ outcome: "failed", cause: "provider", error: { message: "no balance" } })
  })
})

describe("rule 5: commands become tasks at the end of a turn", () => {
  it("of their own turn: the end of another one leaves what is provisional", () => {
    const both = () =>
      new Scenario().start().turn(t1).status("ready").turn(t2).item("c2", t2, command).status("ready").complete(t1)
    expect(tasks(both())).toEqual([])
    expect(tasks(both().complete(t2))).toEqual(["c2"])
    const cancelled = cancel(new Scenario().start().turn(t1).item("c1", t1, command).status("ready"), "A")
    expect(tasks(cancelled.complete(t1))).toEqual(["c1"])
  })

  it("not where the end that is observed is no completion", () => {
    const s = new Scenario().start().turn(t1).item("c1", t1, command).status("ready").complete(t1, "failed")
    expect(tasks(s)).toEqual([])
    expect(s.itemRow("c1")?.status).toBe("interrupted")
  })

  it("nothing but commands with a process that ran at the end", () => {
    const running = () =>
      new Scenario()
        .start()
        .turn(t1)
        .item("c1", t1, command)
        .item("plain", t1, { kind: "command" })
        .item("tool", t1, { kind: "tool_call", processId: "p2" })
    expect(tasks(running().complete(t1))).toEqual(["c1"])
    expect(tasks(running().status("ready").item("late", t1, command).complete(t1))).toEqual(["c1"])
    expect(running().complete(t1).rows.all("tasks")).toMatchObject([{ kind: "command", processId: "p1" }])
  })
})
