import { describe, expect, it } from "vitest"
import { id, Scenario, strong } from "../../test/Scenario.js"

const t1 = strong("t1")
/** The first request of a JSON-RPC connection has the falsy id `0`. */
const q = { native: { turnId: t1, requestId: "0" } }
const ask = (s: Scenario) => s.send("request.opened", { kind: "command_approval", title: "rm -rf x" }, q)
const asked = () => ask(new Scenario().start().turn(t1))
const row = (s: Scenario) => s.rows.all("requests")[0]

describe("rule 6: requests", () => {
  it("opens in its turn and makes the thread wait", () => {
    const s = asked()
    expect(row(s)).toMatchObject({
      status: "open",
      nativeRequestId: "0",
      turnId: s.turnRow(t1)?.turnId,
      decision: null,
    })
    expect(s.state.thread).toMatchObject({ status: "waiting", openRequests: 1 })
  })

  it("goes open → answering → answered", () => {
    const s = asked().send("request.answering", { decision: "accept", by: "ann" }, q)
    expect(row(s)).toMatchObject({ status: "answering", decision: "accept", decidedBy: "ann" })
    expect(s.state.thread?.status).toBe("working")
    s.send("request.answered", { decision: "accept" }, q)
    expect(row(s)).toMatchObject({ status: "answered", decision: "accept", decidedBy: "ann", evidence: "observed" })
    expect(s.state.thread?.openRequests).toBe(0)
    expect(s.reasons()).toEqual([])
  })

  it("the first accepted answer wins, a different later one conflicts, the same one is no news", () => {
    const s = asked().send("request.answering", { decision: "accept", by: "ann" }, q)
    s.send("request.answering", { decision: "decline", by: "bob" }, q)
    s.send("request.answering", { decision: "accept", by: "bob" }, q)
    s.send("request.answered", { decision: "decline", by: "bob" }, q)
    expect(row(s)).toMatchObject({ status: "answered", decision: "accept", decidedBy: "ann" })
    s.send("request.answered", { decision: "decline" }, q)
    expect(s.reasons()).toEqual(["request-answer-conflict"])
    expect(s.rows.all("anomalies")[0]?.count).toBe(3)
  })

  it("the provider's clean-up confirms an answer on its way, and cancels a question that nobody answered", () => {
    const confirmed = asked().send("request.answering", { decision: "accept" }, q).send("request.resolved", {}, q)
    expect(row(confirmed)).toMatchObject({ status: "answered", decision: "accept" })
    const cancelled = asked().send("request.resolved", {}, q)
    expect(row(cancelled)).toMatchObject({
      status: "cancelled",
      cause: "resolved",
      evidence: "observed",
      decision: null,
    })
  })

  it("a decision in the provider's clean-up is an answer", () => {
    const s = asked().send("request.resolved", { decision: "accept", by: "policy" }, q)
    expect(row(s)).toMatchObject({ status: "answered", decision: "accept", decidedBy: "policy" })
  })

  it("a later resolved without a decision on an ended request is no anomaly, one with a decision is", () => {
    const s = asked().send("request.answered", { decision: "accept" }, q).send("request.resolved", {}, q)
    expect(s.reasons()).toEqual([])
    s.complete(t1).send("request.resolved", { decision: "decline" }, q)
    expect(row(s)?.decision).toBe("accept")
    expect(s.reasons()).toEqual(["request-already-ended"])
  })

  it("the turn's end cancels", () => {
    const s = asked().complete(t1)
    expect(row(s)).toMatchObject({ status: "cancelled", cause: "turn-ended", evidence: "inferred" })
    s.send("request.answered", { decision: "accept" }, q)
    expect(row(s)).toMatchObject({ status: "cancelled", decision: null })
    expect(s.reasons()).toEqual(["request-already-ended"])
  })

  it("the session's end expires, and beats the turn's", () => {
    const s = asked().send("session.exited", { reason: "exit", signal: "SIGKILL" })
    expect(row(s)).toMatchObject({ status: "expired", cause: "session-stopped", evidence: "inferred" })
  })

  it("request.expired expires what is open and says nothing of what is not", () => {
    const s = asked().send("request.expired", { reason: "deadline" }, q)
    expect(row(s)).toMatchObject({ status: "expired", cause: "deadline" })
    s.send("request.expired", { reason: "again" }, q)
    expect(row(s)?.cause).toBe("deadline")
  })

  it("the same question again is an update, another kind or an ended one is a duplicate", () => {
    const s = asked().send("request.opened", { kind: "command_approval", title: "rm -rf y" }, q)
    expect(s.rows.all("requests")).toHaveLength(1)
    expect(row(s)?.title).toBe("rm -rf y")
    s.send("request.opened", { kind: "elicitation" }, q)
    s.send("request.answered", { decision: "accept" }, q)
    ask(s)
    expect(row(s)?.status).toBe("answered")
    expect(s.reasons()).toEqual(["request-duplicate"])
  })

  it("opened after the end of its turn or session it is closed from its first moment", () => {
    const late = ask(new Scenario().start().turn(t1).complete(t1))
    expect(row(late)).toMatchObject({ status: "cancelled", cause: "turn-ended" })
    const gone = ask(new Scenario().start().turn(t1).send("session.exited", { reason: "exit" }))
    expect(row(gone)).toMatchObject({ status: "expired", cause: "session-ended" })
    expect([late.reasons(), gone.reasons()]).toEqual([["request-after-end"], ["request-after-end"]])
  })

  it("answers and clean-ups of unknown requests are orphans", () => {
    const s = new Scenario().start().turn(t1)
    s.send("request.resolved", {}, q).send("request.answered", { decision: "x" }, q)
    s.send("request.answering", { decision: "x" }, { session: null, ids: { requestId: id("nobody") } })
    s.send("request.expired", {}, { session: null, ids: { requestId: id("nobody") } })
    expect(s.rows.all("requests")).toEqual([])
    expect(s.reasons()).toEqual(["request-unknown", "request-unknown"])
  })

  it('the ids 0 and "0" of a connection, and the same id in the next session, are different questions', () => {
    const s = asked().send("request.opened", { kind: "tool_call" }, { native: { turnId: t1, requestId: '"0"' } })
    s.start("s2").send("request.opened", { kind: "permissions" }, { session: "s2", native: { requestId: "0" } })
    expect(s.rows.all("requests").map((one) => [one.kind, one.status])).toEqual([
      ["command_approval", "expired"],
      ["tool_call", "expired"],
      ["permissions", "open"],
    ])
  })

  it("a question of a turn that never ran ends with it", () => {
    const s = new Scenario().start()
    s.send("turn.requested", { handedOver: true }, { channel: "client", native: { callId: "1" } })
    s.send("turn.accepted", {}, { native: { turnId: t1, callId: "1" } })
    ask(s).complete(t1, "failed")
    expect(row(s)).toMatchObject({ status: "cancelled", cause: "turn-ended" })
    expect(s.reasons()).toEqual([])
  })

  it("user-input goes the same way", () => {
    const s = new Scenario().start().turn(t1)
    s.send("user-input.requested", { kind: "user_input", title: "Which?" }, q)
    s.send("user-input.resolved", { decision: "the first" }, q)
    expect(row(s)).toMatchObject({ kind: "user_input", status: "answered", decision: "the first" })
  })
})
