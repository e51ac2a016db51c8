/** Whole decisions: every event with its session, its ids and its payload, and every effect, as the engine takes them. */
import { type NativeRef, type PayloadOf, ThreadId } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { CommandScenario, created, live } from "../../test/CommandScenario.js"
import { id, Scenario, strong } from "../../test/Scenario.js"
import type { Situation } from "./Decision.js"
import { decideIf } from "./precondition.js"

const S = id("session s1")
const t1 = strong("t1")
const of = { sessionId: null, native: null } as const
const nothing = { events: [], effects: [] }
const running = () => {
  const c = live()
  c.s.turn(t1)
  return c
}
const turnId = (c: CommandScenario) => c.s.turnRow(t1)?.turnId ?? ""

describe("a message", () => {
  const send = { type: "message.send", text: "hi" }
  const settings = { model: "m" }
  it("becomes a turn with an id of ours", () => {
    const own = { turnId: id("turn of command 2") }
    expect(live().wholeOf({ ...send, parts: null, settings })).toEqual({
      events: [{ ...of, ids: own, type: "turn.requested", payload: { text: "hi", origin: "client", settings } }],
      effects: [{ kind: "turn.start", ...own, payload: { text: "hi", settings } }],
    })
    expect(live().run({ ...send, parts: [] })).toMatchObject(own)
  })

  it("waits in the queue with an id of ours", () => {
    const messageId = id("message of command 2")
    // Not even an empty field of parts.
    expect(running().wholeOf(send)).toStrictEqual({
      events: [{ ...of, type: "message.queued", payload: { messageId, text: "hi", settings: null } }],
      effects: [],
    })
  })

  it("waits for what the agent does after the end of its turn", () => {
    const c = running()
    c.s.complete(t1).item("late", t1, { kind: "command" })
    expect(c.s.state.open.afterEnd).toBe(1)
    expect(c.run(send).events).toEqual(["message.queued"])
  })

  it("takes the place of the turn that runs", () => {
    const c = running()
    const [old, own] = [turnId(c), id("turn of command 2")]
    expect(c.wholeOf({ ...send, mode: "interrupt" })).toEqual({
      events: [
        {
          ...of,
          ids: { turnId: own },
          type: "turn.requested",
          payload: { text: "hi", origin: "client", settings: null },
        },
        {
          ...of,
          ids: { turnId: old },
          type: "turn.interrupt-requested",
          payload: { reason: "replaced by a message", underWay: false },
        },
      ],
      effects: [
        { kind: "turn.interrupt", sessionId: S, turnId: old },
        { kind: "turn.start", turnId: own, payload: { text: "hi", settings: null } },
      ],
    })
  })

  it("of the queue becomes a turn, with its command as the cause", () => {
    const c = running()
    const { messageId } = c.run(send)
    c.s.complete(t1)
    const own = { turnId: id("turn of command 3") }
    expect(c.wholeOf({ type: "queue.drain" })).toEqual({
      events: [
        { ...of, type: "message.dequeued", payload: { messageId } },
        { ...of, ids: own, type: "turn.requested", payload: { text: "hi", origin: "queue", settings: null } },
      ],
      effects: [{ kind: "turn.start", ...own, payload: { text: "hi", settings: null } }],
    })
  })

  it("is written again where its parts are others, and named where nothing changes", () => {
    const c = running()
    const { messageId } = c.run(send)
    const edit = { type: "message.edit", messageId, text: "hi" }
    expect(c.run(edit)).toMatchObject({ events: [], messageId })
    expect(c.run({ ...edit, parts: [{ type: "skill", name: "pdf" }] })).toMatchObject({ events: ["message.edited"] })
  })

  it("of an empty queue becomes none, and no call is looked for", () => {
    const c = live()
    const situation: Situation = {
      ...c.situation(),
      steer: () => {
        throw new Error("there is no message that a call could carry")
      },
    }
    expect(decideIf(situation, { type: "queue.drain", threadId: ThreadId.make(c.s.threadId) }, null)).toMatchObject({
      accepted: nothing,
    })
  })
})

