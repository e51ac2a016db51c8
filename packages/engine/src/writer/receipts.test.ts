import { describe, expect, it } from "vitest"
import { commandOf, create, send, started, types } from "../../test/submissions.js"
import { databases, FakeSource, id, submit } from "../../test/support.js"

describe.each(databases)("receipts %s", (_name, open) => {
  it("give a retry the first answer, in the same batch, later, and after a restart", () => {
    const b = started(open)
    const [first, same] = b.writer.process([commandOf("1", send("a"), "key"), commandOf("2", send("a"), "key")])
    expect(first).toMatchObject({
      ok: true,
      head: 2,
      results: [{ status: "appended", sequence: 2 }],
      receipt: { commandId: id("command 1"), threadId: id("thread x"), messageId: null, sequence: 2 },
      effects: [{ kind: "turn.start", status: "pending", commandId: id("command 1") }],
    })
    const receipt = first?.ok === true ? first.receipt : null
    expect(receipt?.turnId).not.toBeNull()
    b.writer.process([commandOf("3", send("b"))])
    const later = b.writer.process([commandOf("4", send("a"), "key")])[0]
    const restarted = b.restart().process([commandOf("5", send("a"), "key")])[0]
    for (const again of [same, later, restarted]) {
      expect(again).toMatchObject({ ok: true, results: [], effects: [], receipt })
    }
    // What has happened since does not change the answer: b waits behind a.
    expect(types(b)).toEqual(["thread.created", "turn.requested", "message.queued"])
    b.close()
  })

  it("refuse the same key with other content, and remember the first", () => {
    const b = started(open)
    const [, other, first] = b.writer.process([
      commandOf("1", send("a"), "key"),
      commandOf("2", send("b"), "key"),
      commandOf("3", send("a"), "key"),
    ])
    expect(other).toMatchObject({ ok: false, error: { _tag: "CommandConflict" } })
    expect(first).toMatchObject({ ok: true, receipt: { commandId: id("command 1") } })
    expect(types(b)).toEqual(["thread.created", "turn.requested"])
    b.close()
  })

  it("remember a refusal, though the command would be accepted now", () => {
    const b = open()
    const early = b.writer.process([commandOf("1", send("a"), "key")])[0]
    expect(early).toMatchObject({ ok: false, error: { _tag: "CommandRefused", reason: "thread-not-found" } })
    b.writer.process([commandOf("create", create)])
    expect(b.writer.process([commandOf("2", send("a"), "key")])[0]).toEqual(early)
    expect(b.writer.process([commandOf("3", send("a"), "another key")])[0]).toMatchObject({ ok: true })
    b.close()
  })

  it("have the head of the log when nothing had to change", () => {
    const b = started(open)
    b.writer.process([commandOf("rename", { type: "thread.rename", title: "A" })])
    const result = b.writer.process([commandOf("again", { type: "thread.rename", title: "A" }, "key")])[0]
    expect(result).toMatchObject({ ok: true, results: [], effects: [], receipt: { sequence: 2, turnId: null } })
    b.writer.process([commandOf("other", { type: "thread.rename", title: "B" })])
    expect(b.writer.process([commandOf("retry", { type: "thread.rename", title: "A" }, "key")])[0]).toMatchObject({
      ok: true,
      head: 3,
      receipt: { sequence: 2 },
    })
    b.close()
  })

  it("name the message that waits, and the thread that a key stands for", () => {
    const b = started(open)
    const [, queued] = b.writer.process([commandOf("1", send("a")), commandOf("2", send("b"), "key")])
    const waiting = b.store.find("queue", "key", [queued?.ok === true ? (queued.receipt?.messageId ?? null) : null])
    expect(waiting).toMatchObject({ text: "b", threadId: id("thread x") })
    b.close()
  })

  it("are forgotten after a week: then the key is free again", () => {
    const b = started(open)
    b.writer.process([commandOf("1", send("a"), "key")])
    b.driver.transaction(() => b.work.prune(Number.MAX_SAFE_INTEGER, 10))
    expect(b.writer.process([commandOf("2", send("other"), "key")])[0]).toMatchObject({ ok: true })
    b.close()
  })

  it("are not kept for a fault that passes: the same key is decided anew", () => {
    const b = started(open)
    const x = new FakeSource("x")
    const [asked, queued] = b.writer.process([commandOf("1", send("a")), commandOf("2", send("b"))])
    const turnId = asked?.ok === true ? (asked.receipt?.turnId ?? "") : ""
    const messageId = queued?.ok === true ? (queued.receipt?.messageId ?? "") : ""
    const accepted = () => x.draft("turn.accepted", {}, { turnId: "n1" }, { turnId })
    b.writer.process([submit(x.start(), accepted(), x.turn("n1"), x.complete("n1"))])
    const row = b.store.find("queue", "key", [messageId])
    if (row === null) throw new Error("no message")
    b.driver.transaction(() => b.store.apply([{ op: "delete", table: "queue", key: [messageId] }]))
    const drain = commandOf("3", { type: "queue.drain" }, "key")
    expect(b.writer.process([drain])[0]).toMatchObject({
      ok: false,
      error: { _tag: "CommandRefused", reason: "message-lost" },
    })
    b.driver.transaction(() => b.store.apply([{ op: "put", table: "queue", row }]))
    expect(b.writer.process([drain])[0]).toMatchObject({ ok: true, effects: [{ kind: "turn.start" }] })
    b.close()
  })
})
