import type { SessionStatus } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { id, Scenario, strong } from "../../test/Scenario.js"

const t1 = strong("t1")
const t2 = strong("t2")
const inactive: readonly SessionStatus[] = ["ready", "interrupted", "stopped", "error"]
const inferred = { ready: "unknown", interrupted: "interrupted", stopped: "interrupted", error: "failed" } as const

describe("rule 1: the pointer", () => {
  it.each(inactive)("an inactive session (%s) holds no active turn, and its turn ends inferred", (status) => {
    const s = new Scenario().start().turn(t1).status(status)
    expect(s.session).toMatchObject({ status, activeTurnId: null })
    expect(s.state.active).toBeNull()
    expect(s.turnRow(t1)).toMatchObject({
      status: "ended",
      evidence: "inferred",
      cause: `session-${status}`,
      settled: 0,
    })
    expect(s.turnRow(t1)?.outcome).toBe(inferred[status as keyof typeof inferred])
    expect(s.reasons()).toEqual([])
  })

  it.each(["starting", "running"] as const)("an active status (%s) keeps the turn", (status) => {
    const s = new Scenario().start().turn(t1).status(status)
    expect(s.session).toMatchObject({ status: "running", activeTurnId: s.turnRow(t1)?.turnId })
    expect(s.turnRow(t1)?.status).toBe("running")
  })

  it("a session.started or thread.started of the same session in mid-turn keeps it", () => {
    const s = new Scenario().start().turn(t1).start().send("thread.started", { title: "again" })
    expect(s.session).toMatchObject({ status: "running", epoch: 1, activeTurnId: s.turnRow(t1)?.turnId })
    expect(s.state.thread?.title).toBe("again")
  })

  it("an observed terminal of the active turn makes the session ready, except from error", () => {
    expect(new Scenario().start().turn(t1).complete(t1).session).toMatchObject({ status: "ready", activeTurnId: null })
    const s = new Scenario().start().turn(t1)
    s.send("runtime.error", { message: "gone", willRetry: false }, { native: { turnId: t1 } }).complete(t1, "failed")
    expect(s.session).toMatchObject({ status: "error", lastError: "gone" })
    expect(s.turnRow(t1)).toMatchObject({ outcome: "failed", evidence: "observed" })
  })
})

