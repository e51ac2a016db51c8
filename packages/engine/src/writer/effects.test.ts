import { describe, expect, it } from "vitest"
import { commandOf, done, lease, send, started, waiting } from "../../test/submissions.js"
import { databases, FakeSource, id, submit, t0 } from "../../test/support.js"
import type { Submission } from "../Submission.js"

describe.each(databases)("effects %s", (_name, open) => {
  it("are stored with the command's events, in its order, with what they are about", () => {
    const b = started(open)
    const x = new FakeSource("x")
    b.writer.process([submit(x.start(), x.turn("t1"))])
    const [, result] = b.writer.process([
      commandOf("1", send("a")),
      commandOf("2", { type: "message.send", text: "now", mode: "interrupt" }),
    ])
    const running = b.store.find("turns", "byNativeInSession", [x.sessionId, "t1"])
    const turnId = result?.ok === true ? result.receipt?.turnId : undefined
    const base = { threadId: x.streamId, commandId: id("command 2"), status: "pending", token: null, attempts: 0 }
    expect(result).toMatchObject({
      ok: true,
      effects: [
        { ...base, kind: "turn.interrupt", turnId: running?.turnId, sessionId: x.sessionId, payload: null },
        { ...base, kind: "turn.start", turnId, payload: { text: "now", settings: null }, createdAt: t0 + 60_000 },
      ],
    })
    for (const effect of result?.ok === true ? result.effects : [])
      expect(b.work.effect(effect.effectId)).toEqual(effect)
    b.close()
  })

  it("are stepped with their events, under the lease that was taken", () => {
    const { b, effectId, turnId } = waiting(open)
    expect(b.writer.process([lease(effectId)])[0]).toMatchObject({ ok: true, results: [], receipt: null, effects: [] })
    expect(b.work.effect(effectId)).toMatchObject({ status: "attempting", token: "me", attempts: 1 })
    const x = new FakeSource("x")
    const delivered = {
      ...x.draft("effect.delivered", { effect: "turn.start", effectId }, null, { turnId, eventId: id("delivered") }),
      sessionId: null,
      actor: "orchestrator" as const,
    }
    const ours = { ...delivered, event: { ...delivered.event, channel: null, seq: null } }
    const [result] = b.writer.process([{ ...submit(ours), effects: [done(effectId)] }])
    expect(result).toMatchObject({ ok: true, results: [{ status: "appended" }] })
    expect(b.work.effect(effectId)).toMatchObject({ status: "delivered", token: null, endedAt: t0 })
    expect(b.store.find("turns", "key", [turnId])).toMatchObject({ handedOver: 1 })
    b.close()
  })

  it("that are in another state refuse the whole submission: nothing is appended or decided, no other effect changes", () => {
    const { b, effectId } = waiting(open)
    const [other] = b.writer.process([commandOf("start", { type: "session.start" })])
    const second = other?.ok === true ? (other.effects[0]?.effectId ?? "") : ""
    b.writer.process([lease(effectId)])
    const head = b.driver.head()
    const x = new FakeSource("x")
    const wrong: readonly NonNullable<Submission["effects"]>[] = [
      [{ effectId, from: "pending", patch: { status: "retired", endedAt: 1 } }],
      [done(effectId, "another")],
      [{ effectId: id("missing"), from: "pending", patch: { status: "retired", endedAt: 1 } }],
      [{ effectId: second, from: "pending", patch: { status: "retired", endedAt: 1 } }, done(effectId, "another")],
    ]
    for (const effects of wrong) {
      const [result] = b.writer.process([
        {
          ...submit(x.start()),
          ...commandOf("rename", { type: "thread.rename", title: "B" }, "key"),
          effects,
          meta: { k: "v" },
        },
      ])
      expect(result).toMatchObject({ ok: false, error: { _tag: "EffectConflict" } })
    }
    expect(b.driver.head()).toBe(head)
    expect(b.driver.getMeta("k")).toBeNull()
    expect(b.work.receipt("key")).toBeNull()
    expect([b.work.effect(effectId)?.status, b.work.effect(second)?.status]).toEqual(["attempting", "pending"])
    // A refusal because of effects is not remembered for the command.
    expect(b.writer.process([commandOf("rename", { type: "thread.rename", title: "B" }, "key")])[0]).toMatchObject({
      ok: true,
    })
    b.close()
  })

  it("that end a background task are made once, for as long as the agent is asked", () => {
    const b = started(open)
    const x = new FakeSource("x")
    const task = x.draft("task.started", { kind: "shell" }, { taskId: "task-1" })
    b.writer.process([submit(x.start(), x.turn("t1"), task)])
    const taskId = b.store.find("tasks", "byNativeInSession", [x.sessionId, "task-1"])?.taskId ?? ""
    const calls = (...names: readonly string[]) =>
      b.writer
        .process(names.map((name) => commandOf(name, { type: "task.stop", taskId })))
        .map((result) => (result.ok ? result.effects.map(({ effectId }) => effectId) : result.error))
    const [first, second] = calls("stop", "again")
    expect([first, second]).toEqual([[expect.any(String)], []])
    const effectId = String(Array.isArray(first) ? first[0] : "")
    b.writer.process([lease(effectId)])
    expect(calls("while it is called")).toEqual([[]])
    b.writer.process([{ ...submit(), effects: [done(effectId)] }])
    expect(calls("once it is over")).toEqual([[expect.any(String)]])
    b.close()
  })

  it("are leased once, though two ask in one batch", () => {
    const { b, effectId } = waiting(open)
    const outcomes = b.writer.process([lease(effectId, "one"), lease(effectId, "two")])
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, false])
    expect(b.work.effect(effectId)?.token).toBe("one")
    b.close()
  })

  it("of a refused command are not made, and a refused command moves none", () => {
    const { b, effectId } = waiting(open)
    const [result] = b.writer.process([
      {
        ...commandOf("start", { type: "message.send", text: "b", mode: "start" }),
        effects: [{ effectId, from: "pending", patch: { status: "retired", endedAt: 1 } }],
      },
    ])
    expect(result).toMatchObject({ ok: false, error: { _tag: "CommandRefused", reason: "turn-active" } })
    expect(b.work.effect(effectId)?.status).toBe("pending")
    b.close()
  })

  it("of a turn that does not wait any more are not leased", () => {
    const { b, effectId, turnId } = waiting(open)
    const leased = { ...lease(effectId), ifRequested: { threadId: id("thread x"), turnId } }
    const [cancelled, late] = b.writer.process([commandOf("stop", { type: "turn.interrupt" }), leased])
    expect(cancelled).toMatchObject({ ok: true, effects: [] })
    expect(late).toMatchObject({ ok: false, error: { _tag: "EffectConflict" } })
    expect(b.work.effect(effectId)?.status).toBe("pending")
    b.close()
  })

  it("of a turn that the agent has taken after all are not leased again", () => {
    const { b, effectId, turnId } = waiting(open)
    const x = new FakeSource("x")
    b.writer.process([
      submit(x.start()),
      lease(effectId),
      // The line was lost, so that another process was to get the turn.
      { ...submit(), effects: [{ effectId, from: "attempting", patch: { status: "pending", token: null } }] },
      submit(x.draft("turn.accepted", {}, { turnId: "t1" }, { turnId })),
    ])
    expect(b.store.find("turns", "key", [turnId])).toMatchObject({ status: "requested", handedOver: 1 })
    const [late] = b.writer.process([{ ...lease(effectId), ifRequested: { threadId: id("thread x"), turnId } }])
    expect(late).toMatchObject({ ok: false, error: { _tag: "EffectConflict" } })
    expect(b.work.effect(effectId)?.status).toBe("pending")
    b.close()
  })

  it("of a message that was taken back are not leased, and one that is under way is not taken back nor sent twice", () => {
    const b = started(open)
    const x = new FakeSource("x")
    b.writer.process([submit(x.start(), x.turn("t1"))])
    const steer = (name: string) => {
      const [result] = b.writer.process([commandOf(name, { type: "message.send", text: name, mode: "steer" })])
      const [effect] = result?.ok === true ? result.effects : []
      return { effectId: effect?.effectId ?? "", messageId: effect?.messageId ?? "" }
    }
    const [gone, going] = [steer("gone"), steer("going")]
    const cancel = (name: string, messageId: string) => commandOf(name, { type: "queue.cancel", messageId })
    const outcomes = b.writer.process([
      cancel("1", gone.messageId),
      lease(gone.effectId),
      lease(going.effectId),
      cancel("2", going.messageId),
      submit(x.complete("t1")),
      commandOf("3", { type: "queue.drain" }),
    ])
    expect(outcomes).toMatchObject([
      { ok: true },
      { ok: false, error: { _tag: "EffectConflict" } },
      { ok: true },
      { ok: false, error: { _tag: "CommandRefused", reason: "queue-conflict" } },
      { ok: true },
      { ok: true, results: [], effects: [] },
    ])
    b.close()
  })

  it("that are being attempted lead to an interrupt of the agent when their turn is interrupted", () => {
    const { b, effectId, turnId } = waiting(open)
    const [, result] = b.writer.process([lease(effectId), commandOf("stop", { type: "turn.interrupt" })])
    expect(result).toMatchObject({ ok: true, effects: [{ kind: "turn.interrupt", turnId }] })
    expect(b.store.find("turns", "key", [turnId])).toMatchObject({ status: "requested", outcome: null })
    b.close()
  })
})
