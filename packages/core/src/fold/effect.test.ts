import { describe, expect, it } from "vitest"
import { id, Scenario, strong } from "../../test/Scenario.js"
import { checkRows } from "../index.js"

const t1 = strong("t1")
const t2 = strong("t2")
const r = id("r")
const about = { session: null, ids: { turnId: r } } as const
const start = { effect: "turn.start" }
const request = (s: Scenario, turnId: string = r) =>
  s.send("turn.requested", { text: "do it" }, { session: null, ids: { turnId } })
const requested = () => request(new Scenario().start())
const doubted = () => requested().send("effect.uncertain", start, about)
/** Doubted, and then the session ended. */
const orphaned = () => doubted().send("session.exited", { reason: "exit", signal: "SIGKILL" })
const row = (s: Scenario) => {
  expect(checkRows(s.threadId, s.rows.of(s.threadId))).toEqual([])
  return s.rows.find("turns", "key", [r])
}
const accept = (s: Scenario, session = "s1") =>
  s.send("turn.accepted", {}, { session, ids: { turnId: r }, native: { turnId: t1 } })
const begin = (s: Scenario, session = "s1") =>
  s.send("turn.started", {}, { session, ids: { turnId: r }, native: { turnId: t1 } })

describe("a turn that was delivered", () => {
  it("is delivered by its own start effect alone, named in our way or in the provider's", () => {
    for (const effect of ["turn.start", "turn/start"]) {
      const s = requested().send("effect.delivered", { effect }, about)
      expect(row(s)).toMatchObject({ handedOver: 1, uncertain: 0, sessionId: id("session s1") })
    }
    for (const effect of ["turn.interrupt", "turn.steer", "request.answer", "session.start", "session.stop"]) {
      expect(row(requested().send("effect.delivered", { effect }, about))).toMatchObject({ handedOver: 0 })
    }
  })

  it("belongs to the session that it was delivered to, where the event names it", () => {
    const s = requested().send("session.exited", { reason: "exit" }).start("s2")
    s.append(fromSession(s, "s1"))
    expect(row(s)).toMatchObject({ handedOver: 1, sessionId: id("session s1") })
  })
})

/** The next event of ours, about a session. */
const fromSession = (s: Scenario, label: string) => {
  const [first] = s.log
  if (first === undefined) throw new Error("no event")
  const sequence = s.log.length + 1
  return {
    ...first,
    sequence,
    streamVersion: sequence,
    eventId: id(`event ${sequence}`),
    type: "effect.delivered",
    payload: start,
    sessionId: id(`session ${label}`),
    channel: null,
    seq: null,
    actor: "orchestrator" as const,
    turnId: r,
  }
}

describe("a turn of which it is unknown whether it was delivered", () => {
  it("is shown as uncertain and does not keep its session starting", () => {
    const s = doubted()
    expect(row(s)).toMatchObject({ status: "requested", uncertain: 1, handedOver: 1, sessionId: id("session s1") })
    expect(s.session).toMatchObject({ status: "ready", pendingTurnId: null })
    expect(s.state.thread?.status).toBe("idle")
    expect(s.reasons()).toEqual([])
  })

  it("is so by its own start alone, and not once the provider has accepted it or it has ended", () => {
    for (const effect of ["turn.interrupt", "turn.steer", "session.start"]) {
      expect(row(requested().send("effect.uncertain", { effect }, about))).toMatchObject({ uncertain: 0 })
    }
    expect(row(accept(requested()).send("effect.uncertain", start, about))).toMatchObject({ uncertain: 0 })
    expect(row(begin(accept(requested())).send("effect.uncertain", start, about))).toMatchObject({ status: "running" })
    const over = requested().send("turn.interrupt-requested", {}, about).send("effect.uncertain", start, about)
    expect(row(over)).toMatchObject({ status: "ended", outcome: "cancelled", uncertain: 0 })
    expect(over.reasons()).toEqual([])
  })

  it("is so when its session ended before the event, too", () => {
    const s = requested().send("session.exited", { reason: "exit" })
    expect(row(s)).toMatchObject({ uncertain: 0, handedOver: 0 })
    s.send("effect.uncertain", start, about)
    expect(row(s)).toMatchObject({ uncertain: 1, handedOver: 1, sessionId: id("session s1") })
    expect(s.state.thread?.status).toBe("stopped")
  })

  it("leaves the session starting for another turn that waits", () => {
    const s = request(requested(), id("other")).send("effect.uncertain", start, about)
    expect(s.session).toMatchObject({ status: "starting", pendingTurnId: id("other") })
    expect(row(s)).toMatchObject({ uncertain: 1 })
  })

  it("leaves a turn that runs alone", () => {
    const s = request(new Scenario().start().turn(t2)).send("effect.uncertain", start, about)
    expect(s.session).toMatchObject({ status: "running", activeTurnId: s.turnRow(t2)?.turnId, pendingTurnId: null })
    expect(row(s)).toMatchObject({ uncertain: 1 })
  })

  it("stays so in the next session, which waits for nothing", () => {
    const s = orphaned().start("s2")
    expect(row(s)).toMatchObject({ status: "requested", uncertain: 1, sessionId: id("session s1") })
    expect(s.session).toMatchObject({ status: "ready", pendingTurnId: null })
  })
})