describe("rule 2: the turn", () => {
  it("a late turn.completed makes the outcome observed and leaves the session alone", () => {
    const s = new Scenario().start().turn(t1).status("ready").complete(t1)
    expect(s.turnRow(t1)).toMatchObject({ outcome: "completed", evidence: "observed", settled: 1 })
    expect(s.session?.status).toBe("ready")
    expect(s.reasons()).toEqual([])
  })

  it("an observed outcome is absorbing", () => {
    const s = new Scenario().start().turn(t1).complete(t1).complete(t1, "failed")
    s.send("turn.aborted", {}, { native: { turnId: t1 } }).turn(t1)
    expect(s.turnRow(t1)).toMatchObject({ status: "ended", outcome: "completed" })
    expect(s.reasons()).toEqual(["turn-terminal-duplicate", "turn-restarted"])
    expect(s.rows.all("anomalies")[0]?.count).toBe(2)
  })

  it("an inferred end is replaced once only", () => {
    const s = new Scenario().start().turn(t1).status("ready").complete(t1, "interrupted").complete(t1)
    expect(s.turnRow(t1)?.outcome).toBe("interrupted")
    expect(s.reasons()).toEqual(["turn-terminal-duplicate"])
  })

  it("an end of ours counts, too, and the reason of an abort is its cause", () => {
    const s = new Scenario().start().turn(t1)
    s.send("turn.completed", { outcome: "completed" }, { session: null, native: { turnId: t1 } })
    expect(s.turnRow(t1)).toMatchObject({ outcome: "completed", evidence: "observed" })
    const aborted = (reason?: string) =>
      new Scenario()
        .start()
        .turn(t1)
        .send("turn.aborted", reason === undefined ? {} : { reason }, { native: { turnId: t1 } })
    expect(aborted("budget").turnRow(t1)).toMatchObject({ outcome: "interrupted", cause: "budget" })
    expect(aborted().turnRow(t1)).toMatchObject({ outcome: "interrupted", cause: "aborted" })
  })

  it("the end of a turn that has not started frees the session, a late one says nothing of it", () => {
    const s = new Scenario().start()
    s.send("turn.requested", { handedOver: true }, { channel: "client", native: { callId: "3" } })
    s.send("turn.accepted", {}, { native: { turnId: t1, callId: "3" } })
    expect(s.session?.status).toBe("starting")
    expect(s.complete(t1, "failed").session).toMatchObject({ status: "ready", pendingTurnId: null })
    expect(new Scenario().start().turn(t1).status("ready").status("starting").complete(t1).session?.status).toBe(
      "starting",
    )
  })

  it("what names no turn of ours, or one that it cannot be about, is kept", () => {
    const s = new Scenario().start().turn(t1)
    const before = s.turnRow(t1)
    const named = { session: null, ids: { turnId: before?.turnId ?? null } }
    s.send("turn.settled", {}, named).send("turn.settled", {}, { session: null })
    s.send("turn.after-end-settled", { silentMs: 1 }, { session: null })
    s.send("turn.stalled", { silentMs: 1 }, { session: null })
    s.send("turn.interrupt-requested", {}, { session: null })
    s.send("turn.diff.updated", { diff: "x" }).send("turn.diff.updated", { diff: "x" }, { native: { turnId: t2 } })
    expect(s.turnRow(t1)).toEqual(before)
    expect(s.anomalies()).toEqual([
      `turn-unknown turn:${before?.turnId}`,
      "turn-unknown turn:-",
      `turn-unknown session:${id("session s1")}`,
      `turn-unknown native-turn:${t2}`,
    ])
    expect(s.rows.all("anomalies").find(({ subject }) => subject === "turn:-")?.count).toBe(3)
  })

  it("what a log says of a turn that it never had is kept", () => {
    const s = new Scenario().start()
    s.send("turn.completed", { outcome: "completed" }, { ids: { turnId: id("lost") }, asRecorded: true })
    expect(s.rows.all("turns")).toEqual([])
    expect(s.anomalies()).toEqual([`turn-unknown turn:${id("lost")}`])
  })

  it("an interrupt of a turn that is over, and a stall of one that does not run, change nothing", () => {
    const s = new Scenario().start().turn(t1).complete(t1).turn(t2)
    const ended = s.turnRow(t1)
    const named = { session: null, ids: { turnId: ended?.turnId ?? null } }
    s.send("turn.interrupt-requested", {}, named).send("turn.stalled", { silentMs: 1 }, named)
    expect(s.turnRow(t1)).toEqual(ended)
    expect(s.turnRow(t2)?.stalled).toBe(0)
    expect(s.anomalies()).toEqual([`turn-unknown turn:${ended?.turnId}`])
  })

  it("an interrupt of a turn that is being delivered waits for the provider", () => {
    const s = new Scenario().start().send("turn.requested", {}, { session: null, ids: { turnId: id("T") } })
    s.send("turn.interrupt-requested", { underWay: true }, { session: null, ids: { turnId: id("T") } })
    expect(s.rows.all("turns")).toMatchObject([{ status: "requested", interruptRequestedAt: s.log.at(-1)?.at }])
  })

  it("turn.settled makes an inferred end final without making it observed", () => {
    const s = new Scenario().start().turn(t1).status("ready")
    const turnId = s.turnRow(t1)?.turnId ?? null
    s.send("turn.settled", {}, { session: null, ids: { turnId } })
    expect(s.turnRow(t1)).toMatchObject({ outcome: "unknown", evidence: "inferred", settled: 1 })
  })

  it("a requested turn keeps the session starting through a ready, is bound by the answer, and starts once", () => {
    const s = new Scenario().start()
    const turnId = id("requested")
    s.send(
      "turn.requested",
      { text: "do it", handedOver: true },
      { channel: "client", ids: { turnId }, native: { callId: "3" } },
    )
    expect(s.session).toMatchObject({ status: "starting", pendingTurnId: turnId })
    s.status("ready")
    expect(s.session?.status).toBe("starting")
    s.send("turn.accepted", {}, { native: { turnId: t1, callId: "3" } }).turn(t1)
    expect(s.turnRow(t1)).toMatchObject({ turnId, status: "running", text: "do it" })
    expect(s.session).toMatchObject({ status: "running", activeTurnId: turnId, pendingTurnId: null })
    expect(s.rows.all("turns")).toHaveLength(1)
  })

  it("an answer that names a bound turn means that the message steered", () => {
    const s = new Scenario().start().turn(t1)
    s.send("turn.requested", { text: "B", handedOver: true }, { channel: "client", native: { callId: "4" } })
    s.send("turn.accepted", {}, { native: { turnId: t1, callId: "4" } })
    const steered = s.rows.all("turns").find((turn) => turn.cause === "steered")
    expect(steered).toMatchObject({ outcome: "cancelled", steeredInto: s.turnRow(t1)?.turnId })
    expect(s.session).toMatchObject({ status: "running", activeTurnId: s.turnRow(t1)?.turnId })
  })

  it("a failed start ends the requested turn failed and frees the session", () => {
    const s = new Scenario().start()
    s.send("turn.requested", { handedOver: true }, { channel: "client", native: { callId: "5" } })
    s.send("turn.start-failed", { error: { message: "missing field" } }, { channel: "client", native: { callId: "5" } })
    expect(s.rows.all("turns")[0]).toMatchObject({
      outcome: "failed",
      evidence: "observed",
      error: { message: "missing field" },
    })
    expect(s.session?.status).toBe("ready")
  })

  it("not delivered it survives an exit and starts in the next session; delivered and unanswered it is uncertain", () => {
    const s = new Scenario().start()
    const kept = id("kept")
    s.send("turn.requested", { handedOver: false }, { channel: "client", ids: { turnId: kept } })
    s.send("turn.requested", { handedOver: true }, { channel: "client", ids: { turnId: id("doubt") } })
    s.send("session.exited", { reason: "exit", signal: "SIGKILL" })
    expect(s.state.requested.map((turn) => [turn.turnId, turn.uncertain])).toEqual([
      [kept, 0],
      [id("doubt"), 1],
    ])
    s.start("s2").send("turn.started", {}, { session: "s2", ids: { turnId: kept }, native: { turnId: t1 } })
    expect(s.turnRow(t1)).toMatchObject({ turnId: kept, status: "running", sessionId: id("session s2") })
  })

  it("a process exit ends the turn interrupted, with the signal as its cause", () => {
    const s = new Scenario().start().turn(t1).send("session.exited", { reason: "exit", signal: "SIGKILL" })
    expect(s.turnRow(t1)).toMatchObject({ outcome: "interrupted", evidence: "inferred", cause: "exit signal=SIGKILL" })
    expect(s.session).toMatchObject({ status: "stopped", signal: "SIGKILL", evidence: "observed" })
  })

  it("a retried error, one of another turn, and one of no turn end nothing", () => {
    const s = new Scenario().start().turn(t1)
    s.send("runtime.error", { message: "Reconnecting... 1/2", willRetry: true }, { native: { turnId: t1 } })
    s.send("runtime.error", { message: "other", willRetry: false }, { native: { turnId: t2 } })
    s.send("runtime.error", { message: "none", willRetry: false })
    expect(s.session).toMatchObject({ status: "running", lastError: "none" })
    expect(s.turnRow(t1)?.status).toBe("running")
  })
})

