import { paused } from "@threadfold/testkit"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { id, Scenario, strong } from "../../test/Scenario.js"

const t1 = strong("t1")
const t2 = strong("t2")
const ours = (label: string) => ({ turnId: id(label) })
const T = id("T")

/** A turn that we asked for and that the provider accepted as `native`. */
const accepted = (native = t1, s = new Scenario().start()) =>
  s
    .send("turn.requested", { text: "go" }, { session: null, ids: ours("T") })
    .send("effect.delivered", { effect: "turn.start" }, { session: null, ids: ours("T") })
    .send("turn.accepted", {}, { ids: ours("T"), native: { turnId: native } })
const timedOut = (s: Scenario) =>
  s.send("turn.start-timed-out", { waitedMs: 60_000 }, { session: null, ids: ours("T") })
const interrupted = (s: Scenario) => s.send("turn.interrupt-requested", {}, { session: null, ids: ours("T") })
const turn = (s: Scenario) => s.rows.all("turns").find(({ turnId }) => turnId === T)
const queue = (s: Scenario) => s.send("message.queued", { messageId: id("m"), text: "next" }, { session: null })

describe("rule 2: a turn that was accepted and does not start", () => {
  it("ends failed, inferred, and does not hold what waits behind it", () => {
    const s = timedOut(queue(accepted()))
    expect(turn(s)).toMatchObject({
      status: "ended",
      outcome: "failed",
      cause: "never-started",
      evidence: "inferred",
      startedAt: null,
    })
    expect(s.session).toMatchObject({ status: "ready", pendingTurnId: null })
    expect(s.state.thread).toMatchObject({ queued: 1, queueHeld: 0, status: "idle" })
    expect(s.reasons()).toEqual([])
  })

  it("runs when its start comes after all and no turn is active", () => {
    const s = timedOut(accepted()).turn(t1)
    expect(turn(s)).toMatchObject({ status: "running", outcome: null, cause: null, evidence: null, settled: 0 })
    expect(s.session).toMatchObject({ status: "running", activeTurnId: T })
    s.complete(t1)
    expect(turn(s)).toMatchObject({ outcome: "completed", evidence: "observed" })
    expect(s.reasons()).toEqual([])
  })

  it("runs after it was settled, too, and when an item is the first word of it", () => {
    const s = timedOut(accepted()).send("turn.settled", {}, { session: null, ids: ours("T") })
    s.item("i1", t1)
    expect(turn(s)).toMatchObject({ status: "running", settled: 0, items: 1 })
  })

  it("does not run while another turn does; its own end still corrects the outcome", () => {
    const s = timedOut(accepted()).turn(t2).turn(t1)
    expect(turn(s)).toMatchObject({ status: "ended", cause: "never-started" })
    expect(s.reasons()).toEqual(["turn-conflict"])
    s.complete(t1)
    expect(turn(s)).toMatchObject({ outcome: "completed", cause: "provider", evidence: "observed" })
    expect(s.turnRow(t2)?.status).toBe("running")
  })

  it("stays ended once its end was observed, and when another session says that it starts", () => {
    const s = timedOut(accepted()).complete(t1, "failed").turn(t1)
    expect(turn(s)).toMatchObject({ status: "ended", outcome: "failed", evidence: "observed" })
    const later = timedOut(accepted()).start("s2").turn(t1, "s2")
    expect(turn(later)).toMatchObject({ status: "ended", cause: "never-started" })
  })

  it("is left alone when it runs, has ended, or was not delivered", () => {
    const s = timedOut(accepted().turn(t1))
    expect(turn(s)).toMatchObject({ status: "running" })
    const waits = timedOut(new Scenario().start().send("turn.requested", {}, { session: null, ids: ours("T") }))
    expect(turn(waits)).toMatchObject({ status: "requested" })
    expect([...s.reasons(), ...waits.reasons()]).toEqual(["turn-unknown", "turn-unknown"])
  })

  it("is the one that is named, and no other one that waits", () => {
    const s = accepted().send("turn.requested", {}, { session: null, ids: ours("U") })
    s.send("effect.delivered", { effect: "turn.start" }, { session: null, ids: ours("U") })
    s.send("turn.start-timed-out", { waitedMs: 60_000 }, { session: null, ids: ours("U") })
    expect(s.rows.all("turns").map(({ turnId, status }) => [turnId, status])).toEqual([
      [T, "requested"],
      [id("U"), "ended"],
    ])
    s.send("turn.start-timed-out", { waitedMs: 60_000 }, { session: null, ids: ours("U") })
    s.send("turn.start-timed-out", { waitedMs: 60_000 }, { session: null })
    expect(s.anomalies()).toEqual([
      `turn-unknown turn:${id("U")} (it does not wait to start)`,
      "turn-unknown turn:- (it does not wait to start)",
    ])
  })

  it("is bound by an answer that comes late, so that its start is known", () => {
    const s = new Scenario().start().send("turn.requested", {}, { session: null, ids: ours("T") })
    s.send("effect.delivered", { effect: "turn.start" }, { session: null, ids: ours("T") })
    interrupted(s).send("turn.accepted", {}, { ids: ours("T"), native: { turnId: t1 } })
    expect(turn(s)).toMatchObject({ status: "ended", cause: "interrupt-requested", nativeTurnId: t1 })
    expect(s.reasons()).toEqual([])
  })
})