describe("the doubt is resolved in the living session", () => {
  it("by the provider's acceptance: it waits to start, and starts", () => {
    const s = accept(doubted())
    expect(row(s)).toMatchObject({ status: "requested", uncertain: 0, nativeTurnId: t1 })
    expect(s.session).toMatchObject({ status: "starting", pendingTurnId: r })
    begin(s)
    expect(row(s)).toMatchObject({ status: "running", uncertain: 0 })
    expect(s.complete(t1).reasons()).toEqual([])
    expect(row(s)).toMatchObject({ outcome: "completed", evidence: "observed" })
  })

  it("by its start", () => {
    const s = begin(doubted())
    expect(row(s)).toMatchObject({ status: "running", uncertain: 0, nativeTurnId: t1 })
    expect(s.reasons()).toEqual([])
  })

  it("by its end", () => {
    const s = doubted().send("turn.completed", { outcome: "completed" }, { ids: { turnId: r } })
    expect(row(s)).toMatchObject({ status: "ended", outcome: "completed", evidence: "observed", uncertain: 0 })
    expect(s.session?.status).toBe("ready")
  })

  it("by a refusal", () => {
    const s = doubted().send("turn.start-failed", { error: { message: "no" } }, { ids: { turnId: r } })
    expect(row(s)).toMatchObject({ status: "ended", outcome: "failed", evidence: "observed", uncertain: 0 })
  })

  it("by the acceptance of another turn's id: its message steered", () => {
    const s = doubted().turn(t1)
    accept(s)
    expect(row(s)).toMatchObject({ outcome: "cancelled", cause: "steered", steeredInto: s.turnRow(t1)?.turnId })
    expect(s.session).toMatchObject({ status: "running" })
  })

  it("by a person, who cancels it", () => {
    const s = doubted().send("turn.interrupt-requested", {}, about)
    expect(row(s)).toMatchObject({ outcome: "cancelled", cause: "interrupt-requested", evidence: "inferred" })
    expect(s.session?.status).toBe("ready")
  })
})

describe("the doubt is resolved after the session's end", () => {
  it.each([
    ["acceptance", accept, "accepted-before-exit"],
    ["start", begin, "started-before-exit"],
  ] as const)("by its %s: it went with the session, and its own end still counts", (_, say, cause) => {
    for (const s of [orphaned(), orphaned().start("s2")]) {
      say(s)
      expect(row(s)).toMatchObject({
        status: "ended",
        outcome: "interrupted",
        evidence: "inferred",
        uncertain: 0,
        cause,
      })
      expect(row(s)?.nativeTurnId).toBe(t1)
      s.complete(t1)
      expect(row(s)).toMatchObject({ outcome: "completed", evidence: "observed" })
      expect(s.reasons()).toEqual([])
    }
  })

  it("by its end", () => {
    const s = orphaned().start("s2")
    s.send("turn.completed", { outcome: "failed" }, { ids: { turnId: r } })
    expect(row(s)).toMatchObject({ outcome: "failed", evidence: "observed", uncertain: 0 })
    expect(s.session).toMatchObject({ epoch: 2, status: "ready" })
  })

  it("by a person, who cancels it", () => {
    const s = orphaned().send("turn.interrupt-requested", {}, about)
    expect(row(s)).toMatchObject({ outcome: "cancelled", uncertain: 0 })
    expect(s.session?.status).toBe("stopped")
  })

  it("by the answer to a turn that was not known to be delivered", () => {
    const s = accept(requested().send("session.exited", { reason: "exit" }).start("s2"))
    expect(row(s)).toMatchObject({ outcome: "interrupted", cause: "accepted-before-exit", sessionId: id("session s1") })
    expect(row(s)).toMatchObject({ settled: 0 })
    expect(s.session).toMatchObject({ status: "ready", pendingTurnId: null })
  })

  it("not by a start that names another turn's id", () => {
    const s = orphaned().start("s2").turn(t1, "s2").complete(t1, "completed", "s2")
    begin(s)
    expect(row(s)).toMatchObject({ status: "ended", outcome: "interrupted", nativeTurnId: null })
  })

  it("never by events of the next session about other turns", () => {
    const s = orphaned().start("s2").turn(t2, "s2").complete(t2, "completed", "s2")
    expect(row(s)).toMatchObject({ status: "requested", uncertain: 1 })
  })
})

describe("other outcomes of calls", () => {
  it("are kept and change no turn", () => {
    for (const type of ["effect.delivered", "effect.failed", "effect.uncertain"] as const) {
      for (const effect of ["turn.interrupt", "request.answer", "session.stop", "session.start"]) {
        const s = new Scenario().start().turn(t1)
        const before = s.turnRow(t1)
        s.send(type, { effect, message: "x" }, { session: null, ids: { turnId: before?.turnId ?? null } })
        expect(s.turnRow(t1)).toEqual(before)
        expect(s.reasons()).toEqual([])
      }
    }
  })
})
