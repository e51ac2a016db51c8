import { describe, expect, it } from "vitest"
import { id, Scenario, strong } from "../../test/Scenario.js"

const t1 = strong("t1")
const t2 = strong("t2")
const lapse = { leaseMs: 30_000 }
const request = (s: Scenario, turnId: string, handedOver: boolean, session: string | null = null) =>
  s.send("turn.requested", { handedOver }, { session, ids: { turnId } })

describe("sessions: start", () => {
  it("the first one has epoch 1 and is ready", () => {
    const s = new Scenario().start()
    expect(s.session).toMatchObject({ epoch: 1, status: "ready", evidence: null, endedAt: null })
    expect(s.session).toMatchObject({ connectionId: null, usageMode: "cumulative-thread", leaseMs: null })
    expect(s.state.channels).toEqual({ agent: 1 })
    expect(s.state.thread?.lastActivityAt).toBe(s.log.at(-1)?.recordedAt)
    expect(s.state.thread).toMatchObject({ provider: "codex", sessionId: id("session s1") })
  })

  it("says how it is attached", () => {
    const connectionId = id("connection")
    const told = { connectionId, usageMode: "per-turn", leaseMs: 30_000 } as const
    const s = new Scenario().send("session.started", { provider: "x", mode: "attached", ...told })
    expect(s.session).toMatchObject({ mode: "attached", ...told })
    expect(new Scenario().send("session.started", { provider: "x", mode: "managed" }).session?.usageMode).toBeNull()
  })

  it("and its status are told by an event of a session only", () => {
    const s = new Scenario().send("session.started", { provider: "x", mode: "managed" }, { session: null })
    s.send("session.state.changed", { state: "ready" }, { session: null })
    expect(s.session).toBeNull()
    expect(s.reasons()).toEqual([])
  })

  it("each next one has the next epoch", () => {
    const s = new Scenario().start().start("s2").start("s3")
    expect(s.rows.all("sessions").map((row) => [row.epoch, row.endedAt === null])).toEqual([
      [1, false],
      [2, false],
      [3, true],
    ])
  })

  it("the same session again is ready outside a turn, whatever it was", () => {
    expect(new Scenario().start().status("error").start().session).toMatchObject({ status: "ready", epoch: 1 })
    expect(new Scenario().start().status("running").start().session?.status).toBe("ready")
  })

  it("a session that ended or was replaced does not start again", () => {
    const s = new Scenario().start().send("session.exited", { reason: "exit" }).start()
    expect(s.session?.status).toBe("stopped")
    s.start("s2").start("s1")
    expect(s.session).toMatchObject({ sessionId: id("session s2"), epoch: 2 })
    expect(s.reasons()).toEqual(["session-event-after-exit", "session-stale"])
  })

  it("keeps its configuration until another one is reported", () => {
    const s = new Scenario().start().send("session.configured", { model: "a", cwd: "/x", approvalPolicy: "never" })
    s.send("session.configured", { model: "b", sandbox: "strict" })
    expect(s.session).toMatchObject({
      model: "b",
      cwd: "/x",
      config: { approvalPolicy: "never", sandbox: "strict" },
    })
    expect(s.state.thread).toMatchObject({ model: "b", cwd: "/x" })
  })

  it("starts with what a client chose before, in a session that we run", () => {
    const before = { model: null, settings: null }
    const chooses = (s: Scenario, chosen: object) =>
      s.sendRaw("session.configure-requested", { chosen, settings: {} }, { session: null })
    const s = chooses(new Scenario().start(), { model: "m1", effort: "high", mode: null })
    expect(s.state.thread?.chosen).toEqual({ model: "m1", effort: "high" })
    expect(s.session?.config).toBeNull()
    s.send("session.configured", { model: "m1", chosen: { model: "m1", effort: "high" } }, { session: null })
    s.send("session.exited", { reason: "exit" })
    chooses(s, { mode: "plan" }).start("s2")
    expect(s.session).toMatchObject({ epoch: 2, config: { chosen: { model: "m1", effort: "high", mode: "plan" } } })

    // The agent takes another effort, and not another model.
    chooses(chooses(s, { effort: "low" }), { model: "none", sandbox: "strict" })
    const refused = { chosen: { model: "none", sandbox: "strict" }, settings: {}, before, message: "no" }
    s.sendRaw("session.configure-failed", refused, { session: null })
    expect(s.state.thread?.chosen).toEqual({ model: "m1", effort: "low", mode: "plan" })
    s.send("session.exited", { reason: "exit" }, { session: "s2" })
    s.send("session.started", { provider: "codex", mode: "imported" }, { session: "s3" })
    expect(s.session?.config).toBeNull()
  })

  it("takes no configuration once it has ended, nor has a thread without a session any", () => {
    const s = new Scenario().start().send("session.exited", { reason: "exit" })
    s.send("session.configured", { model: "late" })
    expect(s.session).toMatchObject({ model: null, config: null })
    expect(s.anomalies()).toEqual([`session-event-after-exit session:${id("session s1")} (session.configured)`])
    expect(new Scenario().send("session.configured", { model: "m" }, { session: null }).reasons()).toEqual([])
  })
})