describe("rule 2: an answer that comes after the end of its turn", () => {
  const late = (s: Scenario, native = t1, session = "s1") =>
    s.send("turn.accepted", {}, { session, ids: ours("T"), native: { turnId: native } })
  const delivered = (label = "T") =>
    new Scenario().start().send("turn.requested", { handedOver: true }, { ids: ours(label) })

  it("binds one that did not start in time", () => {
    const s = late(timedOut(delivered()))
    expect(turn(s)).toMatchObject({ status: "ended", cause: "never-started", nativeTurnId: t1 })
    expect(turn(s.turn(t1))).toMatchObject({ status: "running" })
    expect(s.reasons()).toEqual([])
  })

  const refused: readonly (readonly [string, (s: Scenario) => Scenario, string, string])[] = [
    ["has a name", (s) => interrupted(late(s)), t2, "s1"],
    [
      "ended otherwise",
      (s) => s.send("turn.start-failed", { error: { message: "no" } }, { session: null, ids: ours("T") }),
      t1,
      "s1",
    ],
    ["is another session's", (s) => timedOut(s).start("s2"), t1, "s2"],
    ["lost its session", (s) => timedOut(s).send("session.exited", { reason: "exit" }), t1, "s1"],
  ]
  it.each(refused)("is unmatched where it %s", (_, end, native, session) => {
    const s = end(delivered())
    const before = turn(s)
    expect(turn(late(s, native, session))).toEqual(before)
    expect(s.anomalies()).toEqual([`turn-accept-unmatched native-turn:${native}`])
  })
})

describe("rule 2: a turn that the provider gives up before it starts", () => {
  const trouble = (s: Scenario, willRetry = false) =>
    s.send("runtime.error", { message: "no repository", code: "other", willRetry }, { native: { turnId: t1 } })

  it("ends failed, with what was wrong; the session continues, and its own end is final", () => {
    const s = trouble(accepted())
    expect(turn(s)).toMatchObject({
      outcome: "failed",
      cause: "start-failed",
      evidence: "inferred",
      error: { message: "no repository", code: "other" },
    })
    expect(s.session).toMatchObject({ status: "ready", lastError: "no repository" })
    expect(turn(s.complete(t1, "failed"))).toMatchObject({ outcome: "failed", evidence: "observed" })
    expect(s.reasons()).toEqual([])
  })

  it("goes on waiting while the provider retries", () => {
    expect(turn(trouble(accepted(), true))).toMatchObject({ status: "requested" })
  })
})

