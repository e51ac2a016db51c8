import { describe, expect, it } from "vitest"
import { id, Scenario, strong } from "../../test/Scenario.js"

const [t1, t2, t3] = [strong("t1"), strong("t2"), strong("t3")]
const session = `session:${id("session s1")}`
const ours = (label: string) => ({ turnId: id(label) })
const row = (s: Scenario, label: string) => s.rows.all("turns").find(({ turnId }) => turnId === id(label))
const request = (s: Scenario, label: string, more: object = {}) =>
  s.send("turn.requested", { text: label }, { session: null, ids: ours(label), ...more })
const accept = (s: Scenario, label: string, native: string, by: string | null = "s1") =>
  s.send("turn.accepted", {}, { session: by, ids: ours(label), native: { turnId: native } })
/** A turn that was delivered to a session whose end left it uncertain. */
const uncertain = (...labels: readonly string[]) => {
  const s = new Scenario().start()
  for (const label of labels) s.send("turn.requested", { handedOver: true }, { ids: ours(label) })
  return s.send("session.exited", { reason: "exit" })
}

describe("rule 2: a request for a turn", () => {
  it("makes one turn, in the order of requests, with what it says", () => {
    const s = request(request(new Scenario().start(), "A"), "B", { native: { clientId: "c-1" } })
    expect(s.rows.all("turns")).toMatchObject([
      { ordinal: 1, status: "requested", origin: "client", sessionId: null, clientId: null, callId: null },
      { ordinal: 2, status: "requested", origin: "client", clientId: "c-1" },
    ])
    expect(s.state.thread?.turns).toBe(2)
    expect(request(s, "A").anomalies()).toEqual([`turn-restarted turn:${id("A")}`])
  })

  it("keeps the parts of its message, where it has more than a text", () => {
    const parts = [{ type: "skill", name: "pdf" }] as const
    const s = request(request(new Scenario(), "A"), "B")
    s.send("turn.requested", { text: "C", parts }, { session: null, ids: ours("C") })
    expect(s.rows.all("turns").map((turn) => turn.parts)).toEqual([null, null, parts])
  })

  it("of an import is told apart", () => {
    expect(row(request(new Scenario(), "A", { actor: "import" }), "A")).toMatchObject({ origin: "import" })
    const s = new Scenario().send("turn.requested", { origin: "realtime" }, { session: null, ids: ours("A") })
    expect(row(s, "A")).toMatchObject({ origin: "realtime" })
  })

  it("that was delivered belongs to the session that lives, whether or not it names it", () => {
    const asked = (s: Scenario, by: string | null) =>
      row(s.send("turn.requested", { handedOver: true }, { session: by, ids: ours("A") }), "A")
    const delivered = { handedOver: 1, sessionId: id("session s1") }
    expect(asked(new Scenario().start(), "s1")).toMatchObject(delivered)
    expect(asked(new Scenario().start(), null)).toMatchObject(delivered)
    expect(asked(new Scenario(), null)).toMatchObject({ handedOver: 1, sessionId: null })
    const waits = new Scenario().start().send("turn.requested", { handedOver: false }, { ids: ours("A") })
    expect(row(waits, "A")).toMatchObject({ handedOver: 0, sessionId: id("session s1") })
  })

  it("with an id that is none of ours is kept", () => {
    const s = new Scenario().send("turn.requested", {}, { session: null, ids: { turnId: "no id" } })
    expect(s.rows.all("turns")).toEqual([])
    expect(s.anomalies()).toEqual(["turn-unknown turn:-"])
  })
})

describe("rule 2: an acceptance", () => {
  it("binds the name and the session, and changes nothing of the session", () => {
    const s = request(new Scenario().start(), "A").status("error")
    accept(accept(s, "A", t1), "A", t1)
    expect(row(s, "A")).toMatchObject({
      status: "requested",
      nativeTurnId: t1,
      handedOver: 1,
      sessionId: id("session s1"),
    })
    expect(s.session?.status).toBe("error")
    expect(row(accept(s, "A", t1, null), "A")).toMatchObject({ sessionId: id("session s1") })
    expect(s.reasons()).toEqual([])
  })

  it("of no turn, of an unknown one or of one that ended otherwise is unmatched", () => {
    const s = request(new Scenario().start(), "A").send("turn.accepted", {}, { ids: ours("A") })
    s.send("turn.accepted", {}, { native: { turnId: "turn-1" } })
    expect(row(s, "A")).toMatchObject({ nativeTurnId: null, handedOver: 0 })
    s.send("turn.start-failed", { error: { message: "no" } }, { session: null, ids: ours("A") })
    accept(s, "A", t1)
    expect(row(s, "A")).toMatchObject({ status: "ended", cause: "start-failed", nativeTurnId: null })
    expect(s.anomalies()).toEqual([
      `turn-accept-unmatched native-turn:${id("session s1")}/-`,
      `turn-accept-unmatched native-turn:${id("session s1")}/turn-1`,
      `turn-accept-unmatched native-turn:${t1}`,
    ])
  })

  it("that names a running turn is a steer, which is observed", () => {
    expect(row(accept(request(new Scenario().start().turn(t1), "A"), "A", t1), "A")).toMatchObject({
      outcome: "cancelled",
      cause: "steered",
      evidence: "observed",
    })
  })

  it("that names a turn whose end came before ends it: it will not start", () => {
    const s = accept(request(new Scenario().start().complete(t1), "A"), "A", t1)
    expect(row(s, "A")).toMatchObject({
      status: "ended",
      outcome: "unknown",
      cause: "ended-before-accepted",
      evidence: "inferred",
      settled: 1,
      nativeTurnId: t1,
      handedOver: 1,
      sessionId: id("session s1"),
    })
    expect(s.session).toMatchObject({ status: "ready", pendingTurnId: null })
  })

  it("of a replaced session changes nothing of a turn that the living session has accepted", () => {
    const s = accept(request(new Scenario().start().start("s2"), "A"), "A", t2, "s2")
    const before = row(s, "A")
    accept(s, "A", t1)
    expect(row(s, "A")).toEqual(before)
    expect(s.anomalies()).toEqual([`session-stale ${session} (turn.accepted)`])
  })
})