describe("a session", () => {
  const attach = { type: "session.attach", sessionId: S, provider: "mine", leaseMs: 1_000 }
  const about = (native: NativeRef | null) => ({ sessionId: S, native })
  const started = { type: "session.started", payload: { provider: "mine", mode: "attached", leaseMs: 1_000 } }

  it.each([
    ["nothing", {}, null, { title: null, cwd: null }],
    ["null", { nativeThreadId: null, title: null, cwd: null }, null, { title: null, cwd: null }],
    ["a title", { title: "A" }, null, { title: "A", cwd: null }],
    ["its native thread", { nativeThreadId: "n" }, { threadId: "n" }, { title: null, cwd: null }],
  ])("opens its thread, with %s", (_, more, native, payload) => {
    expect(new CommandScenario().wholeOf({ ...attach, ...more })).toEqual({
      events: [
        { sessionId: null, native, type: "thread.created", payload: { provider: "mine", ...payload } },
        { ...about(native), ...started },
      ],
      effects: [],
    })
  })

  it("opens its thread in a folder", () => {
    expect(new CommandScenario().wholeOf({ ...attach, cwd: "/w" }).events).toEqual([
      { ...of, type: "thread.created", payload: { provider: "mine", title: null, cwd: "/w" } },
      { ...about(null), ...started },
      { ...about(null), type: "session.configured", payload: { cwd: "/w" } },
    ])
  })

  it("comes to a thread that there is, and names it", () => {
    expect(created().wholeOf({ ...attach, title: "A" }).events).toEqual([
      { ...about(null), ...started },
      { ...about(null), type: "thread.metadata.updated", payload: { title: "A" } },
    ])
    expect(created().wholeOf({ ...attach, title: null }).events).toEqual([{ ...about(null), ...started }])
  })

  it("is told by its row that it was opened already, also after another one", () => {
    const c = new CommandScenario()
    c.run(attach)
    c.run({ type: "session.detach", sessionId: S })
    c.run({ ...attach, sessionId: id("session s2") })
    expect(c.wholeOf(attach)).toEqual(nothing)
    c.s.rows.rows.get("sessions")?.clear()
    // The current one is known without a row.
    expect(c.wholeOf({ ...attach, sessionId: id("session s2") })).toEqual(nothing)
  })

  it("that is ours is no repeat of one that an adapter opened", () => {
    const c = new CommandScenario(
      new Scenario().send("session.started", { provider: "mine", mode: "managed", leaseMs: 1_000 }),
    )
    expect(c.refusalOf(attach)).toMatch(/^session-conflict: /)
  })

  it("starts with the agent of its thread, and stops with a reason", () => {
    expect(created().wholeOf({ type: "session.start" }).events).toEqual([
      { ...of, type: "session.start-requested", payload: { data: { agent: "coder" } } },
    ])
    expect(live().wholeOf({ type: "session.stop", reason: "enough" }).events).toEqual([
      { ...of, type: "session.stop-requested", payload: { reason: "enough" } },
    ])
    expect(live().wholeOf({ type: "session.stop" }).events).toEqual([
      { ...of, type: "session.stop-requested", payload: { reason: null } },
    ])
  })

  it("is configured with what its thread had before", () => {
    const c = live()
    const configure = (model: string) => ({ type: "session.configure", model, settings: { model } })
    c.run(configure("m1"))
    const before = { model: "m1", settings: { model: "m1" } }
    expect(c.wholeOf(configure("m2")).effects).toMatchObject([{ payload: { before } }])
    expect(c.refusalOf({ type: "session.configure", settings: {} })).toBe("invalid-request: Nothing is chosen.")
  })

  it("that an adapter feeds is not stopped by a call, though our agent works in the thread", () => {
    const c = created()
    c.run(attach)
    expect(c.wholeOf({ type: "session.stop" }).effects).toEqual([])
  })

  it("is not reaped where its thread is not known", () => {
    const c = live()
    c.s.state = { ...c.s.state, thread: null }
    const reap = { type: "session.reap", sessionId: S, ifSequence: 1, idleMs: 9, reason: "idle" }
    expect(c.refusalOf(reap)).toMatch(/^precondition-failed: /)
  })

  it("is reaped with what the reaper saw", () => {
    const c = live()
    const ifSequence = c.s.state.thread?.sequence
    expect(c.wholeOf({ type: "session.reap", sessionId: S, ifSequence, idleMs: 9, reason: "idle" })).toEqual({
      events: [{ sessionId: S, native: null, type: "session.reaped", payload: { idleMs: 9, reason: "idle" } }],
      effects: [{ kind: "session.stop", sessionId: S }],
    })
  })
})