describe("rule 2: a turn that is interrupted before it starts", () => {
  it("is over at once; a start shows that the provider works on it, and its own end corrects the outcome", () => {
    const s = interrupted(accepted())
    expect(turn(s)).toMatchObject({ status: "ended", outcome: "cancelled", cause: "interrupt-requested", settled: 0 })
    expect(s.session).toMatchObject({ status: "ready" })
    s.send("turn.settled", {}, { session: null, ids: ours("T") }).turn(t1)
    expect(turn(s)).toMatchObject({ status: "ended", outcome: "cancelled", settled: 0 })
    expect(turn(s)?.startedAt).not.toBeNull()
    expect(s.state.active).toBeNull()
    s.item("i1", t1)
    expect(turn(s)).toMatchObject({ items: 1, status: "ended" })
    s.complete(t1, "interrupted")
    expect(turn(s)).toMatchObject({ outcome: "interrupted", evidence: "observed", settled: 1 })
    expect(s.reasons()).toEqual([])
  })

  it("has started once: what follows does not move its start, nor that of any turn", () => {
    const s = interrupted(accepted()).turn(t1)
    const { startedAt } = turn(s) ?? {}
    expect(turn(s.item("i1", t1))).toMatchObject({ items: 1, startedAt })
    const running = accepted().turn(t1)
    const { startedAt: began } = turn(running) ?? {}
    expect(turn(running.item("i1", t1))).toMatchObject({ items: 1, startedAt: began })
  })

  it("ends at once in a recording, too, where nothing is known of its delivery", () => {
    const s = new Scenario().send("session.started", { provider: "x", mode: "imported" })
    s.send("turn.requested", {}, { session: null, ids: ours("T") })
    s.send("effect.uncertain", { effect: "turn.start" }, { session: null, ids: ours("T") })
    expect(turn(interrupted(s))).toMatchObject({ status: "ended", cause: "interrupt-requested" })
  })

  it("ends at once where no session lives", () => {
    const s = new Scenario().send("turn.requested", { handedOver: true }, { session: null, ids: ours("T") })
    expect(turn(interrupted(s))).toMatchObject({ status: "ended", cause: "interrupt-requested" })
    expect(s.reasons()).toEqual([])
  })

  it("says so too where an item is the first word of its work", () => {
    const s = interrupted(accepted()).item("i1", t1)
    expect(turn(s)).toMatchObject({ status: "ended", items: 1 })
    expect(turn(s)?.startedAt).not.toBeNull()
  })

  it("gets the name that its start brings, where no answer has named it; a start need not name it", () => {
    const delivered = () =>
      interrupted(
        new Scenario()
          .start()
          .send("turn.requested", {}, { session: null, ids: ours("T") })
          .send("effect.delivered", { effect: "turn.start" }, { session: null, ids: ours("T") }),
      )
    const named = delivered().send("turn.started", {}, { ids: ours("T"), native: { turnId: t1 } })
    expect(turn(named)).toMatchObject({ status: "ended", nativeTurnId: t1 })
    const unnamed = delivered().send("turn.started", {}, { ids: ours("T") })
    expect(turn(unnamed)).toMatchObject({ status: "ended", nativeTurnId: null })
    expect([turn(named)?.startedAt, turn(unnamed)?.startedAt]).not.toContain(null)
    expect([...named.reasons(), ...unnamed.reasons()]).toEqual([])
  })

  it("in a recording waits for the word that follows", () => {
    const s = new Scenario().send("session.started", { provider: "x", mode: "imported" })
    interrupted(accepted(t1, s))
    expect(turn(s)).toMatchObject({ status: "requested" })
    s.turn(t1).complete(t1, "interrupted")
    expect(turn(s)).toMatchObject({ outcome: "interrupted", evidence: "observed" })
    expect(s.reasons()).toEqual([])
  })
})