describe("sessions: the provider's own id", () => {
  it("is the last one that it reported", () => {
    const s = new Scenario().send("session.started", { provider: "x", mode: "managed", nativeSessionId: "a" })
    s.send("session.configured", { model: "m" })
    expect(s.session?.nativeSessionId).toBe("a")
    s.send("session.configured", { nativeSessionId: "b" })
    expect(s.session).toMatchObject({ nativeSessionId: "b", model: "m" })
    expect(s.session?.config).toEqual({})
  })
})

describe("sessions: end", () => {
  it.each([
    [{ reason: "exit", code: 1, message: "out of memory" }, "stopped", "exit code=1"],
    [{ reason: "exit", signal: "SIGKILL" }, "stopped", "exit signal=SIGKILL"],
    [{ reason: "unloaded" }, "stopped", "unloaded"],
    [{ reason: "unloaded", code: null, signal: null }, "stopped", "unloaded"],
    [{ reason: "exit", code: 1, failedStart: true }, "error", "start-failed"],
  ] as const)("%j → %s, cause %s", (payload, status, cause) => {
    const s = new Scenario().start().send("session.exited", payload)
    const {
      code = null,
      message = null,
      signal = null,
    } = { code: undefined, message: undefined, signal: undefined, ...payload }
    expect(s.session).toMatchObject({ status, cause, evidence: "observed", code, signal, lastError: message })
    expect(s.session?.endedAt).not.toBeNull()
    s.send("session.exited", payload)
    expect(s.reasons()).toEqual(["session-exit-duplicate"])
  })

  it.each([
    ["a lapsed lease", (s: Scenario) => s.send("session.lease-lapsed", lapse), "lease-lapsed"],
    [
      "the reaper",
      (s: Scenario) => s.send("session.reaped", { idleMs: 1 }, { session: null, actor: "reaper" }),
      "reaped",
    ],
    [
      "reconciliation",
      (s: Scenario) => s.send("session.reconciled", { liveness: "gone" }, { session: null }),
      "reconciled",
    ],
    ["the provider's status", (s: Scenario) => s.status("stopped"), "session-stopped"],
  ] as const)("%s ends it, inferred, and the exit then completes the evidence", (_, end, cause) => {
    const s = end(new Scenario().start().turn(t1))
    expect(s.session).toMatchObject({ status: "stopped", cause, evidence: "inferred", activeTurnId: null })
    expect(s.turnRow(t1)).toMatchObject({ outcome: "interrupted", evidence: "inferred", cause })
    s.send("session.exited", { reason: "exit", code: 3, signal: "SIGTERM" })
    expect(s.session).toMatchObject({ cause, evidence: "observed", code: 3, signal: "SIGTERM" })
    expect(s.reasons()).toEqual([])
  })

  it.each([
    ["session.lease-lapsed", lapse],
    ["session.reaped", { idleMs: 1 }],
    ["session.reconciled", { liveness: "gone" }],
    ["session.stop-requested", {}],
    ["session.exited", { reason: "exit" }],
  ] as const)("%s of a session that was replaced leaves the living one alone", (type, payload) => {
    const s = request(new Scenario().start().start("s2"), id("r"), false)
    const before = [s.session, s.rows.all("turns")]
    s.send(type, payload, { session: "s1" })
    expect([s.session, s.rows.all("turns")]).toEqual(before)
    expect(s.anomalies()).toEqual([`session-stale session:${id("session s1")} (${type})`])
  })

  it.each([
    ["session.lease-lapsed", lapse],
    ["session.reaped", { idleMs: 1 }],
  ] as const)("%s of a session that has ended is kept", (type, payload) => {
    const s = new Scenario().start().send("session.exited", { reason: "exit" }).send(type, payload)
    expect(s.anomalies()).toEqual([`session-event-after-exit session:${id("session s1")} (${type})`])
  })

  it("an exit in a thread without a session is kept", () => {
    const s = new Scenario().send("session.exited", { reason: "exit" }, { session: null })
    expect(s.anomalies()).toEqual(["session-unknown session:- (session.exited)"])
  })

  it("only gone settles anything", () => {
    const s = new Scenario().start().turn(t1)
    s.send("session.reconciled", { liveness: "unknown" }, { session: null })
    s.send("session.reconciled", { liveness: "alive" }, { session: null })
    expect(s.session).toMatchObject({ status: "running" })
  })

  it("a stopped session opens no turn, does not start again and keeps its last error", () => {
    const s = new Scenario().start().status("stopped").turn(t1).status("running")
    s.send("runtime.error", { message: "x", willRetry: false, fatal: true })
    expect(s.session).toMatchObject({ status: "stopped", lastError: null })
    expect(s.rows.all("turns")).toEqual([])
    expect(s.reasons()).toEqual(["session-event-after-exit"])
  })

  it("a fatal error of the whole session ends the turn failed, whatever it names", () => {
    const s = new Scenario().start().turn(t1)
    s.send("runtime.error", { message: "all is lost", willRetry: true, fatal: true, httpStatus: 402 })
    expect(s.session).toMatchObject({ status: "error", lastError: "all is lost", activeTurnId: null, endedAt: null })
    expect(s.turnRow(t1)).toMatchObject({
      outcome: "failed",
      cause: "runtime-error",
      evidence: "inferred",
      error: { message: "all is lost", code: null, httpStatus: 402, details: null },
    })
    const told = new Scenario().start().turn(t1)
    told.send("runtime.error", { message: "x", willRetry: false, fatal: true, code: "other", details: "why" })
    expect(told.turnRow(t1)).toMatchObject({ error: { message: "x", code: "other", httpStatus: null, details: "why" } })
  })

  it("outside a turn an error is only remembered, unless it is fatal", () => {
    const s = new Scenario().start().send("runtime.error", { message: "none", willRetry: false })
    expect(s.session).toMatchObject({ status: "ready", lastError: "none" })
    s.send("runtime.error", { message: "all", willRetry: false, fatal: true })
    expect(s.session).toMatchObject({ status: "error", lastError: "all" })
    expect(s.reasons()).toEqual([])
    expect(
      new Scenario().send("runtime.error", { message: "x", willRetry: false }, { session: null }).reasons(),
    ).toEqual([])
  })

  it("an error of one turn that waits gives up that one only, a fatal one the session instead", () => {
    const both = () => request(request(new Scenario().start(), id("a"), true), id("b"), true)
    const error = (s: Scenario, fatal: boolean) =>
      s.send("runtime.error", { message: "x", willRetry: false, fatal }, { ids: { turnId: id("b") } })
    const given = error(both(), false)
    expect(given.rows.all("turns").map((turn) => [turn.status, turn.cause])).toEqual([
      ["requested", null],
      ["ended", "start-failed"],
    ])
    expect(given.session).toMatchObject({ status: "starting", lastError: "x" })
    const fatal = error(both(), true)
    expect(fatal.rows.all("turns").map((turn) => turn.status)).toEqual(["requested", "requested"])
    expect(fatal.session).toMatchObject({ status: "error", lastError: "x" })
  })

  it("an error status says why", () => {
    const s = new Scenario().start().send("session.state.changed", { state: "error", reason: "no balance" })
    expect(s.session).toMatchObject({ status: "error", lastError: "no balance" })
    s.send("session.state.changed", { state: "ready", reason: "paid" })
    expect(s.session).toMatchObject({ status: "ready", lastError: "no balance" })
    expect(s.send("session.exited", { reason: "exit" }).session).toMatchObject({ lastError: "no balance", code: null })
  })
})

