/** Commands beside a database that refuses: receipt, events and effects stand or fall together. */
import { type Change, fold } from "@threadfold/core"
import { describe, expect, it } from "vitest"
import { commandOf, create, send, started, types, waiting } from "../../test/submissions.js"
import { databases, FakeSource, id, onFullDisk, submit, t0 } from "../../test/support.js"
import type { Submission } from "../Submission.js"
import { makeWriter } from "./sqlite.js"

describe.each(databases)("a database that refuses, %s", (_name, open) => {
  it("keeps neither events nor receipt nor effects of what it refuses, and takes the retry", () => {
    const b = started(open)
    const disk = onFullDisk(b.driver)
    const writer = makeWriter({ driver: disk.driver, store: b.store, work: b.work, clock: () => t0 })
    const sent = commandOf("1", send("a"), "key")
    const refused = commandOf("2", { type: "queue.cancel", messageId: id("missing") }, "other")
    expect(writer.process([sent, refused])).toMatchObject([
      { ok: false, error: { _tag: "StorageFull" } },
      { ok: false, error: { _tag: "StorageFull" } },
    ])
    expect(types(b)).toEqual(["thread.created"])
    expect([b.work.receipt("key"), b.work.receipt("other")]).toEqual([null, null])
    disk.hasRoom()
    const [first, again] = writer.process([sent, commandOf("3", send("a"), "key")])
    expect(first).toMatchObject({ ok: true, effects: [{ kind: "turn.start" }] })
    expect(again).toMatchObject({ ok: true, effects: [], receipt: { commandId: id("command 1") } })
    expect(types(b)).toEqual(["thread.created", "turn.requested"])
    b.close()
  })

  it("refuses the one submission that contradicts itself, and the others are answered and their receipts kept", () => {
    const { b, effectId } = waiting(open)
    // A lease without an attempt.
    const odd: Submission = { ...submit(), effects: [{ effectId, from: "pending", patch: { status: "attempting" } }] }
    const [before, culprit, after, repeated] = b.writer.process([
      commandOf("1", { type: "thread.rename", title: "A" }, "one"),
      odd,
      commandOf("2", send("b"), "two"),
      commandOf("3", send("b"), "two"),
    ])
    expect(before).toMatchObject({ ok: true, receipt: { commandId: id("command 1") } })
    expect(culprit).toMatchObject({ ok: false, error: { _tag: "EngineFailed" } })
    expect(after).toMatchObject({ ok: true, receipt: { commandId: id("command 2") } })
    expect(repeated).toMatchObject({ ok: true, results: [], receipt: { commandId: id("command 2") } })
    expect(types(b)).toEqual(["thread.created", "turn.requested", "thread.renamed", "message.queued"])
    expect(b.work.effect(effectId)?.status).toBe("pending")
    b.close()
  })
})

describe("a database that refuses rows", () => {
  const [, onSqlite] = databases[1] ?? []
  if (onSqlite === undefined) throw new Error("no SQLite")

  it("freezes the thread whose rows it refuses, and every command of the batch is answered once and remembered", () => {
    const sick = new FakeSource("sick")
    const b = onSqlite((state, event, rows) => {
      const result = fold(state, event, rows)
      if (state.streamId !== sick.streamId || event.type !== "turn.started") return result
      // A session that is ready and holds a turn: the tables refuse it.
      const spoilt = (change: Change): Change =>
        change.op === "put" && change.table === "sessions"
          ? { ...change, row: { ...change.row, status: "ready", activeTurnId: id("missing") } }
          : change
      return { ...result, changes: result.changes.map(spoilt) }
    })
    b.writer.process([commandOf("create", create)])
    const outcomes = b.writer.process([
      commandOf("1", send("a"), "one"),
      submit(sick.start(), sick.turn("t1")),
      commandOf("2", send("b"), "two"),
      commandOf("3", send("a"), "one"),
    ])
    expect(outcomes).toMatchObject([
      { ok: true, effects: [{ kind: "turn.start" }] },
      { ok: true },
      { ok: true, effects: [], receipt: { commandId: id("command 2") } },
      { ok: true, effects: [], receipt: { commandId: id("command 1") } },
    ])
    expect(b.store.loadFoldState(sick.streamId)?.status).toBe("frozen")
    expect(b.store.find("threads", "key", [id("thread x")])).toMatchObject({ queued: 1, status: "starting" })
    expect(b.work.receipt("one")?.answer).toMatchObject({ accepted: { commandId: id("command 1") } })
    expect(b.driver.read({ limit: 50 }).filter(({ type }) => type === "turn.requested")).toHaveLength(1)
    b.close()
  })
})
