import { describe, expect, it } from "vitest"
import { CommandScenario, created, live } from "../../test/CommandScenario.js"
import { id, Scenario, strong } from "../../test/Scenario.js"

const t1 = strong("t1")
const s1 = id("session s1")
const nothing = { refused: null, events: [], effects: [] }
const attach = (c: CommandScenario, session = "s1") =>
  c.run({ type: "session.attach", sessionId: id(`session ${session}`), provider: "mine", leaseMs: 1000 })
const attached = () => {
  const c = new CommandScenario()
  attach(c)
  return c
}
const imported = () =>
  new CommandScenario(new Scenario().send("session.started", { provider: "x", mode: "imported" }).turn(t1))
const start = (c: CommandScenario, fresh?: boolean) => c.run({ type: "session.start", fresh })
const stop = (c: CommandScenario) => c.run({ type: "session.stop", reason: "enough" })
const send = (c: CommandScenario) => c.run({ type: "message.send", text: "hello" }).turnId

describe("session.start", () => {
  it("requests a session where none lives", () => {
    const c = created()
    expect(start(c)).toMatchObject({ events: ["session.start-requested"], effects: ["session.start"] })
    expect(start(c, true)).toMatchObject({ effects: ["session.start"] })
    expect(c.effects.map(({ payload }) => payload)).toEqual([{ fresh: false }, { fresh: true }])
    const over = live()
    over.s.send("session.exited", { reason: "exit" })
    expect(start(over)).toMatchObject({ events: ["session.start-requested"], effects: ["session.start"] })
  })

  it("changes nothing where one lives", () => {
    expect(start(live())).toMatchObject(nothing)
  })

  it("is refused for a thread that we do not run, that an adapter feeds, or that there is not", () => {
    expect(start(attached())).toMatchObject({ refused: "thread-not-run" })
    expect(start(imported())).toMatchObject({ refused: "thread-not-run" })
    const fed = created()
    attach(fed)
    expect(start(fed)).toMatchObject({ refused: "thread-busy" })
    expect(start(new CommandScenario())).toMatchObject({ refused: "thread-not-found" })
  })
})

describe("session.configure", () => {
  const settingsOf = (c: CommandScenario) => c.s.rows.whole("threads", [c.s.threadId])?.settings
  const threadOf = (c: CommandScenario) => [c.s.state.thread?.model, settingsOf(c)]

  it("gives the thread what was chosen, and asks the agent that runs, or that is about to run, to take it", () => {
    for (const c of [created(), live()]) {
      const configured = c.run({ type: "session.configure", model: "m2", effort: "high", settings: { effort: "high" } })
      expect(configured).toMatchObject({ events: ["session.configure-requested"], effects: ["session.configure"] })
      expect(threadOf(c)).toEqual(["m2", { effort: "high" }])
      expect(c.effects.at(-1)?.payload).toEqual({
        chosen: { model: "m2", effort: "high" },
        settings: { effort: "high" },
        before: { model: null, settings: null },
      })
      c.run({ type: "session.configure", mode: "ask", settings: { approvalPolicy: "ask" } })
      expect(threadOf(c)).toEqual(["m2", { effort: "high", approvalPolicy: "ask" }])
    }
  })

  it("is refused where nothing is chosen, and where no agent of ours works", () => {
    const settings = {}
    expect(created().run({ type: "session.configure", settings })).toMatchObject({ refused: "invalid-request" })
    const chosen = { type: "session.configure", model: "m", settings } as const
    expect(attached().run(chosen)).toMatchObject({ refused: "thread-not-run" })
    expect(new CommandScenario().run(chosen)).toMatchObject({ refused: "thread-not-found" })
  })

  const failed = (c: CommandScenario, payload: object) =>
    c.append({
      sessionId: null,
      native: null,
      type: "session.configure-failed",
      payload: { message: "no", chosen: {}, settings: {}, before: { model: null, settings: null }, ...payload },
    })

  it("has no effect where the agent does not take it", () => {
    const c = live()
    c.run({ type: "session.configure", model: "m2", settings: { effort: "high" } })
    failed(c, { chosen: { model: "m2" }, settings: { effort: "high" } })
    expect(threadOf(c)).toEqual([null, null])
  })

  it("that fails leaves what was chosen before it and since", () => {
    const c = live()
    c.run({ type: "session.configure", model: "m1", settings: { effort: "low", mode: "ask" } })
    const before = { model: "m1", settings: { effort: "low", mode: "ask" } }
    c.run({ type: "session.configure", model: "m2", settings: { effort: "high", mode: "never" } })
    c.run({ type: "session.configure", settings: { effort: "max" }, effort: "max" })
    failed(c, { chosen: { model: "m2" }, settings: { effort: "high", mode: "never" }, before })
    expect(threadOf(c)).toEqual(["m1", { effort: "max", mode: "ask" }])
  })

  it("that the agent took shows in its session, with what was chosen before", () => {
    const c = live()
    c.s.send("session.configured", { approvalPolicy: "ask" })
    const own = { sessionId: null, native: null, type: "session.configured" } as const
    c.append({ ...own, payload: { model: "m2", chosen: { model: "m2", effort: "low" } } })
    c.append({ ...own, payload: { chosen: { effort: "high" } } })
    expect(c.s.state.session).toMatchObject({
      model: "m2",
      config: { approvalPolicy: "ask", chosen: { model: "m2", effort: "high" } },
    })
  })
})

