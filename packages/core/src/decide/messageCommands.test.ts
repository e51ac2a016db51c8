import { describe, expect, it } from "vitest"
import { CommandScenario, created, live } from "../../test/CommandScenario.js"
import { id, strong } from "../../test/Scenario.js"

const t1 = strong("t1")
const t2 = strong("t2")
const modes = ["queue", "start", "steer", "interrupt"] as const
type Mode = (typeof modes)[number]
const send = (c: CommandScenario, mode?: Mode, text = "hello") => c.run({ type: "message.send", text, mode })
const turn = (c: CommandScenario, turnId: string | null) => c.s.rows.find("turns", "key", [turnId])
const queue = (c: CommandScenario) =>
  [...c.s.rows.all("queue")].sort((a, b) => a.position - b.position).map(({ text }) => text)

const accept = (c: CommandScenario, turnId: string | null, native = t1) => {
  c.outcome("effect.delivered", "turn.start", turnId)
  c.s.send("turn.accepted", {}, { ids: { turnId }, native: { turnId: native } })
  c.s.send("turn.started", {}, { native: { turnId: native } })
  return c
}
/** A turn of ours runs. */
const running = () => {
  const c = live()
  return accept(c, send(c).turnId)
}
/** A turn of ours waits, and was not delivered. */
const waiting = () => {
  const c = live()
  send(c)
  return c
}
/** A turn that may have been delivered. */
const doubted = () => {
  const c = live()
  return c.outcome("effect.uncertain", "turn.start", send(c).turnId)
}
/** Nothing runs, and a message waits in the queue, held or not. */
const queued = (held: boolean) => {
  const c = running()
  send(c, "queue", "first")
  c.s.complete(t1, held ? "failed" : "completed")
  return c
}

const starts = { refused: null, events: ["turn.requested"], effects: ["turn.start"] }
const waits = { refused: null, events: ["message.queued"], effects: [] }

describe("message.send with nothing open", () => {
  it.each(modes)("%s starts a turn, whether a session lives or not", (mode) => {
    for (const c of [created(), live(), running().s.complete(t1) && queuedNothing()]) {
      const result = send(c, mode)
      expect(result).toMatchObject({ ...starts, messageId: null })
      expect(turn(c, result.turnId)).toMatchObject({
        status: "requested",
        origin: "client",
        text: "hello",
        handedOver: 0,
      })
      expect(c.effects.at(-1)).toEqual({
        kind: "turn.start",
        turnId: result.turnId,
        payload: { text: "hello", settings: null },
      })
    }
  })

  it("is queue where nothing is said", () => {
    expect(send(running())).toMatchObject(waits)
  })

  it("brings the message's settings to the turn", () => {
    const c = live()
    c.run({ type: "message.send", text: "x", settings: { model: "m" } })
    expect(c.effects).toMatchObject([{ payload: { text: "x", settings: { model: "m" } } }])
  })
})

const queuedNothing = () => {
  const c = running()
  c.s.complete(t1)
  return c
}

describe("message.send with messages in the queue and nothing open", () => {
  it.each([false, true])("queue goes in line, the others start (held: %s)", (held) => {
    for (const mode of modes) {
      const c = queued(held)
      expect(c.s.state.thread?.queueHeld).toBe(held ? 1 : 0)
      expect(send(c, mode)).toMatchObject(mode === "queue" ? waits : starts)
      expect(queue(c)).toEqual(mode === "queue" ? ["first", "hello"] : ["first"])
      expect(c.s.state.thread?.queueHeld).toBe(held ? 1 : 0)
    }
  })
})

