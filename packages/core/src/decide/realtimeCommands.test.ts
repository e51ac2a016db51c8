import { describe, expect, it } from "vitest"
import { CommandScenario, created, live } from "../../test/CommandScenario.js"
import { id, strong } from "../../test/Scenario.js"
import { handoffOutcome } from "../workflow/handoffOutcome.js"

const t1 = strong("t1")
const start = (c: CommandScenario, transport = "direct", realtimeId = id("voice")) =>
  c.run({ type: "realtime.start", realtimeId, transport })
const goes = (c: CommandScenario, realtimeId = id("voice")) =>
  c.s.send("realtime.started", { version: "v2" }, { session: null, ids: { realtimeId } })
const route = (c: CommandScenario, delegationId = id("delegation"), more: object = {}) =>
  c.run({
    type: "delegation.route",
    realtimeId: id("voice"),
    delegationId,
    nativeHandoffId: "call-1",
    text: "please",
    ...more,
  })
const delegations = (c: CommandScenario) => c.s.rows.all("delegations")
const accepted = (c: CommandScenario, turnId: string | null, native = t1) => {
  c.outcome("effect.delivered", "turn.start", turnId)
  c.s.send("turn.accepted", {}, { ids: { turnId }, native: { turnId: native } })
}
const running = () => {
  const c = live()
  const { turnId } = c.run({ type: "message.send", text: "hello" })
  accepted(c, turnId)
  c.s.turn(t1)
  return { c, turnId }
}

describe("the start of a voice run", () => {
  it("belongs to the session of an agent that carries it, and to none otherwise", () => {
    const c = live()
    start(c, "agent", id("one"))
    start(c, "direct", id("two"))
    expect(c.s.rows.all("realtime_runs")).toMatchObject([
      { realtimeId: id("one"), sessionId: id("session s1"), nativeRealtimeId: id("one") },
      { realtimeId: id("two"), sessionId: null, nativeRealtimeId: null },
    ])
  })

  it("goes on after the end of a session that does not carry it", () => {
    const c = live()
    start(c)
    goes(c)
    c.s.send("session.exited", { reason: "exit" })
    expect(c.s.rows.all("realtime_runs")).toMatchObject([{ status: "started" }])
    expect(c.s.state.session?.status).toBe("stopped")
  })

  it("changes neither the session nor the turn", () => {
    const { c } = running()
    const before = JSON.stringify([c.s.state.session?.status, c.s.state.active?.turnId])
    start(c)
    goes(c)
    c.s.send("realtime.error", { message: "no" }, { session: null, ids: { realtimeId: id("voice") } })
    c.s.send("realtime.closed", { reason: "error" }, { session: null, ids: { realtimeId: id("voice") } })
    expect(JSON.stringify([c.s.state.session?.status, c.s.state.active?.turnId])).toBe(before)
  })

  it("is refused where no agent of ours works", () => {
    const c = new CommandScenario()
    expect(start(c).refused).toBe("thread-not-found")
    c.run({ type: "session.attach", sessionId: id("session s1"), provider: "mine", leaseMs: 1_000 })
    expect(start(c).refused).toBe("thread-not-run")
  })

  it("is refused while too many starts are pending", () => {
    const c = live()
    for (let n = 0; n < 32; n += 1) start(c, "direct", id(`voice ${n}`))
    expect(start(c).refused).toBe("voice-busy")
  })

  it("notes once that its end was asked for", () => {
    const c = live()
    start(c)
    goes(c)
    const stop = { type: "realtime.stop", realtimeId: id("voice") }
    expect(c.answerTo(stop)).toEqual(["realtime.stop-requested"])
    expect(c.answerTo(stop)).toEqual([])
    expect(c.answerTo({ ...stop, realtimeId: id("other") })).toEqual([])
  })
})