describe("session.stop", () => {
  const asked = { refused: null, events: ["session.stop-requested"] }
  it("ends the agent of a session that lives", () => {
    const c = live()
    expect(stop(c)).toMatchObject({ ...asked, effects: ["session.stop"] })
    expect(c.effects).toEqual([{ kind: "session.stop", sessionId: s1 }])
    // It lives until its process has ended; another request is made again.
    expect(stop(c)).toMatchObject({ ...asked, effects: ["session.stop"] })
  })

  it("cancels what has not started and holds what waits in the queue, at once", () => {
    const c = live()
    c.s.turn(t1)
    c.run({ type: "message.send", text: "later" })
    const other = created()
    const turnId = send(other)
    expect(stop(c)).toMatchObject({ ...asked, effects: ["session.stop"] })
    expect(c.s.state.thread?.queueHeld).toBe(1)
    expect(stop(other)).toMatchObject({ ...asked, effects: ["session.stop"] })
    expect(other.s.rows.find("turns", "key", [turnId])).toMatchObject({ outcome: "cancelled", cause: "stop-requested" })
  })

  it("cancels a turn of which it is not known whether it reached the agent, also where its session is gone", () => {
    const c = live()
    const turnId = send(c)
    c.outcome("effect.uncertain", "turn.start", turnId)
    c.s.send("session.reconciled", { liveness: "gone", reason: "server-restarted" })
    expect(c.s.rows.find("turns", "key", [turnId])).toMatchObject({ status: "requested", uncertain: 1 })
    expect(stop(c)).toMatchObject({ ...asked, effects: ["session.stop"] })
    expect(c.s.rows.find("turns", "key", [turnId])).toMatchObject({ outcome: "cancelled", cause: "stop-requested" })
    expect(c.s.state.thread).toMatchObject({ uncertainTurns: 0, queueHeld: 0 })
  })

  it("calls off a start that is under way though no session lives yet, and changes nothing in the log for it", () => {
    const c = created()
    start(c)
    expect(stop(c)).toMatchObject({ refused: null, events: [], effects: ["session.stop"] })
    expect(c.effects.at(-1)).toEqual({ kind: "session.stop", sessionId: null })
  })

  it("of an attached session is an event that its adapter reads in the log", () => {
    expect(stop(attached())).toMatchObject({ ...asked, effects: [] })
    const over = attached()
    over.run({ type: "session.detach", sessionId: s1 })
    expect(stop(over)).toMatchObject(nothing)
  })

  it("of a recording that is still read is refused, of one that is over changes nothing", () => {
    const c = imported()
    expect(stop(c)).toMatchObject({ refused: "thread-not-run" })
    c.s.send("session.exited", { reason: "recording-ended" })
    expect(stop(c)).toMatchObject(nothing)
    expect(stop(new CommandScenario())).toMatchObject({ refused: "thread-not-found" })
  })
})

