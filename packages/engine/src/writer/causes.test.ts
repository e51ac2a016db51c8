/** From an event to the effect that it reports or answers, and on to the command. */
import { describe, expect, it } from "vitest"
import { commandOf, done, lease, waiting } from "../../test/submissions.js"
import { databases, FakeSource, id, submit } from "../../test/support.js"

describe.each(databases)("what caused an event %s", (_name, open) => {
  it("is its command, the effect that it reports, or the effect that it answers", () => {
    const { b, effectId, turnId } = waiting(open)
    const x = new FakeSource("x")
    b.writer.process([lease(effectId)])
    const result = x.draft("effect.delivered", { effect: "turn.start", effectId }, null, {
      turnId,
      eventId: id("result"),
    })
    const ours = {
      ...result,
      sessionId: null,
      actor: "orchestrator" as const,
      event: { ...result.event, channel: null, seq: null },
    }
    b.writer.process([submit(x.start())])
    b.writer.process([{ ...submit(ours), effects: [done(effectId)] }])
    const native = { turnId: "t1" }
    b.writer.process([
      submit(
        x.draft("turn.accepted", {}, native, { turnId }),
        x.draft("turn.started", {}, native),
        x.draft("item.started", { kind: "reasoning" }, { ...native, itemId: "i1" }),
      ),
    ])
    const [interrupted] = b.writer.process([commandOf("interrupt", { type: "turn.interrupt" })])
    const interrupt = interrupted?.ok === true ? (interrupted.effects[0]?.effectId ?? "") : ""
    b.writer.process([lease(interrupt)])
    b.writer.process([submit(x.draft("turn.completed", { outcome: "interrupted" }, native))])
    const created = id("command create")
    const sent = id("command send")
    const stopped = id("command interrupt")
    expect(
      b.driver
        .read({ limit: 50 })
        .map(({ causationId, commandId, correlationId, type }) => [type, commandId, causationId, correlationId]),
    ).toEqual([
      ["thread.created", created, created, created],
      ["turn.requested", sent, sent, sent],
      ["session.started", null, effectId, sent],
      ["effect.delivered", null, effectId, sent],
      ["turn.accepted", null, effectId, sent],
      ["turn.started", null, effectId, sent],
      ["item.started", null, null, null],
      ["turn.interrupt-requested", stopped, stopped, stopped],
      ["turn.completed", null, interrupt, stopped],
    ])
    b.close()
  })

  it("is, of a message that waited, the command that queued it, although another one let it run", () => {
    const { b, effectId, turnId } = waiting(open)
    const x = new FakeSource("x")
    b.writer.process([lease(effectId)])
    b.writer.process([submit(x.start(), x.draft("turn.accepted", {}, { turnId: "t1" }, { turnId }))])
    b.writer.process([submit(x.draft("turn.started", {}, { turnId: "t1" }))])
    b.writer.process([commandOf("later", { type: "message.send", text: "later" })])
    b.writer.process([submit(x.draft("turn.completed", { outcome: "completed" }, { turnId: "t1" }))])
    const [drained] = b.writer.process([commandOf("drain", { type: "queue.drain" })])
    const [later, drain] = [id("command later"), id("command drain")]
    const result = b.driver.read({ limit: 50 }).filter(({ commandId }) => commandId === drain)
    expect(result.map(({ causationId, correlationId, type }) => [type, causationId, correlationId])).toEqual([
      ["message.dequeued", drain, later],
      ["turn.requested", drain, later],
    ])
    expect(drained).toMatchObject({ ok: true, effects: [{ kind: "turn.start", commandId: later }] })
    b.close()
  })

  it("is none of our effects for events of an adapter", () => {
    const b = open()
    const x = new FakeSource("x")
    b.writer.process([
      submit(x.start(), x.turn("t1"), x.draft("turn.completed", { outcome: "completed" }, { turnId: "t1" })),
    ])
    expect(b.driver.read({ limit: 9 }).every(({ causationId, correlationId }) => causationId === correlationId)).toBe(
      true,
    )
    expect(b.driver.read({ limit: 9 }).map(({ causationId }) => causationId)).toEqual([null, null, null])
    b.close()
  })
})
