import { describe, expect, it } from "vitest"
import { id, Scenario, strong } from "../../test/Scenario.js"

const t1 = strong("t1")
const t2 = strong("t2")
const joinTurn = (s: Scenario, turnId = t1, session = "s1") =>
  s.send("turn.started", { joined: true }, { native: { turnId }, session })
const joinItem = (s: Scenario, itemId: string, more: object = {}, session = "s1", turnId = t1) =>
  s.send("item.started", { kind: "agent_message", joined: true, ...more }, { native: { turnId, itemId }, session })
const exit = { reason: "exit", code: 1 } as const

/** The rows of turns and items with their text, without what every event moves. */
const rowsOf = (s: Scenario) => [s.rows.all("turns"), s.rows.all("items"), s.rows.all("item_chunks")]

describe("rule 2: joining what runs", () => {
  it("an unknown turn runs, its items are there, and what follows belongs to it", () => {
    const s = joinItem(joinTurn(new Scenario().start()), "m1", { text: "so far" }).delta("m1", t1, ", and more")
    expect(s.turnRow(t1)?.status).toBe("running")
    expect(s.textOf("m1")).toBe("so far, and more")
    s.complete(t1)
    expect(s.turnRow(t1)?.outcome).toBe("completed")
    expect(s.reasons()).toEqual([])
  })

  it("brings back a strong turn whose end was only inferred, in a later session too", () => {
    const s = new Scenario().start().turn(t1).item("m1", t1).delta("m1", t1, "part").send("session.exited", exit)
    expect(s.turnRow(t1)).toMatchObject({ outcome: "interrupted", evidence: "inferred" })
    joinItem(joinTurn(s.start("s2"), t1, "s2"), "m1", { text: "part and" }, "s2")
    expect(s.turnRow(t1)).toMatchObject({
      status: "running",
      rejoined: 1,
      settled: 0,
      outcome: null,
      endedAt: null,
      sessionId: id("session s2"),
    })
    expect(s.itemRow("m1")).toMatchObject({ status: "open", evidence: null, sessionId: id("session s2") })
    expect(s.textOf("m1")).toBe("part and")
    expect(s.state.session).toMatchObject({ status: "running", activeTurnId: s.turnRow(t1)?.turnId })
    s.complete(t1, "completed", "s2")
    expect(s.turnRow(t1)).toMatchObject({ outcome: "completed", evidence: "observed", rejoined: 1 })
    expect(s.reasons()).toEqual([])
  })

  it("a settled end yields, too; so does one that a superseding turn had concluded", () => {
    const settled = new Scenario().start().turn(t1).status("ready")
    settled.send("turn.settled", {}, { native: { turnId: t1 } })
    expect(joinTurn(settled).turnRow(t1)).toMatchObject({ status: "running", settled: 0 })
    const superseded = new Scenario().start().turn(t1).turn(t2, "s1", { supersedes: true }).complete(t2)
    expect(joinTurn(superseded).turnRow(t1)).toMatchObject({ status: "running", supersededBy: null })
  })

  it("an observed end never yields, nor does the turn of a counter, nor does any to a start without a join", () => {
    const observed = joinTurn(new Scenario().start().turn(t1).complete(t1))
    expect(observed.turnRow(t1)?.status).toBe("ended")
    expect(observed.reasons()).toEqual(["turn-restarted"])
    const weak = joinTurn(new Scenario().start().turn("turn-1").status("ready"), "turn-1")
    expect(weak.turnRow("turn-1")?.status).toBe("ended")
    const plain = new Scenario().start().turn(t1).status("ready").turn(t1)
    expect(plain.turnRow(t1)?.status).toBe("ended")
    expect(plain.reasons()).toEqual(["turn-restarted"])
  })

  it("is a conflict while another turn runs", () => {
    const s = joinTurn(new Scenario().start().turn(t1).status("ready").turn(t2))
    expect(s.turnRow(t1)?.status).toBe("ended")
    expect(s.state.active?.nativeTurnId).toBe(t2)
    expect(s.reasons()).toEqual(["turn-conflict"])
  })

  it("a partial text that is longer replaces what was streamed, a shorter one does not, and none is appended", () => {
    const s = new Scenario().start().turn(t1).item("m1", t1).delta("m1", t1, "abc")
    joinItem(s, "m1", { text: "ab" })
    expect(s.textOf("m1")).toBe("abc")
    joinItem(s, "m1", { text: "abcd" }).delta("m1", t1, "e")
    expect(s.textOf("m1")).toBe("abcde")
    expect(s.rows.all("item_chunks")).toHaveLength(1)
    expect(s.reasons()).toEqual([])
  })

  it("keeps the parts of a reasoning summary apart", () => {
    const s = joinTurn(new Scenario().start())
    joinItem(s, "r1", { kind: "reasoning", parts: ["one", "two"] })
    s.send("content.delta", { stream: "summary", part: 1, delta: "!" }, { native: { turnId: t1, itemId: "r1" } })
    expect(s.rows.all("item_chunks").map(({ part, text }) => [part, text])).toEqual([
      [0, "one"],
      [1, "two!"],
    ])
  })

  it("reported twice, changes no row", () => {
    const s = new Scenario().start().turn(t1).item("m1", t1).delta("m1", t1, "part").status("ready")
    const join = () => {
      joinItem(joinItem(joinTurn(s), "m1", { text: "part and" }), "m2", { text: "new" })
      s.send(
        "item.completed",
        { kind: "agent_message", status: "completed", text: "whole", joined: true },
        { native: { turnId: t1, itemId: "m3" } },
      )
      return rowsOf(s)
    }
    const first = join()
    expect(s.itemRow("m3")).toMatchObject({ status: "completed" })
    expect(join()).toEqual(first)
    expect(s.reasons()).toEqual([])
  })

  it("an item with its own terminal stays as it is", () => {
    const s = new Scenario().start().turn(t1).item("m1", t1)
    s.send(
      "item.completed",
      { kind: "agent_message", status: "completed", text: "x" },
      { native: { turnId: t1, itemId: "m1" } },
    )
    joinItem(s, "m1", { text: "longer than x" })
    expect(s.textOf("m1")).toBe("x")
    expect(s.itemRow("m1")?.status).toBe("completed")
    expect(s.reasons()).toEqual([])
  })

  it("without a text opens the item again and keeps what was streamed", () => {
    const s = joinTurn(new Scenario().start().turn(t1).item("m1", t1).delta("m1", t1, "abc").status("ready"))
    expect(joinItem(s, "m1").itemRow("m1")).toMatchObject({
      status: "open",
      cause: null,
      evidence: null,
      endedAt: null,
    })
    expect(s.textOf("m1")).toBe("abc")
  })

  it("opens no item of a turn that is over, nor one outside of any turn", () => {
    const s = joinItem(new Scenario().start().turn(t1).item("m1", t1).status("ready"), "m1", { text: "late" })
    expect(s.itemRow("m1")).toMatchObject({ status: "interrupted", evidence: "inferred" })
    expect(s.textOf("m1")).toBe("late")
    const loose = new Scenario().start().send("item.started", { kind: "other" }, { native: { itemId: "l" } })
    const ids = { itemId: loose.itemRow("l")?.itemId ?? null }
    loose.send("session.exited", exit).start("s2")
    loose.send("item.started", { kind: "other", joined: true, text: "x" }, { session: "s2", ids })
    expect(loose.itemRow("l")).toMatchObject({ status: "interrupted", sessionId: id("session s1") })
    expect([...s.reasons(), ...loose.reasons()]).toEqual([])
  })

  it("fills what an item lacks of which only content was known", () => {
    const s = new Scenario().start().turn(t1)
    s.send(
      "content.delta",
      { kind: "agent_message", stream: "text", delta: "ab" },
      { native: { turnId: t1, itemId: "m1" } },
    )
    joinItem(s, "m1", { text: "a", title: "T" })
    expect(s.itemRow("m1")).toMatchObject({ title: "T", startedAt: s.log.at(-1)?.at })
    expect(s.textOf("m1")).toBe("ab")
  })

  it("leaves an item that runs again to the session that joined it", () => {
    const s = new Scenario().start().turn(t1).item("m1", t1).delta("m1", t1, "a").send("session.exited", exit)
    joinItem(joinTurn(s.start("s2"), t1, "s2"), "m1", {}, "s2")
    const before = [s.itemRow("m1"), s.textOf("m1")]
    s.delta("m1", t1, "late")
    const native = { native: { turnId: t1, itemId: "m1" } }
    s.send("item.updated", { title: "late" }, native)
    s.send("item.completed", { kind: "agent_message", status: "failed", text: "late" }, native)
    expect([s.itemRow("m1"), s.textOf("m1")]).toEqual(before)
    expect(new Set(s.reasons())).toEqual(new Set(["session-stale"]))
  })

  it("takes pieces of an item that the end of its turn had closed, before it names that item", () => {
    const s = joinTurn(new Scenario().start().turn(t1).item("m1", t1).delta("m1", t1, "a").status("ready"))
    expect(s.delta("m1", t1, "b").itemRow("m1")).toMatchObject({ afterEnd: 0 })
    expect(s.textOf("m1")).toBe("ab")
    expect(s.reasons()).toEqual([])
  })

  it("of an ended or a stale session brings nothing back", () => {
    const s = new Scenario().start().turn(t1).send("session.exited", exit)
    joinTurn(s)
    expect(s.turnRow(t1)?.status).toBe("ended")
    joinTurn(s.start("s2"), t1, "s1")
    expect(s.turnRow(t1)?.status).toBe("ended")
  })
})
