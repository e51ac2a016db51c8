import { elsewhereLimit } from "@threadfold/contracts"
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

  it("keeps the place of its opening, whatever comes of it, also where the clock stands still", () => {
    const s = new Scenario().start().turn(t1)
    const opened = ["7", "3", "5"].map((requestId) => {
      s.send("request.opened", { kind: "user_input" }, { native: { turnId: t1, requestId }, at: 5 })
      return s.log.at(-1)?.sequence ?? 0
    })
    s.send("request.opened", { kind: "user_input", title: "Again" }, { native: { turnId: t1, requestId: "3" } })
    s.send("request.answered", { decision: "accept" }, { native: { turnId: t1, requestId: "7" } })
    const placeOf = (requestId: string) =>
      s.rows.all("requests").find(({ nativeRequestId }) => nativeRequestId === requestId)?.openedSequence
    expect(["7", "3", "5"].map(placeOf)).toEqual(opened)
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

  it("the provider's clean-up confirms an answer on its way", () => {
    const s = asked().send("request.answering", { decision: "accept" }, q).send("request.resolved", {}, q)
    expect(row(s)).toMatchObject({ status: "answered", decision: "accept" })
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

  it("opened after the end of its session it is closed from its first moment", () => {
    const gone = ask(new Scenario().start().turn(t1).send("session.exited", { reason: "exit" }))
    expect(row(gone)).toMatchObject({ status: "expired", cause: "session-ended" })
    expect(gone.reasons()).toEqual(["request-after-end"])
  })

  it("answers and clean-ups of unknown requests are orphans", () => {
    const s = new Scenario().start().turn(t1)
    s.send("request.resolved", {}, q).send("request.answered", { decision: "x" }, q)
    s.send("request.answering", { decision: "x" }, { session: null, ids: { requestId: id("missing") } })
    s.send("request.expired", {}, { session: null, ids: { requestId: id("missing") } })
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

/** Ends of a turn after which its session lives on, observed and inferred. */
const ends: readonly (readonly [string, (s: Scenario) => Scenario])[] = [
  ["completed", (s) => s.complete(t1)],
  ["failed", (s) => s.complete(t1, "failed")],
  ["idle", (s) => s.status("ready")],
  ["interrupted", (s) => s.status("interrupted")],
  ["aborted", (s) => s.send("turn.aborted", {}, { native: { turnId: t1 } })],
]

describe("rule 6: a request that opens after its turn's end", () => {
  const late = (end: (s: Scenario) => Scenario) => ask(end(new Scenario().start().turn(t1)))

  it.each(ends)("(%s) is open, and makes the thread wait", (_name, end) => {
    const s = late(end)
    expect(row(s)).toMatchObject({ status: "open", turnId: s.turnRow(t1)?.turnId, cause: null, endedAt: null })
    expect(s.state.thread).toMatchObject({ status: "waiting", openRequests: 1 })
    expect(s.reasons()).toEqual([])
  })

  it.each(ends)("(%s) ends by its answer, by the provider's event, or with the session", (_name, end) => {
    const answered = late(end).send("request.answering", { decision: "accept" }, q)
    answered.send("request.answered", { decision: "accept" }, q)
    expect(row(answered)).toMatchObject({ status: "answered", decision: "accept" })
    // No turn runs in which another client could have decided.
    expect(row(late(end).send("request.resolved", {}, q))).toMatchObject({ status: "cancelled", cause: "resolved" })
    const gone = late(end).send("session.exited", { reason: "exit" })
    expect(row(gone)).toMatchObject({ status: "expired", cause: "session-stopped" })
  })

  it("is not closed by what confirms an inferred end", () => {
    const s = late((one) => one.status("ready")).complete(t1, "interrupted")
    expect(s.turnRow(t1)).toMatchObject({ outcome: "interrupted", evidence: "observed" })
    expect(row(s)?.status).toBe("open")
  })
})

describe("rule 6: a delivery that failed", () => {
  const first = { commandId: id("command 1") }
  const failed = (s: Scenario, commandId = first.commandId) =>
    s.send("request.answer-failed", { commandId, message: "no such option" }, { ...q, session: null, ids: ourIds(s) })
  const ourIds = (s: Scenario) => ({ requestId: row(s)?.requestId ?? null })
  const answering = () =>
    asked().send(
      "request.answering",
      { decision: "answer", by: "client", answers: { q1: ["Blue"] } },
      { ...q, ...first },
    )

  it("makes the request open again, its decision cleared, with the reason", () => {
    const s = failed(answering())
    expect(row(s)).toMatchObject({
      status: "open",
      decision: null,
      decidedBy: null,
      answer: null,
      answerCommandId: null,
      lastError: "no such option",
      endedAt: null,
    })
    expect(s.state.thread).toMatchObject({ status: "waiting", openRequests: 1 })
    s.send("request.answering", { decision: "decline" }, { ...q, commandId: id("command 2") })
    expect(row(s)).toMatchObject({ status: "answering", decision: "decline", lastError: null })
    expect(s.reasons()).toEqual([])
  })

  it("of an answer that is not the current one changes nothing", () => {
    const again = failed(answering()).send("request.answering", { decision: "b" }, { ...q, commandId: id("command 2") })
    expect(row(failed(again))).toMatchObject({ status: "answering", decision: "b", lastError: null })
    const over: readonly ((s: Scenario) => Scenario)[] = [
      (s) => s.send("request.answered", { decision: "answer" }, q),
      (s) => s.send("request.resolved", {}, q),
      (s) => s.complete(t1),
      (s) => s.send("session.exited", { reason: "exit" }),
    ]
    for (const end of over) {
      const s = end(answering())
      const before = row(s)
      expect(row(failed(s))).toEqual(before)
      expect(s.reasons()).toEqual([])
    }
  })
})

describe("rule 6: what was answered", () => {
  const answers = { q1: ["Blue"] }
  it("stands in the row from the moment it is on its way, and in what the wire says of it", () => {
    const live = asked().send("request.answering", { decision: "answer", answers }, q)
    expect(row(live)?.answer).toEqual({ answers })
    live.send("request.answered", { decision: "answer", answers, data: { q1: { answers: ["Blue"] } } }, q)
    expect(row(live)).toMatchObject({ status: "answered", answer: { answers } })
    const answered = asked().send("request.answered", { decision: "answer", answers, data: { raw: 1 } }, q)
    expect(row(answered)?.answer).toEqual({ answers })
    const resolved = asked().send("request.resolved", { decision: "accept", data: { scope: "turn" } }, q)
    expect(row(resolved)?.answer).toEqual({ data: { scope: "turn" } })
  })

  it("wins over another answer that has the same decision", () => {
    const s = asked().send("request.answering", { decision: "answer", answers }, q)
    s.send("request.answering", { decision: "answer", answers }, q)
    expect(s.reasons()).toEqual([])
    s.send("request.answered", { decision: "answer", answers: { q1: ["Red"] } }, q)
    expect(row(s)?.answer).toEqual({ answers })
    expect(s.reasons()).toEqual(["request-answer-conflict"])
  })
})

describe("rule 6: resolved without a decision, in a running turn", () => {
  const resolved = () => asked().send("request.resolved", {}, q)
  const status = (s: Scenario) => row(s)?.status

  it("means that another client answered", () => {
    expect(row(resolved())).toMatchObject({
      status: "answered",
      decision: null,
      decidedBy: "elsewhere",
      cause: "answered",
      evidence: "inferred",
    })
    expect(resolved().reasons()).toEqual([])
  })

  it("means a clean-up when the turn's next event is a terminal other than completed", () => {
    for (const outcome of ["failed", "interrupted", "cancelled", "unknown"] as const) {
      const s = resolved().complete(t1, outcome)
      expect(row(s)).toMatchObject({ status: "cancelled", decidedBy: null, cause: "turn-ended", evidence: "inferred" })
    }
    const aborted = resolved().send("turn.aborted", {}, { native: { turnId: t1 } })
    expect(status(aborted)).toBe("cancelled")
    expect(status(resolved().complete(t1))).toBe("answered")
  })

  it("counts the turn's own events alone, and only the next one", () => {
    // The session says idle a moment before the terminal.
    expect(status(resolved().status("ready").complete(t1, "interrupted"))).toBe("cancelled")
    const went = resolved().item("i1", t1).complete(t1, "interrupted")
    expect(status(went)).toBe("answered")
    expect(status(resolved().item("i1", t1).delta("i1", t1, "x").complete(t1, "failed"))).toBe("answered")
  })

  it("of several in a row cancels them all", () => {
    const s = asked().send("request.opened", { kind: "permissions" }, { native: { turnId: t1, requestId: "1" } })
    s.send("request.resolved", {}, q).send("request.resolved", {}, { native: { turnId: t1, requestId: "1" } })
    s.complete(t1, "interrupted")
    expect(s.rows.all("requests").map((one) => one.status)).toEqual(["cancelled", "cancelled"])
    expect(s.state.elsewhere).toBeNull()
  })

  it("is a clean-up at once where an interrupt was asked for", () => {
    const s = asked().send("turn.interrupt-requested", {}, { session: null, native: { turnId: t1 } })
    // Our own event names our id.
    expect(s.turnRow(t1)?.interruptRequestedAt).not.toBeNull()
    s.send("request.resolved", {}, q)
    expect(row(s)).toMatchObject({ status: "cancelled", cause: "resolved", evidence: "observed" })
  })

  it("is remembered no longer than its session, and never without a bound", () => {
    const gone = resolved().send("session.exited", { reason: "exit" })
    expect(gone.state.elsewhere).toBeNull()
    expect(status(gone)).toBe("answered")
    const s = new Scenario().start().turn(t1)
    const natives = Array.from({ length: elsewhereLimit + 20 }, (_, n) => ({ turnId: t1, requestId: `${n}` }))
    for (const native of natives) s.send("request.opened", { kind: "other" }, { native })
    for (const native of natives) s.send("request.resolved", {}, { native })
    expect(s.state.elsewhere?.requestIds).toEqual(
      s.rows
        .all("requests")
        .slice(20)
        .map((one) => one.requestId),
    )
  })
})
