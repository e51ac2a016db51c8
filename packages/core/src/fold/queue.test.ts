import type { PayloadOf } from "@threadfold/contracts"
import { describe, expect, it } from "vitest"
import { id, Scenario, strong } from "../../test/Scenario.js"
import { checkRows } from "../index.js"

const ours = { session: null } as const
const [a, b, c] = [id("a"), id("b"), id("c")]
const queued = () =>
  [a, b, c].reduce(
    (s, messageId) => s.send("message.queued", { messageId, text: messageId }, ours),
    new Scenario().start(),
  )
const order = (s: Scenario) =>
  [...s.rows.all("queue")].sort((x, y) => x.position - y.position).map((row) => [row.messageId, row.position])

describe("the queue", () => {
  it("writes a message again where it waits, and notes one that does not wait", () => {
    const s = queued()
    s.send("message.edited", { messageId: b, text: "B" }, ours)
    expect(s.rows.all("queue").find(({ messageId }) => messageId === b)).toMatchObject({
      text: "B",
      parts: null,
      position: 2,
    })
    s.send("message.cancelled", { messageId: b }, ours).send("message.edited", { messageId: b, text: "late" }, ours)
    expect(s.reasons()).toEqual(["message-unknown"])
  })

  it("keeps messages in order, without gaps, whichever leaves", () => {
    const s = queued()
    expect(s.state.thread?.queued).toBe(3)
    s.send("message.cancelled", { messageId: b }, ours)
    expect(order(s)).toEqual([
      [a, 1],
      [c, 2],
    ])
    s.send("message.dequeued", { messageId: a }, ours).send("message.steered", { messageId: c }, ours)
    expect(order(s)).toEqual([])
    expect(s.state.thread?.queued).toBe(0)
    expect(s.reasons()).toEqual([])
  })

  it("is reordered by an order that names every message exactly once", () => {
    const s = queued().send("queue.reordered", { messageIds: [c, a, b] }, ours)
    expect(order(s)).toEqual([
      [c, 1],
      [a, 2],
      [b, 3],
    ])
    for (const messageIds of [
      [a, b],
      [a, a, b],
      [a, b, id("x")],
    ])
      s.send("queue.reordered", { messageIds }, ours)
    expect(order(s)).toEqual([
      [c, 1],
      [a, 2],
      [b, 3],
    ])
    expect(s.state.queue).toEqual([c, a, b])
    expect(s.anomalies()).toEqual(["message-unknown queue (the order does not name every queued message once)"])
    expect(s.rows.all("anomalies")[0]?.count).toBe(3)
  })

  it("changes no row of a message that keeps its place", () => {
    const s = queued()
    const row = (messageId: string) => s.rows.find("queue", "key", [messageId])
    const before = row(a)
    s.send("queue.reordered", { messageIds: [a, c, b] }, ours)
    expect(row(a)).toEqual(before)
    expect(row(b)).toMatchObject({ position: 3, sequence: s.log.length })
  })

  it("holds a hundred messages, and keeps what comes beyond them as an event alone", () => {
    const s = new Scenario().start()
    for (let n = 0; n <= 100; n += 1) s.send("message.queued", { messageId: id(`m${n}`), text: "x" }, ours)
    expect(s.state.queue).toHaveLength(100)
    expect(order(s)).toHaveLength(100)
    expect(s.anomalies()).toEqual(["limit-reached queue (100 messages wait)"])
  })

  it("a message that is there already, or not at all, is an anomaly; a steer of no message is none", () => {
    const s = queued().send("message.queued", { messageId: a, text: "again" }, ours)
    s.send("message.dequeued", { messageId: id("x") }, ours).send("message.steered", { text: "typed" }, ours)
    expect(order(s)).toHaveLength(3)
    expect(s.rows.all("queue")[0]?.text).toBe(a)
    expect(s.anomalies()).toEqual([`message-duplicate message:${a}`, `message-unknown message:${id("x")}`])
  })
})

const t1 = strong("t1")
const t2 = strong("t2")
const wait = (s: Scenario, messageId = a) => s.send("message.queued", { messageId, text: messageId }, ours)
const request = (s: Scenario, turnId: string) => s.send("turn.requested", {}, { ...ours, ids: { turnId } })
const interrupt = (s: Scenario, turnId: string) => s.send("turn.interrupt-requested", {}, { ...ours, ids: { turnId } })
const idOf = (s: Scenario, native: string) => s.turnRow(native)?.turnId ?? "missing"
/** Whether the queue is held, after a look at everything else that must hold. */
const held = (s: Scenario): boolean => {
  expect(checkRows(s.threadId, s.rows.of(s.threadId))).toEqual([])
  expect(s.reasons()).toEqual([])
  return s.state.thread?.queueHeld === 1
}
const running = () => wait(new Scenario().start().turn(t1))