describe("rule 2: a turn whose session is gone", () => {
  it("ends with its acceptance, which the session took along", () => {
    const s = accept(request(new Scenario().start(), "A").send("session.exited", { reason: "exit" }), "A", t1)
    expect(row(s, "A")).toMatchObject({
      outcome: "interrupted",
      cause: "accepted-before-exit",
      evidence: "inferred",
      nativeTurnId: t1,
      handedOver: 1,
      sessionId: id("session s1"),
    })
  })

  it("ends with its start, and no other turn does", () => {
    const s = uncertain("A", "B").send("turn.started", {}, { ids: ours("B"), native: { turnId: t1 } })
    expect(row(s, "A")).toMatchObject({ status: "requested", uncertain: 1 })
    expect(row(s, "B")).toMatchObject({
      outcome: "interrupted",
      cause: "started-before-exit",
      uncertain: 0,
      nativeTurnId: t1,
    })
    expect(s.reasons()).toEqual([])
  })

  it("has no name where its start has none, or where the name is another turn's", () => {
    const unnamed = uncertain("A").send("turn.started", {}, { ids: ours("A") })
    expect(row(unnamed, "A")).toMatchObject({ status: "ended", nativeTurnId: null })
    const s = new Scenario().start().turn(t1)
    s.send("turn.requested", { handedOver: true }, { ids: ours("A") }).send("session.exited", { reason: "exit" })
    s.send("turn.started", {}, { ids: ours("A"), native: { turnId: t1 } })
    expect(row(s, "A")).toMatchObject({ status: "ended", cause: "started-before-exit", nativeTurnId: null })
  })

  it("waits for the next session where it was not delivered, whatever the old one starts", () => {
    const s = request(new Scenario().start(), "A").send("session.exited", { reason: "exit" })
    s.send("turn.started", {}, { ids: ours("A"), native: { turnId: t1 } })
    expect(row(s, "A")).toMatchObject({ status: "requested", uncertain: 0 })
    expect(s.anomalies()).toEqual([`session-event-after-exit ${session} (turn.started)`])
  })
})

describe("rule 2: a failed start", () => {
  it("ends only a turn that has not started", () => {
    const s = request(new Scenario().start(), "A")
    const fail = (ids: object) => s.send("turn.start-failed", { error: { message: "no" } }, { session: null, ids })
    fail(ours("A"))
    expect(row(s, "A")).toMatchObject({ outcome: "failed", cause: "start-failed", error: { message: "no" } })
    const before = row(s, "A")
    fail(ours("A"))
    expect(row(s, "A")).toEqual(before)
    fail({})
    expect(s.anomalies()).toEqual([`turn-unknown turn:${id("A")}`, "turn-unknown turn:-"])
  })
})