describe("session.attach and a thread that we run", () => {
  it("is taken while nothing of ours runs or waits", () => {
    const c = created()
    expect(attach(c)).toMatchObject({ events: ["session.started"] })
  })

  it("is refused while a session lives or a message waits for one", () => {
    expect(attach(live(), "s2")).toMatchObject({ refused: "thread-busy" })
    const c = created()
    send(c)
    expect(attach(c)).toMatchObject({ refused: "thread-busy" })
    c.run({ type: "session.stop" })
    expect(attach(c)).toMatchObject({ events: ["session.started"] })
  })
})

describe("session.reap", () => {
  const reap = (c: CommandScenario, ifSequence = c.s.state.thread?.sequence, sessionId = s1) =>
    c.run({ type: "session.reap", sessionId, ifSequence, idleMs: 9, reason: "idle" })

  it("stops a session whose thread is as it was, once", () => {
    const c = live()
    expect(reap(c)).toMatchObject({ events: ["session.reaped"], effects: ["session.stop"] })
    expect(c.effects).toEqual([{ kind: "session.stop", sessionId: s1 }])
    expect(c.s.session).toMatchObject({ status: "stopped", cause: "reaped", evidence: "inferred" })
    expect(reap(c)).toMatchObject(nothing)
    c.s.send("session.exited", { reason: "exit", code: 0 })
    expect(c.s.session).toMatchObject({ cause: "reaped", evidence: "observed", code: 0 })
  })

  it("is refused by anything that happened in between: a message, an event of the agent, a name", () => {
    const between: readonly ((c: CommandScenario) => unknown)[] = [
      (c) => send(c),
      (c) => c.s.send("runtime.warning", { message: "x" }),
      (c) => c.run({ type: "thread.rename", title: "busy" }),
      (c) => c.run({ type: "thread.keep-alive", until: 5 }),
    ]
    for (const happen of between) {
      const c = live()
      const seen = c.s.state.thread?.sequence
      happen(c)
      expect(reap(c, seen)).toMatchObject({ refused: "precondition-failed" })
      expect(c.s.session?.endedAt).toBeNull()
      expect(reap(c)).toMatchObject({ events: ["session.reaped"] })
    }
  })

  it("changes nothing for a session that has ended, was replaced, or is another thread's", () => {
    const c = live()
    c.s.start("s2")
    expect(reap(c)).toMatchObject(nothing)
    expect(reap(c, undefined, id("missing"))).toMatchObject(nothing)
    expect(reap(new CommandScenario(), 0)).toMatchObject(nothing)
  })

  it("of an attached session ends it here alone", () => {
    expect(reap(attached())).toMatchObject({ events: ["session.reaped"], effects: [] })
  })
})

describe("session.reconcile", () => {
  const reconcile = (c: CommandScenario, liveness: string, sessionId = s1) =>
    c.run({ type: "session.reconcile", sessionId, liveness, reason: "pid 7 is gone" })

  it("settles a session whose process is gone, once, and tells the agent nothing", () => {
    const c = live()
    c.s.turn(t1)
    expect(reconcile(c, "gone")).toMatchObject({ events: ["session.reconciled"], effects: [] })
    expect(c.s.session).toMatchObject({ status: "stopped", cause: "pid 7 is gone", evidence: "inferred" })
    expect(c.s.turnRow(t1)).toMatchObject({ outcome: "interrupted", evidence: "inferred" })
    expect(reconcile(c, "gone")).toMatchObject(nothing)
  })

  it("leaves one that is alive, of which nothing is known, that ended, was replaced, or is not there", () => {
    expect(reconcile(live(), "alive")).toMatchObject(nothing)
    expect(reconcile(live(), "unknown")).toMatchObject(nothing)
    const c = live()
    c.s.start("s2")
    expect(reconcile(c, "gone")).toMatchObject(nothing)
    expect(reconcile(c, "gone", id("missing"))).toMatchObject(nothing)
    expect(reconcile(new CommandScenario(), "gone")).toMatchObject(nothing)
  })

  it("settles archived and deleted threads, too", () => {
    const c = live()
    c.run({ type: "thread.archive" })
    c.append({ type: "thread.deleted", sessionId: null, native: null, payload: {} })
    expect(reconcile(c, "gone")).toMatchObject({ events: ["session.reconciled"] })
  })
})