describe("a held queue", () => {
  it.each(["failed", "interrupted"] as const)("is left by a turn that ended %s", (outcome) => {
    expect(held(running().complete(t1, outcome))).toBe(true)
  })

  it.each(["completed", "cancelled", "unknown"] as const)("is not left by a turn that ended %s", (outcome) => {
    expect(held(running().complete(t1, outcome))).toBe(false)
  })

  it("is left by an inferred end, too", () => {
    expect(held(running().status("interrupted"))).toBe(true)
    expect(held(running().status("error"))).toBe(true)
    expect(held(running().status("ready"))).toBe(false)
    const fatal = running().send("runtime.error", { message: "gone", willRetry: false }, { native: { turnId: t1 } })
    expect(held(fatal)).toBe(true)
  })

  it("is left by a turn whose own terminal says that it failed, after it counted as completed", () => {
    const s = running().status("ready")
    expect(held(s)).toBe(false)
    expect(held(s.complete(t1, "failed"))).toBe(true)
  })

  it("is left by a turn that was cancelled before its delivery, as by one that runs", () => {
    const s = wait(request(new Scenario().start(), id("r")))
    expect(held(interrupt(s, id("r")))).toBe(true)
  })

  it("is left by a stop, before the session ends and where there is none", () => {
    expect(held(running().send("session.stop-requested", {}, ours))).toBe(true)
    const asleep = request(new Scenario().start().send("session.exited", { reason: "exit" }), id("r"))
    expect(held(wait(asleep).send("session.stop-requested", {}, ours))).toBe(true)
  })

  const ends: readonly (readonly [string, (s: Scenario) => Scenario])[] = [
    ["an exit", (s) => s.send("session.exited", { reason: "exit", signal: "SIGKILL" })],
    ["a failed start", (s) => s.send("session.exited", { reason: "exit", failedStart: true })],
    ["a lapsed lease", (s) => s.send("session.lease-lapsed", { leaseMs: 1 })],
    ["the reaper", (s) => s.send("session.reaped", {}, ours)],
    ["reconciliation", (s) => s.send("session.reconciled", { liveness: "gone" }, ours)],
    ["the provider's stopped", (s) => s.status("stopped")],
    ["the next session", (s) => s.start("s2")],
  ]
  it.each(ends)("is left by %s, whether a turn ran or not", (_, end) => {
    expect(held(end(wait(new Scenario().start())))).toBe(true)
    expect(held(end(running()))).toBe(true)
  })

  it("is not left where it is known what is next: a turn that waits, or one that runs already", () => {
    const waits = request(running(), id("r")).complete(t1, "interrupted")
    expect(held(waits)).toBe(false)
    const runs = running().status("ready").turn(t2).complete(t1, "failed")
    expect(held(runs)).toBe(false)
    expect(held(runs.complete(t2, "failed"))).toBe(true)
  })

  it("is not left by an empty one, and what comes later is not held by what was before", () => {
    const s = new Scenario().start().turn(t1).complete(t1, "failed")
    expect(held(s)).toBe(false)
    expect(held(wait(s))).toBe(false)
  })

  it("is let go by a person, and stays so though the end that held it is confirmed", () => {
    const s = running().status("interrupted")
    expect(held(s)).toBe(true)
    expect(held(s.send("queue.resumed", {}, ours))).toBe(false)
    expect(held(s.complete(t1, "interrupted"))).toBe(false)
    expect(held(s.send("queue.resumed", {}, ours))).toBe(false)
  })

  it("is over when it is empty, whichever message left last", () => {
    for (const type of ["message.cancelled", "message.dequeued", "message.steered"] as const) {
      const s = wait(running().complete(t1, "failed"), b)
      const leave = (messageId: string): PayloadOf<typeof type> => ({ messageId })
      expect(held(s.send(type, leave(a), ours))).toBe(true)
      expect(held(s.send(type, leave(b), ours))).toBe(false)
      expect(held(wait(s, c))).toBe(false)
    }
  })

  it("keeps what is said while it is held in line behind the rest", () => {
    const s = wait(running().complete(t1, "failed"), b)
    expect(held(s)).toBe(true)
    expect(order(s)).toEqual([
      [a, 1],
      [b, 2],
    ])
  })

  it("is left by an uncertain steer: its message is not delivered twice by itself", () => {
    const s = running()
    s.send("effect.uncertain", { effect: "turn.steer" }, { ...ours, ids: { turnId: idOf(s, t1) } })
    expect(held(s)).toBe(true)
    expect(held(s.complete(t1))).toBe(true)
  })

  it("remembers the settings and the parts of a message", () => {
    const s = new Scenario().start()
    const parts = [{ type: "skill", name: "pdf" }] as const
    s.send("message.queued", { messageId: a, text: "x", settings: { model: "m" }, parts }, ours)
    expect(s.rows.all("queue")[0]).toMatchObject({ text: "x", settings: { model: "m" }, parts })
    expect(wait(s, b).rows.all("queue")[1]).toMatchObject({ settings: null, parts: null })
  })
})
