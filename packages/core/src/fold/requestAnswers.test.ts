import { describe, expect, it } from "vitest"
import { id, Scenario, strong } from "../../test/Scenario.js"

const [t1, t2] = [strong("t1"), strong("t2")]
const q = { native: { turnId: t1, requestId: "0" } }
const asked = (s = new Scenario().start().turn(t1)) => s.send("request.opened", { kind: "user_input" }, q)
const row = (s: Scenario) => s.rows.all("requests")[0]
const answers = { q1: ["Blue"] }

describe("rule 6: a question", () => {
  it("says what it asks and what it takes", () => {
    const data = {
      decisions: ["accept", "decline"],
      choices: [{ decision: "accept", label: "Yes" }],
      questions: [{ id: "q1", text: "Which?", options: [{ label: "Blue" }] }],
      changes: [{ path: "a.txt", kind: "update" }],
      data: { command: "ls" },
    }
    const s = new Scenario()
      .start()
      .turn(t1)
      .sendRaw("request.opened", { kind: "user_input", title: "T", nativeKind: "ask", ...data }, q)
    expect(row(s)).toMatchObject({ title: "T", nativeKind: "ask", data, evidence: null, cause: null, endedAt: null })
    expect(row(asked())).toMatchObject({
      title: null,
      nativeKind: null,
      data: { decisions: null, choices: null, questions: null, changes: null, data: null },
    })
  })

  it("may have no name, where its event brings an id", () => {
    const s = new Scenario().start().send("request.opened", { kind: "other" }, { ids: { requestId: id("r") } })
    expect(row(s)).toMatchObject({ requestId: id("r"), nativeRequestId: null, status: "open" })
  })
})

describe("rule 6: the content of an answer", () => {
  it("is what the first answer has, however it says so", () => {
    const answering = (said: object) =>
      row(asked().send("request.answering", { decision: "answer", ...said }, q))?.answer
    expect(answering({})).toBeNull()
    expect(answering({ answers: null, data: null })).toBeNull()
    expect(answering({ answers: null, data: { scope: "turn" } })).toEqual({ data: { scope: "turn" } })
    expect(answering({ answers, data: { scope: "turn" } })).toEqual({ answers })
  })

  it("is filled in where the accepted answer left it out, and else stays", () => {
    const bare = () => asked().send("request.answering", { decision: "answer" }, q)
    const filled = bare().send("request.answered", { decision: "answer", answers }, q)
    expect(row(filled)).toMatchObject({ status: "answered", cause: "answered", answer: { answers } })
    expect(row(bare().send("request.answered", { decision: "answer" }, q))?.answer).toBeNull()
    const said = asked().send("request.answering", { decision: "answer", data: { scope: "turn" } }, q)
    said.send("request.answered", { decision: "answer", data: { scope: "session" } }, q)
    expect(row(said)?.answer).toEqual({ data: { scope: "turn" } })
    expect(row(asked().send("request.answered", { decision: "answer" }, q))?.answer).toBeNull()
    expect([...filled.reasons(), ...said.reasons()]).toEqual([])
  })

  it("conflicts with another one only, before and after the end", () => {
    const s = asked().send("request.answering", { decision: "answer", answers }, q)
    s.send("request.answering", { decision: "answer", answers: null }, q)
    s.send("request.answered", { decision: "answer", answers, by: "bob" }, q)
    s.send("request.answered", { decision: "answer", answers }, q).send("request.answered", { decision: "answer" }, q)
    s.send("request.resolved", { decision: "answer" }, q)
    expect(s.reasons()).toEqual([])
    s.send("request.answered", { decision: "answer", answers: { q1: ["Red"] } }, q)
    expect(s.anomalies()).toEqual([`request-answer-conflict request:${row(s)?.requestId} (answer)`])
  })

  it("names who gave it, where that is known", () => {
    expect(row(asked().send("request.answered", { decision: "accept", by: "bob" }, q))?.decidedBy).toBe("bob")
    expect(row(asked().send("request.answered", { decision: "accept" }, q))?.decidedBy).toBeNull()
  })
})

describe("rule 6: events that are about no open request", () => {
  it("are kept with what they name", () => {
    const s = new Scenario().start().send("request.answered", { decision: "x" }, q)
    s.send("request.answered", { decision: "x" }).send(
      "request.opened",
      { kind: "other" },
      { ids: { requestId: "no id" } },
    )
    const ids = { requestId: id("lost") }
    s.send("request.answer-failed", { commandId: id("c"), message: "no" }, { session: null, ids, asRecorded: true })
    expect(s.rows.all("requests")).toEqual([])
    expect(s.anomalies()).toEqual([
      `request-unknown native-request:${id("session s1")}/0`,
      `request-unknown native-request:${id("session s1")}/-`,
      `request-unknown request:${id("lost")}`,
    ])
  })

  it("an expiry says why and is ours; so is what opens after its session", () => {
    expect(row(asked().send("request.expired", {}, q))).toMatchObject({ cause: "expired", evidence: "inferred" })
    const gone = asked(new Scenario().start().turn(t1).send("session.exited", { reason: "exit" }))
    expect(row(gone)).toMatchObject({ status: "expired", evidence: "inferred", endedAt: gone.log.at(-1)?.at })
  })

  it("a question of a replaced session is not asked", () => {
    const s = asked(new Scenario().start().turn(t1).start("s2"))
    expect(s.rows.all("requests")).toEqual([])
    expect(s.reasons()).toEqual(["session-stale"])
  })
})

describe("rule 6: resolved without a decision, and what follows", () => {
  const resolved = () => asked().send("request.resolved", {}, q)

  it("of a question outside the running turn is a clean-up", () => {
    const s = new Scenario().start().turn(t1)
    s.send("request.opened", { kind: "other" }, { native: { requestId: "9" } })
    s.send("request.resolved", {}, { native: { requestId: "9" } })
    expect(row(s)).toMatchObject({ status: "cancelled", cause: "resolved" })
  })

  it("holds the questions of the present turn only", () => {
    const s = resolved()
    expect(s.state.elsewhere).toEqual({ turnId: s.turnRow(t1)?.turnId, requestIds: [row(s)?.requestId] })
  })

  it("holds for several questions in a row, which one clean-up takes along", () => {
    const question = (requestId: string) => ({ native: { turnId: t1, requestId } })
    const s = new Scenario().start().turn(t1)
    for (const name of ["0", "1"]) s.send("user-input.requested", { kind: "user_input" }, question(name))
    for (const name of ["0", "1"]) s.send("user-input.resolved", {}, question(name))
    expect(s.complete(t1, "interrupted").rows.all("requests")).toMatchObject([
      { status: "cancelled" },
      { status: "cancelled" },
    ])
  })

  it("is decided by the provider's next event: none of ours, and none of another session", () => {
    const s = resolved()
    s.send("turn.stalled", { silentMs: 1 }, { session: null, native: { turnId: t1 } })
    s.send("turn.stalled", { silentMs: 1 }, { session: null, ids: { turnId: s.turnRow(t1)?.turnId ?? null } })
    expect(row(s.complete(t1, "interrupted"))?.status).toBe("cancelled")
  })

  it("is no clean-up of the turn where the next event is the end of another one", () => {
    const s = asked(new Scenario().start().turn(t2).status("ready").turn(t1)).send("request.resolved", {}, q)
    expect(row(s.complete(t2, "failed"))?.status).toBe("answered")
    expect(row(s.complete(t1, "failed"))?.status).toBe("answered")
  })
})