describe("what a handoff becomes", () => {
  it("becomes a turn with exactly its id where nothing runs", () => {
    const c = live()
    const { effects, turnId } = route(c)
    expect({ effects, turnId }).toEqual({ effects: ["turn.start"], turnId: id("delegation") })
    expect(delegations(c)).toMatchObject([{ turnId: id("delegation"), status: "open", routedBy: "client" }])
    accepted(c, turnId)
    c.s.turn(t1)
    c.s.complete(t1)
    expect(c.s.rows.find("turns", "key", [id("delegation")])).toMatchObject({
      outcome: "completed",
      origin: "realtime",
    })
    expect(delegations(c)).toMatchObject([{ status: "closed", cause: "turn-ended" }])
  })

  it("becomes such a turn also behind one that waits to start", () => {
    const c = live()
    c.run({ type: "message.send", text: "hello" })
    expect(route(c)).toMatchObject({ effects: ["turn.start"], turnId: id("delegation") })
  })

  it("is steered into the running turn, and its id becomes no turn", () => {
    const { c, turnId } = running()
    // Its message has its id, by which it follows that.
    const messageId = id("delegation")
    expect(route(c)).toMatchObject({ effects: ["turn.steer"], turnId, messageId })
    expect(delegations(c)).toMatchObject([{ turnId, status: "open" }])
    expect(c.s.rows.find("turns", "key", [id("delegation")])).toBeNull()
    c.s.send("message.steered", { messageId }, { ids: { turnId } })
    c.s.complete(t1, "interrupted")
    expect(delegations(c)).toMatchObject([{ status: "closed" }])
  })

  it("follows its message, where the agent does not take it, into the turn that this becomes", () => {
    const { c, turnId } = running()
    const { messageId } = route(c)
    c.s.complete(t1)
    expect(delegations(c)).toMatchObject([{ turnId, status: "open" }])
    c.outcome("effect.failed", "turn.steer", turnId)
    const own = c.run({ type: "queue.drain" }).turnId
    expect(c.s.rows.all("queue")).toEqual([])
    expect(own).not.toBe(turnId)
    // Its own id never becomes that of the turn.
    expect([own, messageId]).not.toContain(null)
    expect(c.s.rows.find("turns", "key", [id("delegation")])).toBeNull()
    expect(delegations(c)).toMatchObject([{ turnId: own, status: "open" }])
    accepted(c, own, strong("t2"))
    c.s.turn(strong("t2"))
    c.s.complete(strong("t2"), "failed")
    expect(delegations(c)).toMatchObject([{ turnId: own, status: "closed", cause: "turn-ended" }])
  })

  it("is over with its turn where the agent tells only after it that it took the message", () => {
    const { c, turnId } = running()
    const { messageId } = route(c)
    c.s.complete(t1)
    expect(delegations(c)).toMatchObject([{ status: "open" }])
    c.s.send("message.steered", { messageId }, { ids: { turnId } })
    expect(delegations(c)).toMatchObject([{ turnId, status: "closed", cause: "turn-ended" }])
  })

  it("is over when its message is cancelled, whatever became of the turn that it was meant for", () => {
    const { c } = running()
    const { messageId } = route(c)
    c.s.complete(t1)
    c.outcome("effect.failed", "turn.steer", c.s.rows.all("turns")[0]?.turnId ?? null)
    c.run({ type: "queue.cancel", messageId })
    expect(delegations(c)).toMatchObject([{ turnId: null, status: "closed", cause: "message-cancelled" }])
    const [row] = delegations(c)
    if (row !== undefined) expect(handoffOutcome(row, null, null)).toBe("The work was cancelled before it was done.")
  })

  it("is carried once, however often it is asked for", () => {
    const c = live()
    route(c)
    expect(route(c)).toMatchObject({ events: [], effects: [] })
    expect(delegations(c)).toHaveLength(1)
  })

  it("is refused where too much waits", () => {
    const c = live()
    for (let n = 0; n < 1_000; n += 1) {
      const { refused } = route(c, id(`delegation ${n}`))
      if (refused === null) continue
      expect(refused).toBe("turn-active")
      expect(delegations(c)).toHaveLength(n)
      return
    }
    throw new Error("it was never refused")
  })
})

