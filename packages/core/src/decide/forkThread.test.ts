/** `thread.fork`: where a thread can be forked, what a fork takes, and how its stream ends. */
import { describe, expect, it } from "vitest"
import { CommandScenario, created, live } from "../../test/CommandScenario.js"
import { id, Scenario } from "../../test/Scenario.js"
import { settlementOf } from "../workflow/index.js"

const at = (turnId: string) => ({ type: "thread.fork", turnId, intoThreadId: id("fork") })

describe("thread.fork", () => {
  it("is accepted at a turn that has ended, changes nothing of the thread, and names the new one", () => {
    const c = live()
    const { turnId } = c.run({ type: "message.send", text: "x" })
    c.run({ type: "session.stop" })
    const turn = c.s.rows.all("turns")[0]
    expect(turn).toMatchObject({ turnId, status: "ended" })
    expect(c.run(at(turnId ?? ""))).toMatchObject({ refused: null, events: [], effects: [] })
    const decision = c.decide(at(turnId ?? ""))
    expect(decision).toMatchObject({ accepted: { threadId: id("fork") } })
  })

  it("is refused at a turn that has not ended, that is another thread's, or of a thread that is not there or deleted", () => {
    const c = created()
    const { turnId } = c.run({ type: "message.send", text: "x" })
    expect(c.answerTo(at(turnId ?? ""))).toBe("turn-active")
    expect(c.answerTo(at(id("other turn")))).toBe("resource-not-found")
    expect(new CommandScenario().answerTo(at(turnId ?? ""))).toBe("thread-not-found")
    c.run({ type: "session.stop" })
    c.run({ type: "thread.delete" })
    expect(c.answerTo(at(turnId ?? ""))).toBe("thread-not-found")
  })
})

describe("a fork that an agent goes on in", () => {
  it("is asked for of the thread's own agent, and takes messages", () => {
    const c = live()
    const { turnId } = c.run({ type: "message.send", text: "x" })
    c.run({ type: "session.stop" })
    expect(c.answerTo({ ...at(turnId ?? ""), agent: "another" })).toBe("thread-not-run")
    expect(c.answerTo({ ...at(turnId ?? ""), agent: c.s.state.thread?.agent })).toEqual([])
    const ours = { session: null } as const
    const fork = new CommandScenario(
      new Scenario()
        .send("thread.created", { provider: "codex" }, ours)
        .send("thread.forked", { fromThreadId: id("a"), agent: "coder" }, ours),
    )
    expect(fork.run({ type: "message.send", text: "x" })).toMatchObject({ refused: null, effects: ["turn.start"] })
  })
})

describe("a fork", () => {
  const ours = { session: null } as const
  const fork = () =>
    new CommandScenario(
      new Scenario()
        .send("thread.created", { provider: "codex" }, ours)
        .send("thread.forked", { fromThreadId: id("a") }, ours),
    )
  const attach = { type: "session.attach", sessionId: id("s"), provider: "codex", leaseMs: 1_000 } as const

  it("takes no message and no session, and may be renamed and deleted", () => {
    expect(fork().answerTo({ type: "message.send", text: "x" })).toBe("thread-read-only")
    expect(fork().answerTo({ type: "session.start" })).toBe("thread-read-only")
    expect(fork().answerTo(attach)).toBe("thread-read-only")
    expect(fork().answerTo({ type: "thread.rename", title: "x" })).toEqual(["thread.renamed"])
    expect(fork().answerTo({ type: "thread.delete" })).toEqual(["thread.deleted"])
  })

  it("of the provider's is none of ours: an adapter may feed it", () => {
    const native = { provider: "codex", forkedFromNativeThreadId: "n", forkedFromThreadId: id("a") }
    const c = new CommandScenario(new Scenario().send("thread.started", native, ours))
    expect(c.answerTo(attach)).toEqual(["session.started"])
    expect(c.answerTo({ type: "message.send", text: "x" })).toBe("thread-not-run")
  })

  it("ends what lives with the cause forked, and cancels what waits in the queue", () => {
    const c = live()
    const first = c.run({ type: "message.send", text: "first" })
    const { messageId } = c.run({ type: "message.send", text: "second" })
    const settling = settlementOf(c.s.state, "forked")
    expect(settling.map(({ payload, type }) => [type, payload])).toEqual([
      ["message.cancelled", { messageId }],
      ["session.stop-requested", { reason: "forked", cause: "forked" }],
      ["session.reconciled", { liveness: "gone", reason: "forked" }],
    ])
    for (const { payload, sessionId, type } of settling)
      c.s.send(type, payload, { session: sessionId === null ? null : "s1" })
    expect(c.s.rows.all("threads")[0]).toMatchObject({ queued: 0, queueHeld: 0, activeTurnId: null })
    expect(c.s.rows.all("sessions")[0]).toMatchObject({ status: "stopped", cause: "forked" })
    const { turnId } = first
    expect(c.s.rows.find("turns", "key", [turnId ?? ""])).toMatchObject({ outcome: "cancelled", cause: "forked" })
    expect(settlementOf(c.s.state, "forked")).toEqual([])
    // An import keeps its queue: it is held.
    expect(settlementOf({ ...c.s.state, queue: [id("m")] }).map(({ type }) => type)).toEqual(["session.stop-requested"])
  })
})
