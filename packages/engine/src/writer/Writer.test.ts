import { type Fold, fold } from "@threadfold/core"
import { StorageFull } from "@threadfold/event-log"
import { rebuild, verify } from "@threadfold/projections"
import { afterEach, describe, expect, it } from "vitest"
import { type Bench, databases, FakeSource, id, onFullDisk, submit, t0 } from "../../test/support.js"
import type { Outcome } from "../Submission.js"
import { eventSourceOf, makeWriter } from "./sqlite.js"

const statuses = (outcome: Outcome | undefined) =>
  outcome?.ok === true ? outcome.results.map((result) => result.status) : outcome

const clean = ({ driver, store }: Bench) =>
  verify({ source: eventSourceOf(driver), store, readTransaction: (body) => body() })

describe.each(databases)("the writer %s", (_name, open) => {
  let bench: Bench | undefined
  const make = (fold?: Fold): Bench => {
    bench = open(fold)
    return bench
  }
  afterEach(() => bench?.close())

  it("appends, folds and acknowledges a batch of several threads in order", () => {
    const b = make()
    const [x, y] = [new FakeSource("x"), new FakeSource("y")]
    const [first, second] = b.writer.process([
      submit(x.start(), x.turn("t1")),
      submit(y.start(), y.turn("t1"), y.complete("t1")),
    ])
    expect(statuses(first)).toEqual(["appended", "appended"])
    expect(second).toMatchObject({ ok: true, head: 5 })
    expect(b.driver.read({ limit: 10 }).map((event) => event.sequence)).toEqual([1, 2, 3, 4, 5])
    expect(b.store.find("threads", "key", [x.streamId])).toMatchObject({ status: "working", streamVersion: 2 })
    expect(b.store.find("threads", "key", [y.streamId])).toMatchObject({ status: "idle", streamVersion: 3 })
    expect(clean(b)).toMatchObject({ ok: true, threads: 2 })
  })

  it("takes the same delivery once, refuses other content under its number, and keeps the refused bytes once", () => {
    const b = make()
    const x = new FakeSource("x")
    const start = x.start()
    const turn = x.turn("t1")
    b.writer.process([submit(start, turn)])
    const other = { ...turn, event: { ...turn.event, native: { turnId: "t9" }, raw: "the other line" } }
    expect(statuses(b.writer.process([submit(start, turn)])[0])).toEqual(["duplicate", "duplicate"])
    expect(statuses(b.writer.process([submit(other)])[0])).toEqual(["conflict"])
    expect(statuses(b.writer.process([submit(other)])[0])).toEqual(["conflict"])
    expect(b.driver.head()).toBe(3)
    expect(b.driver.readNative(3)).toBe("the other line")
    expect(b.store.find("anomalies", "key", [x.streamId, `channel:${x.sessionId}/agent`, "seq-conflict"])?.count).toBe(
      1,
    )
    expect(clean(b).ok).toBe(true)
  })

  it("takes a late number into its gap", () => {
    const b = make()
    const x = new FakeSource("x")
    const [start, turn, item, delta] = [x.start(), x.turn("t1"), x.item("t1", "i"), x.delta("t1", "i", "word")]
    expect(statuses(b.writer.process([submit(start, turn, delta)])[0])).toEqual(["appended", "appended", "gap"])
    expect(statuses(b.writer.process([submit(item)])[0])).toEqual(["appended"])
    expect(statuses(b.writer.process([submit(item, delta)])[0])).toEqual(["duplicate", "duplicate"])
    const reasons = ["seq-gap", "seq-late", "item-unknown"]
    expect([...b.store.rowsOf(x.streamId)].flatMap(({ row }) => ("reason" in row ? [row.reason] : [])).sort()).toEqual(
      reasons.sort(),
    )
    expect(clean(b).ok).toBe(true)
  })

  it("stores an invalid event under its number, so that it blocks nothing", () => {
    const b = make()
    const x = new FakeSource("x")
    const outcome = b.writer.process([
      submit(
        x.start(),
        x.draft("turn.started", { supersedes: "yes" }, { turnId: "t1" }),
        x.draft("thread.deleted", {}),
        x.draft("agent.dreamt", { of: "sheep" }),
        x.turn("t2"),
      ),
    ])[0]
    expect(statuses(outcome)).toEqual(["appended", "invalid", "invalid", "appended", "appended"])
    expect(b.driver.read({ limit: 9 }).map((event) => event.type)).toEqual([
      "session.started",
      "provider.unmapped",
      "provider.unmapped",
      "agent.dreamt",
      "turn.started",
    ])
    expect(b.store.find("threads", "key", [x.streamId])).toMatchObject({ deletedAt: null, status: "working" })
    expect(clean(b).ok).toBe(true)
  })

  it("gives one stream to a key permanently, across restarts, and links a child to its parent", () => {
    const b = make()
    const named = (source: FakeSource, key: string, ...drafts: ReturnType<FakeSource["start"]>[]) =>
      submit(...drafts.map((draft) => ({ ...draft, to: { streamId: source.streamId, key: `src|${key}` } })))
    const [parent, again, child] = [new FakeSource("parent"), new FakeSource("again"), new FakeSource("child")]
    b.writer.process([named(parent, "native-1", parent.start(), parent.turn("t1"))])
    const writer = b.restart()
    writer.process([named(again, "native-1", again.start())])
    writer.process([
      named(child, "native-2", child.start(), child.draft("thread.started", { parentNativeThreadId: "native-1" })),
    ])
    expect(b.driver.streamVersion(parent.streamId)).toBe(3)
    expect(b.driver.streamVersion(again.streamId)).toBe(0)
    expect(b.store.find("threads", "key", [child.streamId])?.parentThreadId).toBe(parent.streamId)
  })

  it("refuses to import beside a live session before anything is stored", () => {
    const b = make()
    const live = new FakeSource("x")
    const recording = new FakeSource("x", "recorded")
    b.writer.process([submit(live.start("managed"))])
    const refused = b.writer.process([
      { ...submit(recording.start("imported")), meta: { k: "v" }, refuseLive: true },
    ])[0]
    expect(refused).toMatchObject({ ok: false, error: { _tag: "LiveSessionPresent", threadId: live.streamId } })
    expect(b.driver.head()).toBe(1)
    expect(b.driver.getMeta("k")).toBeNull()
    const after = b.writer.process([submit(live.draft("session.exited", { reason: "exit" }))])
    expect(statuses(after[0])).toEqual(["appended"])
    expect(b.writer.process([{ ...submit(recording.start("imported")), refuseLive: true }])[0]).toMatchObject({
      ok: true,
    })
  })

  it("continues after a restart where it was, without its memory", () => {
    const b = make()
    const x = new FakeSource("x")
    b.writer.process([submit(x.start(), x.turn("t1"), x.item("t1", "i"), x.delta("t1", "i", "one "))])
    const writer = b.restart()
    writer.process([submit(x.delta("t1", "i", "two"), x.complete("t1"))])
    const item = b.store.find("items", "byNativeInSession", [x.sessionId, "i"])
    expect(item).toMatchObject({ status: "interrupted", chunks: 1, chunkChars: 7 })
    expect(clean(b).ok).toBe(true)
  })

  it("folds a thread again before its first append when another version of the fold left it", () => {
    const b = make()
    const x = new FakeSource("x")
    b.writer.process([submit(x.start(), x.turn("t1"))])
    const stored = b.store.loadFoldState(x.streamId)
    if (stored === null) throw new Error("no state")
    b.driver.transaction(() => b.store.saveFoldState({ ...stored, foldVersion: 0, state: "{}" }))
    expect(clean(b).stale).toHaveLength(1)
    b.restart().process([submit(x.complete("t1"))])
    expect(b.store.find("turns", "byNativeInSession", [x.sessionId, "t1"])).toMatchObject({ outcome: "completed" })
    expect(clean(b)).toMatchObject({ ok: true, stale: [] })
  })

  it("a fold that throws for one thread does not affect the others in the batch", () => {
    const [sick, well] = [new FakeSource("sick"), new FakeSource("well")]
    const b = make((state, event, rows) => {
      if (state.streamId === sick.streamId && event.type === "turn.started") throw new Error("planted")
      return fold(state, event, rows)
    })
    const outcomes = b.writer.process([submit(sick.start(), sick.turn("t1")), submit(well.start(), well.turn("t1"))])
    expect(outcomes.every((outcome) => outcome.ok)).toBe(true)
    expect(b.store.find("threads", "key", [well.streamId])?.status).toBe("working")
    expect([...b.store.rowsOf(sick.streamId)].some(({ row }) => "reason" in row && row.reason === "fold-defect")).toBe(
      true,
    )
    expect(clean(b)).toMatchObject({ ok: false })
    b.driver.transaction(() => rebuild({ source: eventSourceOf(b.driver), store: b.store }))
    expect(clean(b)).toMatchObject({ ok: true })
  })

  it("gives a duplicate in one batch one place", () => {
    const b = make()
    const x = new FakeSource("x")
    const start = x.start()
    expect(statuses(b.writer.process([submit(start, start), submit(start)])[0])).toEqual(["appended", "duplicate"])
    expect(b.driver.head()).toBe(1)
  })

  it("mints the same ids for the same events in another log", () => {
    const ids = [1, 2].map(() => {
      const b = open()
      const x = new FakeSource("x")
      b.writer.process([submit(x.start(), x.turn("t1"), x.item("t1", "i"))])
      const events = b.driver.read({ limit: 9 }).map(({ eventId, turnId, itemId }) => ({ eventId, turnId, itemId }))
      b.close()
      return events
    })
    expect(ids[0]).toEqual(ids[1])
    for (const { eventId } of ids[0] ?? [])
      expect(eventId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(new Set(ids[0]?.map(({ eventId }) => eventId)).size).toBe(3)
  })
})

describe("the writer when SQLite refuses", () => {
  const [, onSqlite] = databases[1] ?? databases[0] ?? []
  if (onSqlite === undefined) throw new Error("no SQLite")

  it("freezes the thread whose rows break a constraint: its events are kept, other threads go on, a rebuild repairs it", () => {
    const [sick, well] = [new FakeSource("sick"), new FakeSource("well")]
    const b = onSqlite((state, event, rows) => {
      const result = fold(state, event, rows)
      if (state.streamId !== sick.streamId || event.type !== "turn.started") return result
      // A session that is ready and holds a turn: the tables refuse it.
      return {
        ...result,
        changes: result.changes.map((change) =>
          change.op === "put" && change.table === "sessions"
            ? { ...change, row: { ...change.row, status: "ready", activeTurnId: id("missing") } }
            : change,
        ),
      }
    })
    const outcomes = b.writer.process([submit(sick.start(), sick.turn("t1")), submit(well.start(), well.turn("t1"))])
    expect(outcomes.map(statuses)).toEqual([
      ["appended", "appended"],
      ["appended", "appended"],
    ])
    expect(b.driver.streamVersion(sick.streamId)).toBe(2)
    expect(b.store.find("threads", "key", [well.streamId])?.status).toBe("working")
    expect(b.store.loadFoldState(sick.streamId)?.status).toBe("frozen")
    b.writer.process([submit(sick.complete("t1")), submit(well.complete("t1"))])
    expect(b.driver.streamVersion(sick.streamId)).toBe(3)
    expect(b.store.find("threads", "key", [well.streamId])?.status).toBe("idle")
    expect(clean(b).ok).toBe(false)
    b.driver.transaction(() => rebuild({ source: eventSourceOf(b.driver), store: b.store }))
    expect(clean(b).ok).toBe(true)
    expect(b.store.find("turns", "byNativeInSession", [sick.sessionId, "t1"])?.outcome).toBe("completed")
    b.close()
  })

  it("freezes a thread that writes another thread's row, and leaves the other thread unchanged", () => {
    const [sick, well] = [new FakeSource("sick"), new FakeSource("well")]
    const b = onSqlite()
    const queued = (source: FakeSource, text: string) =>
      source.draft("message.queued", { messageId: id("message"), text }, null, {})
    const ours = (draft: ReturnType<typeof queued>) => ({ ...draft, actor: "orchestrator" as const })
    b.writer.process([submit(well.start(), ours(queued(well, "mine")))])
    const outcomes = b.writer.process([submit(sick.start(), ours(queued(sick, "stolen"))), submit(well.turn("t1"))])
    expect(outcomes.every((outcome) => outcome.ok)).toBe(true)
    expect(b.store.find("queue", "key", [id("message")])?.threadId).toBe(well.streamId)
    expect(b.store.loadFoldState(sick.streamId)?.status).toBe("frozen")
    expect(b.store.find("threads", "key", [well.streamId])?.status).toBe("working")
    b.close()
  })

  it("ends the batch when rows cannot be read: that is no defect of an event", () => {
    const b = onSqlite()
    const x = new FakeSource("x")
    b.writer.process([submit(x.start(), x.turn("t1"), x.item("t1", "i"), x.complete("t1"))])
    let broken = true
    const find: typeof b.store.find = (table, lookup, values) => {
      if (broken && table === "items") throw Object.assign(new Error("disk I/O error"), { code: "SQLITE_IOERR_READ" })
      return b.store.find(table, lookup, values)
    }
    const store = Object.assign(Object.create(b.store), { find, findAll: b.store.findAll })
    const writer = makeWriter({ driver: b.driver, store, work: b.work, clock: () => t0 })
    const late = x.delta("t1", "i", "late")
    expect(writer.process([submit(late)])).toMatchObject([{ ok: false, error: { _tag: "StorageFailed" } }])
    broken = false
    expect(statuses(writer.process([submit(late)])[0])).toEqual(["appended"])
    b.close()
  })

  it("answers every submission of a batch that a full disk refused it, stores nothing of it, and goes on when there is space", () => {
    const b = onSqlite()
    const x = new FakeSource("x")
    b.writer.process([submit(x.start())])
    const disk = onFullDisk(b.driver)
    const again = makeWriter({ driver: disk.driver, store: b.store, work: b.work, clock: () => t0 })
    const turn = x.turn("t1")
    expect(again.process([submit(turn), submit(turn)])).toEqual([
      { ok: false, error: new StorageFull({ message: "database or disk is full." }) },
      { ok: false, error: new StorageFull({ message: "database or disk is full." }) },
    ])
    expect(b.driver.head()).toBe(1)
    disk.hasRoom()
    expect(statuses(again.process([submit(turn)])[0])).toEqual(["appended"])
    expect(b.driver.head()).toBe(2)
    expect(clean(b).ok).toBe(true)
    b.close()
  })
})