describe("a question", () => {
  const asked = (payload: PayloadOf<"request.opened">, native: NativeRef = { turnId: t1, requestId: "0" }) => {
    const c = running()
    c.s.send("request.opened", payload, { native })
    return { c, requestId: c.s.rows.all("requests")[0]?.requestId ?? "" }
  }
  const decisions = { kind: "command_approval", decisions: ["yes"] } as const

  it("is answered with what a client says, in the log and to the agent", () => {
    const { c, requestId } = asked(decisions)
    const ids = { requestId, turnId: turnId(c) }
    const respond = { type: "request.respond", requestId, decision: "yes" }
    const answering = (more: object) => ({
      ...of,
      ids,
      type: "request.answering",
      payload: { decision: "yes", by: "client", ...more },
    })
    const call = { kind: "request.answer", sessionId: S, turnId: ids.turnId, requestId }
    expect(c.wholeOf(respond)).toEqual({
      events: [answering({})],
      effects: [{ ...call, payload: { decision: "yes", data: null } }],
    })
    const data = { note: 1 }
    expect(c.wholeOf({ ...respond, data })).toEqual({
      events: [answering({ data })],
      effects: [{ ...call, payload: { decision: "yes", data } }],
    })
    expect(c.run({ ...respond, data })).toMatchObject({ turnId: ids.turnId })
    // The same again is about the same turn; other data is another answer.
    expect(c.run({ ...respond, data })).toMatchObject({ refused: null, events: [], turnId: ids.turnId })
    expect(c.run({ ...respond, data: { note: 2 } })).toMatchObject({ refused: "request-ended" })
    expect(c.run(respond)).toMatchObject({ refused: "request-ended" })
  })

  it("of no turn is answered without one", () => {
    const { c, requestId } = asked({ kind: "auth" }, { requestId: "7" })
    expect(c.wholeOf({ type: "request.respond", requestId, decision: "yes" }).events).toMatchObject([
      { ids: { requestId } },
    ])
    expect(c.wholeOf({ type: "request.respond", requestId, decision: "yes" }).events[0]?.ids).toEqual({ requestId })
  })

  it("of a session that is not the living one reaches no agent", () => {
    const { c, requestId } = asked(decisions)
    const row = { ...c.s.rows.all("requests")[0], sessionId: id("session s0") }
    c.s.rows.rows.get("requests")?.set(JSON.stringify([requestId]), row)
    expect(c.wholeOf({ type: "request.respond", requestId, decision: "yes" }).effects).toEqual([])
    c.s.state = { ...c.s.state, session: null }
    expect(c.wholeOf({ type: "request.respond", requestId, decision: "yes" }).effects).toEqual([])
    expect(c.wholeOf({ type: "request.decline", requestId }).effects).toEqual([])
  })

  it.each([
    [
      "declines",
      [
        { decision: "no", means: "decline" },
        { decision: "stop", means: "cancel" },
      ],
      "decline",
    ],
    ["cancels, where it takes nothing milder", [{ decision: "stop", means: "cancel" }], "cancel"],
  ] as const)("that no person answers: %s", (_, choices, decision) => {
    const { c, requestId } = asked({ kind: "command_approval", choices })
    expect(c.wholeOf({ type: "request.decline", requestId }).events).toMatchObject([
      { payload: { decision, by: "policy" } },
    ])
  })

  it("that takes no refusal is left", () => {
    const { c, requestId } = asked({ kind: "command_approval", choices: [{ decision: "yes" }] })
    expect(c.wholeOf({ type: "request.decline", requestId })).toEqual(nothing)
  })

  it("is compared by its decision alone, where a recording has its answer in other words", () => {
    const { c, requestId } = asked(decisions)
    c.run({ type: "request.respond", requestId, decision: "yes" })
    const patch = (fields: object) => {
      const row = { ...c.s.rows.all("requests")[0], ...fields }
      c.s.rows.rows.get("requests")?.set(JSON.stringify([requestId]), row)
    }
    const again = (more: object = {}) => c.run({ type: "request.respond", requestId, decision: "yes", ...more }).refused
    patch({ answer: null })
    expect([again(), again({ data: { note: 1 } })]).toEqual([null, null])
    // An answer that the question would not take now is compared as it is given.
    patch({ answer: { data: { note: 1 } }, data: { choices: [{ decision: "yes" }] } })
    expect([again({ data: { note: 1 } }), again({ data: { note: 2 } })]).toEqual([null, "request-ended"])
    patch({ decision: null, answer: null })
    expect(again()).toBe("request-ended")
  })
})