describe("whole decisions about voice", () => {
  const S = id("session s1")
  const of = { sessionId: null, native: null } as const
  const nothing = { events: [], effects: [] }
  const handoff = {
    type: "delegation.route",
    realtimeId: id("voice"),
    delegationId: id("delegation"),
    nativeHandoffId: "call-1",
    text: "please",
  }
  const opened = (own: string, by: string) => ({
    sessionId: null,
    native: { handoffId: "call-1" },
    ids: { delegationId: id("delegation"), realtimeId: id("voice"), turnId: own },
    type: "delegation.opened",
    payload: { text: "please", route: by },
  })
  const asTurn = () => {
    const ids = { turnId: id("delegation") }
    return {
      events: [
        opened(ids.turnId, "turn"),
        { ...of, ids, type: "turn.requested", payload: { text: "please", origin: "realtime", settings: null } },
      ],
      effects: [{ kind: "turn.start", ...ids, payload: { text: "please", settings: null } }],
    }
  }

  it("starts with what was asked for, in the session of the agent that carries it", () => {
    const asked = { type: "realtime.start", realtimeId: id("voice"), transport: "agent", voice: "v" }
    const started = (sessionId: string | null, native: object | null, transport: string) => [
      {
        sessionId,
        native,
        ids: { realtimeId: id("voice") },
        type: "realtime.start-requested",
        payload: { data: { transport, voice: "v" } },
      },
    ]
    const native = { realtimeId: id("voice") }
    expect(live().wholeOf(asked).events).toEqual(started(S, native, "agent"))
    expect(created().wholeOf(asked).events).toEqual(started(null, native, "agent"))
    expect(live().wholeOf({ ...asked, transport: "direct" }).events).toEqual(started(null, null, "direct"))
  })

  it("is asked to stop by its name, and only the one that is live", () => {
    const c = live()
    const ids = { realtimeId: id("voice") }
    const stop = { type: "realtime.stop", ...ids }
    expect(c.wholeOf(stop)).toEqual(nothing)
    c.run({ type: "realtime.start", ...ids, transport: "direct" })
    c.s.send("realtime.started", {}, { session: null, ids })
    expect(c.wholeOf(stop).events).toEqual([{ ...of, ids, type: "realtime.stop-requested", payload: {} }])
    expect(c.wholeOf({ ...stop, realtimeId: id("other") })).toEqual(nothing)
  })

  it("hands work over as a turn, where none runs that takes a message", () => {
    expect(live().wholeOf(handoff)).toEqual(asTurn())
    // A turn whose name is not known takes none.
    const c = live()
    const requested = c.run({ type: "message.send", text: "x" }).turnId
    c.s.send("turn.started", {}, { ids: { turnId: requested } })
    expect(c.s.state.active).toMatchObject({ turnId: requested, nativeTurnId: null })
    expect(c.wholeOf(handoff)).toEqual(asTurn())
  })

  it("hands work over as a message of the running turn", () => {
    const c = live()
    c.s.turn(t1)
    const [own, messageId] = [c.s.turnRow(t1)?.turnId ?? "", id("delegation")]
    expect(c.wholeOf(handoff)).toEqual({
      events: [
        { ...of, type: "message.queued", payload: { messageId, text: "please", settings: null } },
        opened(own, "steered"),
      ],
      effects: [{ kind: "turn.steer", sessionId: S, turnId: own, messageId, payload: { text: "please" } }],
    })
    c.run(handoff)
    c.outcome("effect.failed", "turn.steer", own)
    c.s.complete(t1)
    const next = id("turn of command 3")
    expect(c.wholeOf({ type: "queue.drain" }).events[1]?.ids).toEqual({ turnId: next, delegationId: messageId })
  })
})
