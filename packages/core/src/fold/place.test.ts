import { describe, expect, it } from "vitest"
import { id, Scenario, strong } from "../../test/Scenario.js"

const [t1, t2] = [strong("t1"), strong("t2")]
const whole = { kind: "agent_message", status: "completed", text: "x" } as const

describe("rule 5: where a new item belongs", () => {
  it("to no turn where it names none; it may lack a name, too", () => {
    const s = new Scenario().start().send("item.started", { kind: "other" })
    expect(s.rows.all("items")).toMatchObject([{ turnId: null, nativeItemId: null, status: "open", ordinal: 1 }])
    expect(s.reasons()).toEqual([])
  })

  it("to no turn at all where the turn that it names stays closed", () => {
    const s = new Scenario().start().complete("turn-1").item("i1", "turn-1")
    expect(s.rows.all("items")).toEqual([])
    expect(s.anomalies().at(-1)).toBe(`item-without-turn native-turn:${id("session s1")}/turn-1`)
  })

  it("to its turn, and items are counted in the order in which they come", () => {
    const s = new Scenario().start().turn(t1).item("i1", t1).item("i2", t1)
    expect(s.rows.all("items").map(({ ordinal }) => ordinal)).toEqual([1, 2])
    expect(s.state.thread?.items).toBe(2)
    expect(s.turnRow(t1)?.items).toBe(2)
  })

  it("to a turn whose start came too late, closed at once, while another one runs", () => {
    const s = new Scenario().start().send("turn.requested", { handedOver: true }, { ids: { turnId: id("T") } })
    s.send("turn.accepted", {}, { ids: { turnId: id("T") }, native: { turnId: t1 } })
    s.send("turn.start-timed-out", { waitedMs: 60_000 }, { session: null, ids: { turnId: id("T") } })
    s.turn(t2).item("i1", t1)
    expect(s.itemRow("i1")).toMatchObject({
      turnId: id("T"),
      status: "interrupted",
      cause: "turn-ended",
      evidence: "inferred",
      afterEnd: 0,
    })
    expect(s.state.active?.nativeTurnId).toBe(t2)
    expect(s.reasons()).toEqual([])
  })

  it("to a turn made from content, where a log has it without a session and without names", () => {
    const s = new Scenario().send("item.completed", whole, {
      session: null,
      ids: { turnId: id("T"), itemId: id("i") },
      asRecorded: true,
    })
    expect(s.rows.all("turns")).toMatchObject([
      { turnId: id("T"), status: "ended", cause: "content-only", nativeTurnId: null, settled: 1 },
    ])
    expect(s.rows.all("items")).toMatchObject([{ turnId: id("T"), status: "completed", nativeItemId: null }])
    expect(s.reasons()).toEqual([])
  })

  it("nowhere when an event of no session names a turn that is over", () => {
    const s = new Scenario().start().turn(t1).complete(t1)
    const turnId = s.turnRow(t1)?.turnId ?? null
    s.send("item.started", { kind: "other" }, { session: null, ids: { turnId } })
    expect(s.rows.all("items")).toEqual([])
    expect(s.anomalies()).toEqual([`item-after-turn-end turn:${turnId}`])
  })
})

describe("rule 5: work after the end of a turn and the session's status", () => {
  const over = () => new Scenario().start().turn(t1).complete(t1)

  it("the turn that runs goes on", () => {
    const s = over().turn(t2).item("late", t1)
    expect(s.session).toMatchObject({ status: "running", activeTurnId: s.turnRow(t2)?.turnId })
    expect(s.turnRow(t2)?.status).toBe("running")
  })

  it.each(["starting", "error", "interrupted"] as const)("one that is %s stays so", (status) => {
    expect(over().status(status).item("late", t1).session?.status).toBe(status)
  })
})