describe("message.send while a turn runs", () => {
  it("start is refused", () => {
    const c = running()
    expect(send(c, "start")).toMatchObject({ refused: "turn-active" })
  })

  it("queue waits in line", () => {
    const c = running()
    send(c, "queue", "a")
    const result = send(c, "queue", "b")
    expect(result).toMatchObject({ ...waits, turnId: null })
    expect(result.messageId).not.toBeNull()
    expect(queue(c)).toEqual(["a", "b"])
  })

  it("steer goes into it, and stays in the queue until the agent has taken it", () => {
    const c = running()
    const result = send(c, "steer")
    expect(result).toMatchObject({
      events: ["message.queued"],
      effects: ["turn.steer"],
      turnId: c.s.state.active?.turnId,
    })
    expect(c.effects.at(-1)).toEqual({
      kind: "turn.steer",
      sessionId: id("session s1"),
      turnId: result.turnId,
      messageId: result.messageId,
      payload: { text: "hello" },
    })
    c.append({
      type: "message.steered",
      sessionId: null,
      native: null,
      payload: { messageId: result.messageId, text: "hello" },
    })
    expect(queue(c)).toEqual([])
  })

  it("interrupt ends it and runs before all that waits", () => {
    const c = running()
    send(c, "queue", "later")
    const before = c.s.state.active?.turnId ?? null
    const result = send(c, "interrupt", "now")
    expect(result).toMatchObject({
      events: ["turn.requested", "turn.interrupt-requested"],
      effects: ["turn.interrupt", "turn.start"],
    })
    expect(turn(c, before)).toMatchObject({ status: "running" })
    expect(turn(c, before)?.interruptRequestedAt).not.toBeNull()
    c.s.complete(t1, "interrupted")
    // A person has said what comes next, so nothing is held.
    expect(c.s.state.thread?.queueHeld).toBe(0)
    expect(c.answerTo({ type: "queue.drain" })).toEqual([])
    accept(c, result.turnId, t2).s.complete(t2)
    expect(c.run({ type: "queue.drain" }).events).toEqual(["message.dequeued", "turn.requested"])
  })

  it("interrupt reaches the agent once, however often it is repeated", () => {
    const c = running()
    c.run({ type: "turn.interrupt" })
    expect(send(c, "interrupt")).toMatchObject({ events: ["turn.requested"], effects: ["turn.start"] })
    const [first] = c.s.state.requested
    expect(send(c, "interrupt", "even later")).toMatchObject({
      events: ["turn.requested", "turn.interrupt-requested"],
      effects: ["turn.start"],
    })
    expect(turn(c, first?.turnId ?? null)).toMatchObject({ outcome: "cancelled", settled: 1 })
  })
})

describe("message.send while a turn waits to start", () => {
  it("start is refused, queue and steer wait in line", () => {
    expect(send(waiting(), "start")).toMatchObject({ refused: "turn-active" })
    expect(send(waiting(), "queue")).toMatchObject(waits)
    expect(send(waiting(), "steer")).toMatchObject(waits)
  })

  it("interrupt cancels it where it was not delivered: nothing is sent to the agent", () => {
    const c = waiting()
    const [before] = c.s.state.requested
    const result = send(c, "interrupt")
    expect(result).toMatchObject({ events: ["turn.requested", "turn.interrupt-requested"], effects: ["turn.start"] })
    expect(turn(c, before?.turnId ?? null)).toMatchObject({ status: "ended", outcome: "cancelled" })
    expect(c.s.session).toMatchObject({ status: "starting", pendingTurnId: result.turnId })
  })

  it("interrupt ends it at once where it was delivered; the agent ends it where it is being delivered", () => {
    const c = waiting()
    const [before] = c.s.state.requested
    const handed = c.outcome("effect.delivered", "turn.start", before?.turnId ?? null)
    expect(send(handed, "interrupt")).toMatchObject({ effects: ["turn.interrupt", "turn.start"] })
    expect(turn(c, before?.turnId ?? null)).toMatchObject({ status: "ended", outcome: "cancelled", settled: 0 })
    const going = waiting()
    const [now] = going.s.state.requested
    going.attempting.add(now?.turnId ?? "")
    expect(send(going, "interrupt")).toMatchObject({ effects: ["turn.interrupt", "turn.start"] })
    expect(turn(going, now?.turnId ?? null)).toMatchObject({ status: "requested", handedOver: 0 })
  })
})

describe("message.send while a turn is in doubt", () => {
  it.each(modes)("%s starts the next one: a person has seen the doubt", (mode) => {
    const result = send(doubted(), mode)
    expect(result).toMatchObject(starts)
  })
})

describe("message.send where no agent of ours runs the thread", () => {
  it("is refused: no thread, one that was deleted, imported or attached, or that an adapter feeds now", () => {
    expect(send(new CommandScenario())).toMatchObject({ refused: "thread-not-found" })
    const gone = created()
    gone.run({ type: "thread.delete" })
    expect(send(gone)).toMatchObject({ refused: "thread-not-found" })
    const imported = new CommandScenario()
    imported.s.send("session.started", { provider: "x", mode: "imported" })
    expect(send(imported)).toMatchObject({ refused: "thread-not-run" })
    const fed = created()
    fed.run({ type: "session.attach", sessionId: id("session s1"), provider: "mine", leaseMs: 1000 })
    expect(send(fed)).toMatchObject({ refused: "thread-busy" })
  })
})