describe("rule 2 on requested turns", () => {
  it("a request while the session runs without a turn is pending at once", () => {
    const s = request(new Scenario().start().status("running"), id("r"), false)
    expect(s.session).toMatchObject({ status: "running", pendingTurnId: id("r") })
  })

  it("a failed start ends what waited for it failed", () => {
    const s = request(request(new Scenario().start(), id("a"), true), id("b"), false)
    s.send("session.exited", { reason: "exit", code: 1, failedStart: true })
    expect(s.rows.all("turns").map((turn) => [turn.outcome, turn.cause, turn.evidence])).toEqual([
      ["failed", "start-failed", "inferred"],
      ["failed", "start-failed", "inferred"],
    ])
  })

  it("a stop cancels what has not started and frees the session; so does the turn's own cancel", () => {
    const s = request(new Scenario().start(), id("a"), false)
    s.send("session.stop-requested", {}, { session: null })
    expect(s.rows.all("turns")).toMatchObject([{ outcome: "cancelled", cause: "stop-requested", evidence: "inferred" }])
    expect(s.session).toMatchObject({ status: "ready", pendingTurnId: null })
    request(s, id("b"), false).send("turn.interrupt-requested", {}, { session: null, ids: { turnId: id("b") } })
    expect(s.rows.all("turns")[1]).toMatchObject({ outcome: "cancelled", cause: "interrupt-requested" })
    expect(s.session).toMatchObject({ status: "ready", pendingTurnId: null })
  })

  it("the end of one changes no status but that of a session that starts for it", () => {
    const s = request(new Scenario().start(), id("a"), false).status("error")
    s.send("turn.interrupt-requested", {}, { session: null, ids: { turnId: id("a") } })
    expect(s.session).toMatchObject({ status: "error", pendingTurnId: null })
    const two = request(request(new Scenario().start(), id("a"), false), id("b"), false)
    two.send("turn.interrupt-requested", {}, { session: null, ids: { turnId: id("a") } })
    expect(two.session).toMatchObject({ status: "starting", pendingTurnId: id("b") })
  })

  it("an interrupt of a turn that was delivered and has not started ends it at once", () => {
    const s = request(new Scenario().start(), id("a"), false)
    s.send("effect.delivered", { effect: "turn/start" }, { session: null, ids: { turnId: id("a") } })
    s.send("turn.interrupt-requested", {}, { session: null, ids: { turnId: id("a") } })
    expect(s.rows.all("turns")).toMatchObject([
      { status: "ended", outcome: "cancelled", settled: 0, handedOver: 1, sessionId: id("session s1") },
    ])
    expect(s.rows.all("turns")[0]?.interruptRequestedAt).not.toBeNull()
  })

  it("an uncertain turn does not keep the next session starting", () => {
    const s = request(new Scenario().start(), id("a"), true).send("session.exited", { reason: "exit" })
    expect(s.rows.all("turns")).toMatchObject([{ status: "requested", uncertain: 1 }])
    s.start("s2")
    expect(s.session).toMatchObject({ status: "ready", pendingTurnId: null })
    s.turn(t2, "s2").complete(t2, "completed", "s2")
    expect(s.session?.status).toBe("ready")
  })

  it("any later event of an uncertain turn resolves the doubt", () => {
    const doubtful = () =>
      new Scenario()
        .start()
        .send("turn.requested", { handedOver: true }, { channel: "client", native: { callId: "1" } })
        .send("session.exited", { reason: "exit" })
    const accepted = doubtful().send("turn.accepted", {}, { native: { turnId: t1, callId: "1" } })
    expect(accepted.turnRow(t1)).toMatchObject({ status: "ended", outcome: "interrupted", evidence: "inferred" })
    expect(accepted.complete(t1).turnRow(t1)).toMatchObject({ outcome: "completed", evidence: "observed" })
    const failed = doubtful()
    failed.send("turn.start-failed", { error: { message: "no" } }, { native: { callId: "1" } })
    expect(failed.rows.all("turns")).toMatchObject([{ status: "ended", outcome: "failed", uncertain: 0 }])
  })

  it("one that the provider accepted ends with the session", () => {
    const s = new Scenario().start()
    s.send("turn.requested", { handedOver: true }, { channel: "client", native: { callId: "1" } })
    s.send("turn.accepted", {}, { native: { turnId: t1, callId: "1" } }).send("session.exited", {
      reason: "exit",
      code: 0,
    })
    expect(s.turnRow(t1)).toMatchObject({ outcome: "interrupted", evidence: "inferred", cause: "exit code=0" })
  })

  it("in a recording the uncertainty is never resolved", () => {
    const s = new Scenario().send("session.started", { provider: "codex", mode: "imported" })
    request(s, id("a"), true, "s1").send("session.exited", { reason: "recording-ended" })
    expect(s.rows.all("turns")).toMatchObject([{ outcome: "unknown", evidence: "inferred", cause: "recording-ended" }])
  })

  it("one delivered to an ended session is refused, one that waits is kept for the next session", () => {
    const s = new Scenario().start().send("session.exited", { reason: "exit" })
    request(request(s, id("a"), true, "s1"), id("b"), false, "s1")
    expect(s.rows.all("turns")).toMatchObject([{ turnId: id("b"), status: "requested", sessionId: null }])
    s.start("s2")
    expect(s.session).toMatchObject({ status: "starting", pendingTurnId: id("b") })
    expect(s.reasons()).toEqual(["session-event-after-exit"])
  })
})

describe("rule 11: other threads", () => {
  it("a session, turn or item of another thread is none of ours, whatever id an event carries", () => {
    const s = new Scenario(id("mine")).start().turn(t1)
    const theirs = { ...s.state.active, threadId: id("theirs"), turnId: id("foreign") }
    s.rows.rows.get("turns")?.set(JSON.stringify([id("foreign")]), theirs)
    s.rows.rows
      .get("sessions")
      ?.set(JSON.stringify([id("session s7")]), { sessionId: id("session s7"), threadId: id("theirs") })
    s.send("turn.completed", { outcome: "failed" }, { ids: { turnId: id("foreign") } })
    s.send("turn.requested", {}, { session: null, ids: { turnId: id("foreign") } })
    s.start("s7")
    expect(s.rows.find("turns", "key", [id("foreign")])).toEqual(theirs)
    expect(s.session?.sessionId).toBe(id("session s1"))
    expect(s.reasons()).toEqual(["turn-terminal-untargeted", "turn-unknown", "session-unknown"])
    expect(s.anomalies().at(-1)).toMatch(/\(the session belongs to another thread\)$/)
  })
})