describe("rule 2: the provider repeats our id of a message", () => {
  const echo = (
    s: Scenario,
    clientId: string,
    turnId: string,
    type: "item.started" | "item.completed" = "item.started",
  ) =>
    s.sendRaw(
      type,
      { kind: "user_message", ...(type === "item.completed" ? { status: "completed" } : {}) },
      {
        native: { turnId, itemId: `user ${turnId}`, clientId },
      },
    )

  it("in another turn than its answer named: the message steered that one", () => {
    const s = echo(accepted(t2, new Scenario().start().turn(t1)), T, t1)
    expect(turn(s)).toMatchObject({
      outcome: "cancelled",
      cause: "steered",
      evidence: "observed",
      steeredInto: s.turnRow(t1)?.turnId,
    })
    expect(s.complete(t1).session).toMatchObject({ status: "ready", pendingTurnId: null })
    expect(s.reasons()).toEqual([])
  })

  it("in a turn that nothing is known of: it is ours, whatever its answer named", () => {
    const s = echo(accepted(t2), T, t1)
    expect(turn(s)).toMatchObject({ status: "running", nativeTurnId: t1 })
    expect(s.rows.all("turns")).toHaveLength(1)
    expect(turn(s.complete(t1))).toMatchObject({ outcome: "completed", evidence: "observed" })
  })

  it("ends every doubt about the turn", () => {
    const s = new Scenario().start().send("turn.requested", {}, { session: null, ids: ours("T") })
    s.send("effect.uncertain", { effect: "turn.start" }, { session: null, ids: ours("T") }).turn(t1)
    expect(turn(s)).toMatchObject({ uncertain: 1 })
    expect(turn(echo(s, T, t1))).toMatchObject({ outcome: "cancelled", steeredInto: s.turnRow(t1)?.turnId })
    expect(s.state.active?.turnId).not.toBe(T)
  })

  it("corrects what was concluded of a turn that did not start", () => {
    const s = echo(timedOut(accepted(t2)).turn(t1), T, t1)
    expect(turn(s)).toMatchObject({ outcome: "cancelled", cause: "steered", evidence: "observed" })
  })

  it("by the client's own id in a recording", () => {
    const s = new Scenario().send("session.started", { provider: "x", mode: "imported" }).turn(t1)
    s.send("turn.requested", { handedOver: true }, { channel: "client", native: { callId: "3", clientId: "c-1" } })
    s.send("turn.accepted", {}, { native: { callId: "3", turnId: t2 } })
    echo(s, "c-2", t1)
    expect(s.turnRow(t2)).toMatchObject({ status: "requested" })
    echo(s, "c-1", t1, "item.completed")
    expect(s.turnRow(t2)).toMatchObject({ outcome: "cancelled", steeredInto: s.turnRow(t1)?.turnId })
  })

  it("of a queued message: it is in the agent's turn, and the answer that says so later says nothing new", () => {
    const queued = () =>
      new Scenario()
        .start()
        .turn(t1)
        .send("message.queued", { messageId: "m-1", text: "also" }, { session: null })
        .send("message.queued", { messageId: "m-2", text: "more" }, { session: null })
    const s = echo(queued(), "m-1", t1)
    expect(s.state.queue).toEqual(["m-2"])
    s.send("message.steered", { messageId: "m-1" }, { session: null })
    expect(s.state).toMatchObject({ queue: ["m-2"], echoed: [] })
    expect(s.reasons()).toEqual([])
    // The answer first: the repeated id is no queued message any more.
    const answered = queued().send("message.steered", { messageId: "m-1" }, { session: null })
    expect(echo(answered, "m-1", t1).state).toMatchObject({ queue: ["m-2"], echoed: [] })
    expect(answered.reasons()).toEqual([])
  })

  it("of a turn that runs, of another session or of no turn changes nothing", () => {
    const s = echo(accepted().turn(t1), T, t1)
    expect(turn(s)).toMatchObject({ status: "running", nativeTurnId: t1 })
    const other = accepted(t2).start("s2").turn(t1, "s2")
    const before = turn(other)
    other.send(
      "item.started",
      { kind: "user_message" },
      { session: "s2", native: { turnId: t1, itemId: "u", clientId: T } },
    )
    expect(turn(other)).toEqual(before)
  })
})

describe("rule 2, in every order of the events of a turn", () => {
  const tell: Readonly<Record<string, (s: Scenario) => Scenario>> = {
    delivered: (s) => s.send("effect.delivered", { effect: "turn.start" }, { session: null, ids: ours("T") }),
    uncertain: (s) => s.send("effect.uncertain", { effect: "turn.start" }, { session: null, ids: ours("T") }),
    acceptedAs1: (s) => s.send("turn.accepted", {}, { ids: ours("T"), native: { turnId: t1 } }),
    acceptedAs2: (s) => s.send("turn.accepted", {}, { ids: ours("T"), native: { turnId: t2 } }),
    started: (s) => s.turn(t1),
    echo: (s) => s.send("item.started", { kind: "user_message" }, { native: { turnId: t1, itemId: "u", clientId: T } }),
    completed: (s) => s.complete(t1),
    timedOut,
    interrupted,
    settled: (s) => s.send("turn.settled", {}, { session: null, ids: ours("T") }),
    idle: (s) => s.status("ready"),
  }
  it("an observed end stays, the queue is held by no start that is late, and nothing waits once an end of it was reported", async () => {
    await fc.assert(
      paused(
        fc.property(fc.array(fc.constantFrom(...Object.keys(tell)), { maxLength: 14 }), (said) => {
          const s = queue(new Scenario().start()).send("turn.requested", {}, { session: null, ids: ours("T") })
          for (const word of said) {
            const before = turn(s)
            const held = s.state.thread?.queueHeld
            tell[word]?.(s)
            if (before?.evidence === "observed")
              expect(turn(s)).toMatchObject({ outcome: before.outcome, status: "ended" })
            if (word === "timedOut") expect(s.state.thread?.queueHeld).toBe(held)
            if (word === "interrupted" || word === "timedOut") {
              const waits = s.state.requested.some(
                (one) => one.turnId === T && one.handedOver === 1 && one.uncertain === 0,
              )
              expect(waits).toBe(false)
            }
            if (before?.status === "ended" && turn(s)?.status === "running") expect(before.cause).toBe("never-started")
          }
          expect(s.reasons()).not.toContain("fold-defect")
        }),
      ),
      { numRuns: Number(process.env.THREADFOLD_RUNS ?? "400") },
    )
  })
})
