import { describe, expect, it } from "vitest"
import { id, Scenario } from "../../test/Scenario.js"

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
  it("keeps messages in order, without gaps, whoever leaves", () => {
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
    expect(order(s)[0]).toEqual([c, 1])
    expect(s.reasons()).toEqual(["message-unknown"])
  })

  it("a message that is there already, or not at all, is an anomaly; a steer of no message is none", () => {
    const s = queued().send("message.queued", { messageId: a, text: "again" }, ours)
    s.send("message.dequeued", { messageId: id("x") }, ours).send("message.steered", { text: "typed" }, ours)
    expect(order(s)).toHaveLength(3)
    expect(s.rows.all("queue")[0]?.text).toBe(a)
    expect(s.reasons()).toEqual(["message-duplicate", "message-unknown"])
  })
})
