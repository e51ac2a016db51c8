import { describe, expect, it } from "vitest"
import { Commander, live } from "../../test/Commander.js"
import { id, Scenario, strong } from "../../test/Scenario.js"

const t1 = strong("t1")
const q = { native: { turnId: t1, requestId: "0" } }
const ask = (c: Commander, native = q.native) =>
  c.s.send("request.opened", { kind: "command_approval", decisions: ["yes", "no"] }, { native })
const asked = () => {
  const c = live()
  c.s.turn(t1)
  ask(c)
  return c
}
const requestId = (c: Commander) => c.s.rows.all("requests")[0]?.requestId ?? id("nobody")
const respond = (c: Commander, decision: string, more: object = {}) =>
  c.run({ type: "request.respond", requestId: requestId(c), decision, ...more })
const row = (c: Commander) => c.s.rows.all("requests")[0]

describe("request.respond", () => {
  it("takes the first answer and hands it to the agent", () => {
    const c = asked()
    const turnId = c.s.turnRow(t1)?.turnId
    expect(respond(c, "accept", { data: { scope: "turn" } })).toMatchObject({
      events: ["request.answering"],
      effects: ["request.answer"],
      turnId,
    })
    expect(c.effects).toEqual([
      {
        kind: "request.answer",
        sessionId: id("session s1"),
        turnId,
        requestId: requestId(c),
        payload: { decision: "accept", data: { scope: "turn" } },
      },
    ])
    expect(row(c)).toMatchObject({ status: "answering", decision: "accept", decidedBy: "client" })
  })

  it("changes nothing for the same answer again, refuses another one, on its way and given", () => {
    const c = asked()
    respond(c, "accept")
    expect(respond(c, "accept")).toMatchObject({ refused: null, events: [], effects: [] })
    expect(respond(c, "decline")).toMatchObject({ refused: "request-ended" })
    c.s.send("request.answered", { decision: "accept" }, q)
    expect(respond(c, "accept")).toMatchObject({ refused: null, events: [], effects: [] })
    expect(respond(c, "decline")).toMatchObject({ refused: "request-ended" })
    expect(c.effects).toHaveLength(1)
  })

  it("is refused when the question is over: its turn, its session, its time, the agent's own word", () => {
    const ends: readonly ((c: Commander) => unknown)[] = [
      (c) => c.s.complete(t1),
      (c) => c.s.send("session.exited", { reason: "exit" }),
      (c) => c.s.start("s2"),
      (c) => c.run({ type: "request.expire", requestId: requestId(c) }),
      (c) => c.s.send("request.resolved", {}, q),
    ]
    for (const end of ends) {
      const c = asked()
      end(c)
      expect(respond(c, "accept")).toMatchObject({ refused: "request-ended" })
      expect(c.effects).toEqual([])
    }
  })

  it("answers a question of no turn", () => {
    const c = live()
    c.s.send("request.opened", { kind: "auth" }, { native: { requestId: "7" } })
    expect(respond(c, "accept")).toMatchObject({
      events: ["request.answering"],
      effects: ["request.answer"],
      turnId: null,
    })
  })

  it("of another thread's question, or of none that there is, is refused", () => {
    const c = asked()
    const foreign = { ...row(c), requestId: id("foreign"), threadId: id("theirs") }
    c.s.rows.rows.get("requests")?.set(JSON.stringify([id("foreign")]), foreign)
    expect(respond(c, "accept", { requestId: id("foreign") })).toMatchObject({ refused: "resource-not-found" })
    expect(respond(c, "accept", { requestId: id("nobody") })).toMatchObject({ refused: "resource-not-found" })
    expect(respond(new Commander(), "accept")).toMatchObject({ refused: "thread-not-found" })
  })

  it("of an attached session's question is read by its adapter in the log", () => {
    const c = new Commander()
    c.run({ type: "session.attach", sessionId: id("session s1"), provider: "mine", leaseMs: 1000 })
    c.s.turn(t1)
    ask(c)
    expect(respond(c, "accept")).toMatchObject({ events: ["request.answering"], effects: [] })
  })

  it("of a recording's question is refused: nobody would hear the answer", () => {
    const c = new Commander(new Scenario().send("session.started", { provider: "x", mode: "imported" }).turn(t1))
    ask(c)
    expect(respond(c, "accept")).toMatchObject({ refused: "thread-not-run" })
  })
})

describe("request.expire", () => {
  const expire = (c: Commander) => c.say({ type: "request.expire", requestId: requestId(c), reason: "unanswerable" })
  it("ends a question that is open or being answered, once", () => {
    const c = asked()
    expect([expire(c), expire(c)]).toEqual([["request.expired"], []])
    expect(row(c)).toMatchObject({ status: "expired", cause: "unanswerable" })
    const answering = asked()
    respond(answering, "accept")
    expect(expire(answering)).toEqual(["request.expired"])
  })

  it("leaves one that was answered, another thread's, and none that there is", () => {
    const c = asked()
    c.s.send("request.answered", { decision: "accept" }, q)
    expect(expire(c)).toEqual([])
    expect(expire(live())).toEqual([])
    const foreign = { ...row(c), status: "open", requestId: id("foreign"), threadId: id("theirs") }
    c.s.rows.rows.get("requests")?.set(JSON.stringify([id("foreign")]), foreign)
    expect(c.say({ type: "request.expire", requestId: id("foreign") })).toEqual([])
  })
})

describe("request.decline", () => {
  const decline = (c: Commander) => c.run({ type: "request.decline", requestId: requestId(c) })
  const nothing = { refused: null, events: [], effects: [] }
  it("leaves what is over, what a recording asked, and what there is not", () => {
    const over = asked()
    over.s.complete(t1)
    expect(decline(over)).toMatchObject(nothing)
    const c = new Commander(new Scenario().send("session.started", { provider: "x", mode: "imported" }).turn(t1))
    ask(c)
    expect(decline(c)).toMatchObject(nothing)
    expect(decline(live())).toMatchObject(nothing)
  })
})