describe("rule 3: a start", () => {
  it("of a turn that we asked for ends the running one, superseded", () => {
    const s = accept(request(new Scenario().start().turn(t1), "A"), "A", t2).turn(t2)
    expect(s.turnRow(t1)).toMatchObject({ outcome: "cancelled", cause: "superseded", supersededBy: id("A") })
    expect(s.session).toMatchObject({ status: "running", activeTurnId: id("A") })
    expect(row(s, "A")).toMatchObject({ status: "running", handedOver: 1 })
    expect(s.reasons()).toEqual([])
  })

  it("of a turn that nobody asked for is a conflict, which names the running one", () => {
    const s = new Scenario()
      .start()
      .turn(t1)
      .send("turn.started", {}, { ids: ours("A"), native: { turnId: t2 } })
    expect(s.anomalies()).toEqual([`turn-conflict turn:${id("A")} (turn ${s.state.active?.turnId} is active)`])
  })

  it("under the name of another turn is a conflict", () => {
    const s = request(new Scenario().start().turn(t1).complete(t1), "A")
    s.send("turn.started", {}, { ids: ours("A"), native: { turnId: t1 } })
    expect(row(s, "A")).toMatchObject({ status: "requested", nativeTurnId: null })
    expect(s.anomalies()).toEqual([`turn-conflict turn:${id("A")} (the native id ${t1} is another turn's)`])
  })

  it("again of the running turn is noted, unless it is a join", () => {
    const s = new Scenario().start().turn(t1).turn(t1, "s1", { joined: true })
    const before = s.turnRow(t1)
    expect(s.reasons()).toEqual([])
    expect(s.turn(t1).anomalies()).toEqual([`turn-restarted turn:${before?.turnId}`])
    expect(s.turnRow(t1)).toEqual(before)
  })

  it("without a turn, or without a session, is kept", () => {
    const s = new Scenario().start().send("turn.started", {})
    s.send("turn.started", {}, { session: null, ids: ours("A") })
    expect(s.rows.all("turns")).toEqual([])
    expect(s.anomalies()).toEqual([
      `turn-unknown ${session} (a start without any turn id)`,
      "session-unknown session:- (turn.started)",
    ])
  })

  it("shows that the turn was delivered, where we asked for it", () => {
    const s = new Scenario().start().turn(t1).complete(t1).turn(t2, "s1", { synthetic: true }).complete(t2)
    expect(s.rows.all("turns")).toMatchObject([
      { handedOver: 0, ordinal: 1, origin: "provider" },
      { handedOver: 0, ordinal: 2, origin: "synthetic" },
    ])
    request(s, "A").send("turn.started", {}, { ids: ours("A") })
    expect(row(s, "A")).toMatchObject({ status: "running", handedOver: 1, origin: "client" })
    expect(s.state.baseline).toBeNull()
  })

  it("without a name is that of the turn which it is, whatever else waits without a name", () => {
    const s = new Scenario().start().send("turn.requested", { handedOver: true }, { ids: ours("A") })
    s.send("turn.started", {}, { ids: ours("B") })
    expect([row(s, "A")?.status, row(s, "B")?.status]).toEqual(["requested", "running"])
    expect(s.reasons()).toEqual([])
  })
})

describe("rule 2: a turn that a join brings back", () => {
  const inferred = () => new Scenario().start().turn(t1).status("ready")
  const join = (s: Scenario, native = t1) => s.turn(native, "s1", { joined: true })

  it("keeps its start, and has no provisional end", () => {
    const s = inferred()
    const { startedAt } = s.turnRow(t1) ?? {}
    expect(join(s).turnRow(t1)).toMatchObject({ status: "running", startedAt })
    expect(s.state.provisional).toBeNull()
  })

  it("starts now where only content was known of it", () => {
    const s = new Scenario().start()
    s.send("item.completed", { kind: "agent_message", status: "completed" }, { native: { turnId: t1, itemId: "m1" } })
    expect(s.turnRow(t1)).toMatchObject({ status: "ended", startedAt: null })
    expect(join(s).turnRow(t1)).toMatchObject({ status: "running", startedAt: s.log.at(-1)?.at })
  })

  it("leaves the provisional end of another turn to that one", () => {
    const s = inferred().turn(t2).item("c2", t2, { kind: "command", processId: "p2" }).status("ready")
    join(s).complete(t2)
    expect(s.rows.all("tasks")).toMatchObject([{ turnId: s.turnRow(t2)?.turnId, status: "running" }])
    expect(s.turnRow(t1)?.status).toBe("running")
  })

  it("has a strong name: one without a name stays as it is", () => {
    const s = new Scenario()
      .start()
      .send("turn.started", {}, { ids: ours("A") })
      .status("ready")
    s.send("turn.started", { joined: true }, { ids: ours("A") })
    expect(row(s, "A")).toMatchObject({ status: "ended", nativeTurnId: null })
  })
})

describe("rule 9: the id of a delegation that was steered", () => {
  it("becomes no turn, neither by a request nor by a start nor by content", () => {
    const s = new Scenario().start().turn(t1)
    const turnId = s.turnRow(t1)?.turnId ?? null
    s.send("delegation.opened", { route: "steered" }, { session: null, ids: { delegationId: id("D"), turnId } })
    request(s, "D").send("turn.started", { supersedes: true }, { ids: ours("D"), native: { turnId: t2 } })
    s.send(
      "item.completed",
      { kind: "agent_message", status: "completed" },
      { ids: ours("D"), native: { turnId: t3, itemId: "m1" } },
    )
    expect(s.rows.all("turns")).toHaveLength(1)
    expect(s.rows.all("items")).toEqual([])
    expect(s.anomalies()).toEqual([
      `turn-conflict turn:${id("D")} (the id is that of a delegation that went into another turn)`,
      `item-without-turn turn:${id("D")}`,
    ])
  })
})