describe("rule 3: at most one active turn", () => {
  it("a second start that was not requested is a conflict", () => {
    const s = new Scenario().start().turn(t1).turn(t2)
    expect(s.state.active?.nativeTurnId).toBe(t1)
    expect(s.turnRow(t2)).toBeUndefined()
    expect(s.reasons()).toEqual(["turn-conflict"])
  })

  it("one that supersedes ends the old one cancelled", () => {
    const s = new Scenario().start().turn(t1).turn(t2, "s1", { supersedes: true })
    expect(s.turnRow(t1)).toMatchObject({
      outcome: "cancelled",
      cause: "superseded",
      supersededBy: s.turnRow(t2)?.turnId,
    })
    expect(s.session?.activeTurnId).toBe(s.turnRow(t2)?.turnId)
  })

  it("untargeted and unknown terminals change nothing, and an unknown one is a tombstone", () => {
    const s = new Scenario().start().turn(t1).send("turn.completed", { outcome: "completed" }).complete(t2).turn(t2)
    expect(s.session?.activeTurnId).toBe(s.turnRow(t1)?.turnId)
    expect(s.turnRow(t2)).toBeUndefined()
    expect(s.reasons()).toEqual(["turn-terminal-untargeted", "turn-terminal-unknown", "turn-start-after-terminal"])
  })

  it("an agent may start work itself on an inactive session, but not on a stopped one", () => {
    const s = new Scenario().start().turn(t1).status("ready").turn(t2)
    expect(s.session).toMatchObject({ status: "running", activeTurnId: s.turnRow(t2)?.turnId })
    s.send("session.exited", { reason: "exit", code: 0 }).turn(strong("t3"))
    expect(s.turnRow(strong("t3"))).toBeUndefined()
    expect(s.reasons()).toEqual(["session-event-after-exit"])
  })

  it("an item of a turn that never said it started opens it, synthetic", () => {
    const s = new Scenario().start().item("i1", t1)
    expect(s.turnRow(t1)).toMatchObject({ origin: "synthetic", status: "running" })
    expect(s.itemRow("i1")?.turnId).toBe(s.turnRow(t1)?.turnId)
  })

  it("events of another thread's stream cannot reach this one: the same native turn in two threads is two turns", () => {
    const parent = new Scenario(id("parent")).start().turn(t1)
    const child = new Scenario(id("child")).start("s9").turn(t1, "s9").complete(t1, "completed", "s9")
    expect(parent.turnRow(t1)?.status).toBe("running")
    expect(child.turnRow(t1)?.turnId).not.toBe(parent.turnRow(t1)?.turnId)
  })
})