describe("a turn", () => {
  const afterEnd = () => {
    const c = running()
    c.s.complete(t1).item("late", t1, { kind: "command" })
    return c
  }
  const settle = (c: CommandScenario, ifSequence = c.s.state.thread?.sequence) => ({
    type: "turn.settle-after-end",
    turnId: turnId(c),
    ifSequence,
    silentMs: 9,
  })

  it("is over with its late work, where nothing has happened since the look", () => {
    const c = afterEnd()
    const ids = { turnId: turnId(c) }
    expect(c.wholeOf(settle(c))).toEqual({
      events: [{ ...of, ids, type: "turn.after-end-settled", payload: { silentMs: 9 } }],
      effects: [],
    })
    const seen = c.s.state.thread?.sequence
    c.s.item("later", t1, { kind: "command" })
    expect(c.wholeOf(settle(c, seen))).toEqual(nothing)
    c.run(settle(c))
    expect(c.s.state.open.afterEnd).toBe(0)
    expect(c.wholeOf(settle(c))).toEqual(nothing)
  })

  it("has no late work where it has none, or where there is no thread", () => {
    const c = running()
    expect(c.wholeOf(settle(c))).toEqual(nothing)
    const none = afterEnd()
    const command = settle(none, 0)
    none.s.state = { ...none.s.state, thread: null }
    expect(none.wholeOf(command)).toEqual(nothing)
  })

  it("is interrupted for a reason, or for none", () => {
    const c = running()
    const ids = { turnId: turnId(c) }
    const asked = (reason: string | null) => [
      { ...of, ids, type: "turn.interrupt-requested", payload: { reason, underWay: false } },
    ]
    expect(c.wholeOf({ type: "turn.interrupt", reason: "enough" }).events).toEqual(asked("enough"))
    expect(c.wholeOf({ type: "turn.interrupt" }).events).toEqual(asked(null))
  })

  it("is interrupted on its way only before it was handed over", () => {
    const underWay = (c: CommandScenario, own: string | null) => {
      c.attempting.add(own ?? "")
      return c.wholeOf({ type: "turn.interrupt", turnId: own }).events
    }
    const sent = live()
    const { turnId: own } = sent.run({ type: "message.send", text: "x" })
    expect(underWay(sent, own)).toMatchObject([{ payload: { underWay: true } }])
    sent.outcome("effect.delivered", "turn.start", own)
    expect(underWay(sent, own)).toMatchObject([{ payload: { underWay: false } }])
    const runs = running()
    expect(underWay(runs, turnId(runs))).toMatchObject([{ payload: { underWay: false } }])
    const unsent = live()
    const waits = unsent.run({ type: "message.send", text: "x" }).turnId
    expect(unsent.wholeOf({ type: "turn.interrupt", turnId: waits }).events).toMatchObject([
      { payload: { underWay: false } },
    ])
  })

  it("that was delivered before its session is known is interrupted by a call", () => {
    const c = created()
    const { turnId: own } = c.run({ type: "message.send", text: "x" })
    c.outcome("effect.delivered", "turn.start", own)
    expect(c.wholeOf({ type: "turn.interrupt" }).effects).toEqual([
      { kind: "turn.interrupt", sessionId: null, turnId: own },
    ])
    // No session lives that it could start in, so its start is not timed.
    const ifSequence = c.s.rows.find("turns", "key", [own])?.sequence
    expect(c.wholeOf({ type: "turn.time-out-start", turnId: own, ifSequence, waitedMs: 7 })).toEqual(nothing)
  })

  it("is stalled, or fails to start, for the time that was waited", () => {
    const c = running()
    expect(c.wholeOf({ type: "turn.stall", turnId: turnId(c), silentMs: 5 }).events).toEqual([
      { ...of, ids: { turnId: turnId(c) }, type: "turn.stalled", payload: { silentMs: 5 } },
    ])
    const sent = live()
    const [first, own] = ["x", "y"].map(() => {
      const { turnId: requested } = sent.run({ type: "message.send", text: "x", mode: "interrupt" })
      sent.outcome("effect.delivered", "turn.start", requested)
      return requested ?? ""
    })
    const ifSequence = sent.s.rows.find("turns", "key", [own ?? ""])?.sequence
    const timeOut = { type: "turn.time-out-start", ifSequence, waitedMs: 7 }
    expect(sent.wholeOf({ ...timeOut, turnId: own }).events).toEqual([
      { ...of, ids: { turnId: own }, type: "turn.start-timed-out", payload: { waitedMs: 7 } },
    ])
    expect(sent.wholeOf({ ...timeOut, turnId: first })).toEqual(nothing)
  })
})