describe("rule 4: the epoch fence", () => {
  it("the next session ends the one before as replaced, and its late events change nothing of the current one", () => {
    const s = new Scenario().start().turn("turn-1").item("i1", "turn-1").start("s2")
    expect(s.turnRow("turn-1")).toMatchObject({ outcome: "interrupted", cause: "replaced", evidence: "inferred" })
    expect(s.rows.find("sessions", "key", [id("session s1")])).toMatchObject({
      status: "stopped",
      cause: "replaced",
      evidence: "inferred",
    })
    s.turn("turn-1", "s2").status("ready", "s1").item("i9", "turn-1", {}, "s1").turn("turn-5", "s1")
    expect(s.session).toMatchObject({ epoch: 2, status: "running" })
    expect(s.rows.all("turns")).toHaveLength(2)
    expect(s.itemRow("i9")).toBeUndefined()
    expect(new Set(s.reasons())).toEqual(new Set(["session-stale"]))
  })

  it("it may complete the evidence of its own turn", () => {
    const s = new Scenario()
      .start()
      .turn("turn-1")
      .start("s2")
      .turn("turn-1", "s2")
      .complete("turn-1", "completed", "s1")
    const [first, second] = s.rows.all("turns")
    expect(first).toMatchObject({ outcome: "completed", evidence: "observed" })
    expect(second?.status).toBe("running")
  })

  it("a weak id in two sessions makes two turns with two ids, a strong one is the same turn", () => {
    const s = new Scenario().start().turn("turn-1").complete("turn-1").start("s2").turn("turn-1", "s2")
    const ids = s.rows.all("turns").map((turn) => turn.turnId)
    expect(new Set(ids).size).toBe(2)
    const again = new Scenario().start().turn(t1).complete(t1).start("s2").turn(t1, "s2")
    expect(again.rows.all("turns")).toHaveLength(1)
    expect(again.reasons()).toEqual(["turn-restarted"])
  })

  it("an event of a session that never started is kept as an anomaly", () => {
    const s = new Scenario().start().turn(t1, "missing")
    expect(s.rows.all("turns")).toHaveLength(0)
    expect(s.reasons()).toEqual(["session-unknown"])
  })
})

describe("rule 2 in a recording: there is no turn.settled, so the session's end settles", () => {
  const recorded = () =>
    new Scenario().send("session.started", { provider: "codex", mode: "imported" }).send("realtime.started", {})
  const hand = (s: Scenario, turnId: string) =>
    s.send("realtime.handoff", { text: "fix it" }, { native: { handoffId: `of ${turnId}`, turnId } })
  const settled = (s: Scenario) => s.rows.all("turns").map((turn) => [turn.outcome, turn.evidence, turn.settled])
  const handOvers = (s: Scenario) => s.rows.all("delegations").map((one) => one.status)

  it("settles the running turn and closes its delegation", () => {
    const s = hand(recorded().turn(t1), t1).send("session.exited", { reason: "recording-ended" })
    expect(settled(s)).toEqual([["interrupted", "inferred", 1]])
    expect(handOvers(s)).toEqual(["closed"])
  })

  it("settles the turn that ended before, whose own end still counts until then and after", () => {
    const s = hand(recorded().turn(t1), t1).status("ready")
    expect([settled(s), handOvers(s)]).toEqual([[["unknown", "inferred", 0]], ["open"]])
    s.send("session.exited", { reason: "recording-ended" })
    expect([settled(s), handOvers(s)]).toEqual([[["unknown", "inferred", 1]], ["closed"]])
    expect(settled(s.complete(t1))).toEqual([["completed", "observed", 1]])
    expect(s.reasons()).toEqual([])
  })

  it("settles every turn of the session, not the last one alone", () => {
    const s = hand(recorded().turn(t1), t1).status("ready")
    hand(s.turn(t2), t2).status("ready").send("session.exited", { reason: "exit", code: 0 })
    expect(settled(s)).toEqual([
      ["unknown", "inferred", 1],
      ["unknown", "inferred", 1],
    ])
    expect(handOvers(s)).toEqual(["closed", "closed"])
  })

  it("settles the turns that never ran", () => {
    const s = recorded().send(
      "turn.requested",
      { handedOver: true },
      { native: { callId: "7" }, ids: { turnId: id("asked") } },
    )
    expect(settled(s.send("session.exited", { reason: "recording-ended" }))).toEqual([["unknown", "inferred", 1]])
  })

  it("leaves a provisional end of a living session to turn.settled", () => {
    const s = new Scenario().start().turn(t1).status("ready").send("session.exited", { reason: "exit" })
    expect(settled(s)).toEqual([["unknown", "inferred", 0]])
  })

  it("leaves the turns of a living session to turn.settled", () => {
    const s = hand(new Scenario().start().send("realtime.started", {}).turn(t1), t1)
    s.send("session.exited", { reason: "exit", code: 0 })
    expect([settled(s), handOvers(s)]).toEqual([[["interrupted", "inferred", 0]], ["open"]])
  })
})
