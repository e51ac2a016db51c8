import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { FOLD_VERSION, type Fold, fold } from "@threadfold/core"
import { MapStore } from "@threadfold/core/model"
import { pausing } from "@threadfold/testkit"
import Sqlite from "better-sqlite3"
import fc from "fast-check"
import { afterEach, describe, expect, it } from "vitest"
import { DatabaseHash, hashStream } from "./hash.js"
import type { ProjectionStore } from "./ProjectionStore.js"
import { rebuild, rebuildStream } from "./rebuild.js"
import { SqlStore } from "./SqlStore.js"
import { expectSame, openProjections, putRow } from "./testing/fixtures.js"
import { contentsOf } from "./testing/ProjectionStoreContract.js"
import { randomLog } from "./testing/randomEvents.js"
import { idFor, type TestEvent, TestLog } from "./testing/TestLog.js"
import { type VerifyOptions, verify } from "./verify.js"

const databases: { readonly close: () => void }[] = []
afterEach(() => {
  for (const database of databases.splice(0)) database.close()
})

const openStore = () => {
  const database = openProjections()
  databases.push(database)
  const store = new SqlStore(database)
  const readTransaction: VerifyOptions["readTransaction"] = (body) => database.transaction(body).deferred()
  return { database, store, readTransaction }
}

const event = (stream: string, type: string, payload: unknown, native?: TestEvent["native"]): TestEvent => ({
  stream,
  session: `session of ${stream}`,
  type,
  payload,
  ...(native === undefined ? {} : { native }),
})

/** A turn with one streamed message. */
const conversation = (stream: string): readonly TestEvent[] => [
  event(stream, "session.started", { provider: "codex", mode: "managed" }),
  event(stream, "turn.started", {}, { turnId: "t1" }),
  event(stream, "item.started", { kind: "agent_message" }, { turnId: "t1", itemId: "i1" }),
  event(stream, "content.delta", { stream: "text", delta: "Hello, " }, { turnId: "t1", itemId: "i1" }),
  event(stream, "content.delta", { stream: "text", delta: "world" }, { turnId: "t1", itemId: "i1" }),
]

const databaseHash = (store: ProjectionStore): string => {
  const hash = new DatabaseHash()
  for (const { streamId } of store.streams(null, 100)) hash.addStream(store.rowsOf(streamId))
  return hash.finish().hash
}

describe("any log", () => {
  it("gives the same rows in SQL and in Maps, verifies clean, and rebuilds to the same hash", () =>
    fc.assert(
      pausing(randomLog, (batches) => {
        const { store, readTransaction } = openStore()
        const maps = new MapStore()
        const log = new TestLog()
        const mapLog = new TestLog()
        for (const batch of batches) {
          log.append(store, batch)
          // One event at a time: how a log is cut into batches leaves no trace in the rows.
          for (const one of batch) mapLog.append(maps, [one])
        }
        expectSame(log.events, mapLog.events)
        for (const streamId of log.streams(null, 10)) {
          expectSame(contentsOf(store, streamId), contentsOf(maps, streamId))
        }
        const report = verify({ source: log, store, readTransaction })
        expectSame(report.differences, [])
        expect(report).toMatchObject({ ok: true, threads: 2, stale: [], hash: databaseHash(maps) })
        const before = log.streams(null, 10).map((streamId) => contentsOf(store, streamId))
        expect(rebuild({ source: log, store, eventsPerTransaction: 5 })).toEqual({
          streams: 2,
          events: log.events.length,
          refused: [],
        })
        expectSame(
          log.streams(null, 10).map((streamId) => contentsOf(store, streamId)),
          before,
        )
      }),
      { numRuns: Number(process.env.THREADFOLD_RUNS ?? "40") },
    ))
})

describe("verify", () => {
  const setUp = () => {
    const opened = openStore()
    const log = new TestLog()
    for (const stream of ["a", "b"]) log.append(opened.store, conversation(stream))
    return { ...opened, log }
  }

  it("counts rows per table and hashes them", () => {
    const { store, readTransaction, log } = setUp()
    const report = verify({ source: log, store, readTransaction })
    expect(report.ok).toBe(true)
    expect(
      Object.fromEntries(Object.entries(report.projections).map(([name, { rows }]) => [name, rows])),
    ).toMatchObject({
      threads: 2,
      sessions: 2,
      turns: 2,
      items: 2,
      item_chunks: 2,
      requests: 0,
    })
    expect(report.hash).toBe(databaseHash(store))
  })

  it("finds one changed, one missing and one added row, and says where they differ", () => {
    const { database, store, readTransaction, log } = setUp()
    const [a, b] = [idFor("a"), idFor("b")]
    database.prepare("UPDATE items SET title = 'forged' WHERE thread_id = ?").run(a)
    database.prepare("DELETE FROM item_chunks WHERE thread_id = ?").run(a)
    database.prepare("UPDATE threads SET last_activity_at = 1 WHERE thread_id = ?").run(b)
    store.apply([putRow("queue", { messageId: "m", threadId: b, position: 1, text: "x".repeat(2000) })])
    const { ok, differences } = verify({ source: log, store, readTransaction })
    expect(ok).toBe(false)
    expect(differences).toHaveLength(4)
    expect(differences).toContainEqual(
      expect.objectContaining({ threadId: a, table: "items", expected: { title: null }, actual: { title: "forged" } }),
    )
    expect(differences).toContainEqual(
      expect.objectContaining({
        threadId: a,
        table: "item_chunks",
        expected: expect.objectContaining({ text: expect.stringContaining("world") }),
        actual: null,
      }),
    )
    expect(differences).toContainEqual(
      expect.objectContaining({ threadId: b, table: "threads", actual: { lastActivityAt: 1 } }),
    )
    const added = differences.find(({ table }) => table === "queue")
    expect(added).toMatchObject({ key: "m", expected: null })
    expect(JSON.stringify(added?.actual).length).toBeLessThan(1000)
  })

  it("stays false when there are more differences than the report lists", () => {
    const { database, store, readTransaction, log } = setUp()
    database.prepare("UPDATE items SET title = 'forged'").run()
    const report = verify({ source: log, store, readTransaction, maxDifferences: 1 })
    expect([report.ok, report.differences.length]).toEqual([false, 1])
  })

  it("tells rows of another fold version from wrong rows", () => {
    const { store, readTransaction, log } = setUp()
    const state = store.loadFoldState(idFor("a"))
    if (state === null) throw new Error("no state")
    store.saveFoldState({ ...state, foldVersion: FOLD_VERSION - 1 })
    const { ok, stale } = verify({ source: log, store, readTransaction })
    expect(ok).toBe(true)
    expect(stale).toEqual([{ threadId: idFor("a"), foldVersion: FOLD_VERSION - 1 }])
  })

  it("lists a frozen stream, a forged state and a stream without events as differences", () => {
    const { database, store, readTransaction, log } = setUp()
    const [a, b] = [idFor("a"), idFor("b")]
    database.prepare("UPDATE fold_state SET status = 'frozen' WHERE stream_id = ?").run(a)
    database
      .prepare("UPDATE fold_state SET state = json_set(state, '$.queue', json('[\"m\"]')) WHERE stream_id = ?")
      .run(b)
    store.apply([putRow("threads", { threadId: "ghost", status: "idle" })])
    store.saveFoldState({ streamId: "ghost", foldVersion: FOLD_VERSION, streamVersion: 1, status: "ok", state: "{}" })
    store.apply([putRow("usage", { threadId: "stray", totalTokens: 1 })])
    const { differences } = verify({ source: log, store, readTransaction })
    expect(differences.map(({ threadId, table }) => [threadId, table])).toEqual(
      expect.arrayContaining([
        [a, "fold_state"],
        [b, "fold_state"],
        ["ghost", "threads"],
        ["ghost", "fold_state"],
        ["stray", "usage"],
      ]),
    )
    expect(differences).toHaveLength(5)
  })

  it("finds a stream whose last events were never folded", () => {
    const { store, readTransaction } = openStore()
    const log = new TestLog()
    log.append(store, conversation("a"))
    const folded = log.events.length
    log.append(new MapStore(), [...conversation("a"), ...conversation("b")])
    const { differences, ok, stale } = verify({ source: log, store, readTransaction })
    const [a, b] = ["a", "b"].map(idFor)
    expect(ok).toBe(false)
    expect(differences).toEqual([
      { threadId: a, table: "fold_state", key: a, expected: { unfolded: null }, actual: { unfolded: folded + 1 } },
    ])
    expect(stale).toEqual([{ threadId: b, foldVersion: 0 }])
  })

  it("finds what a faulty fold wrote", () => {
    const { store, readTransaction } = openStore()
    const log = new TestLog()
    const faulty: Fold = (state, one, rows) => {
      const result = fold(state, one, rows)
      return one.type === "content.delta" ? { ...result, changes: [] } : result
    }
    log.append(store, conversation("a"), faulty)
    const { ok, differences } = verify({ source: log, store, readTransaction })
    expect(ok).toBe(false)
    expect(differences.map(({ table }) => table)).toContain("item_chunks")
  })

  it("follows a writer that appends, on a connection of its own, while it folds", () => {
    const directory = mkdtempSync(join(tmpdir(), "threadfold-verify-"))
    const file = join(directory, "db")
    const [database, reader] = [openProjections(file), new Sqlite(file, { readonly: true })]
    databases.push(database, reader, { close: () => rmSync(directory, { recursive: true }) })
    const writer = new SqlStore(database)
    const log = new TestLog()
    log.append(writer, conversation("a"))
    let appended = 0
    // How much of the log a read transaction sees, as long as it is open.
    let seen = Number.POSITIVE_INFINITY
    const busy = {
      streams: log.streams,
      read: (streamId: string, after: number, limit: number) => {
        appended += 1
        const delta = { stream: "text", delta: "!" }
        log.append(writer, [event("a", "content.delta", delta, { turnId: "t1", itemId: "i1" })])
        return log.read(streamId, after, limit).filter(({ sequence }) => sequence <= seen)
      },
    }
    const report = verify({
      source: busy,
      store: new SqlStore(reader),
      readTransaction: (body) => {
        seen = log.events.length
        try {
          return reader.transaction(body).deferred()
        } finally {
          seen = Number.POSITIVE_INFINITY
        }
      },
    })
    expect(report).toMatchObject({ ok: true, differences: [], threads: 1 })
    expect(appended).toBeGreaterThan(5)
  })
})

describe("hash", () => {
  it("leaves out sequences and our clock, and nothing else", () => {
    const rows = (given: Parameters<typeof putRow<"threads">>[1]) => {
      const store = new MapStore()
      store.apply([putRow("threads", { threadId: "t", status: "idle", ...given })])
      return hashStream(store.rowsOf("t"))
    }
    expect(rows({ sequence: 5, lastActivityAt: 9, updatedAt: 1 })).toBe(rows({}))
    expect(rows({ goal: { b: 1, a: [2] } })).toBe(rows({ goal: { a: [2], b: 1 } }))
    expect(rows({ goal: { a: [2] } })).not.toBe(rows({}))
    expect(rows({ createdAt: 1 })).not.toBe(rows({}))
  })
})

describe("rebuild", () => {
  const setUp = () => {
    const opened = openStore()
    const log = new TestLog()
    for (const stream of ["a", "b", "c"]) log.append(opened.store, conversation(stream))
    return { ...opened, log }
  }

  it("removes what no event leads to and thaws a frozen stream", () => {
    const { database, store, readTransaction, log } = setUp()
    const clean = databaseHash(store)
    database.prepare("UPDATE items SET title = 'forged'").run()
    database.prepare("UPDATE fold_state SET status = 'frozen'").run()
    store.saveFoldState({ streamId: "ghost", foldVersion: 1, streamVersion: 1, status: "ok", state: "{}" })
    store.apply([putRow("usage", { threadId: "stray", totalTokens: 1 })])
    const progress: number[] = []
    rebuild({ source: log, store, eventsPerTransaction: 6, onProgress: ({ events }) => progress.push(events) })
    expect(databaseHash(store)).toBe(clean)
    expect(progress).toEqual([10, 15])
    expect(store.owners(null, 10)).toEqual(log.streams(null, 10))
    expect(verify({ source: log, store, readTransaction })).toMatchObject({ ok: true, differences: [] })
  })

  it("leaves old or new rows per stream when it dies, and continues where it stopped", () => {
    const { database, store, readTransaction, log } = setUp()
    database.prepare("UPDATE items SET title = 'old'").run()
    const ids = log.streams(null, 10)
    const old = ids.map((streamId) => contentsOf(store, streamId))
    let reads = 0
    const dying = {
      streams: log.streams,
      read: (streamId: string, after: number, limit: number) => {
        // The third stream's second page: its rows are cleared and partly written when the process dies.
        if (streamId === ids[2] && ++reads === 1) throw new Error("killed")
        return log.read(streamId, after, limit)
      },
    }
    expect(() => rebuild({ source: dying, store, eventsPerTransaction: 1 })).toThrow("killed")
    expect(contentsOf(store, ids[2] ?? "")).toEqual(old[2])
    expect(contentsOf(store, ids[0] ?? "")).not.toEqual(old[0])
    expect(rebuild({ source: log, store, resume: true })).toMatchObject({ streams: 1, events: 5 })
    expect(verify({ source: log, store, readTransaction })).toMatchObject({ ok: true, differences: [] })
    expect(store.getMeta("rebuild")).toBeNull()
  })

  it("keeps the old rows of a stream whose new ones the tables refuse, and rebuilds the other streams", () => {
    const { store, readTransaction, log } = setUp()
    const faulty: Fold = (state, one, rows) => {
      const result = fold(state, one, rows)
      if (one.streamId !== idFor("b") || one.type !== "turn.started") return result
      return { ...result, changes: [putRow("turns", { turnId: "x", threadId: one.streamId, status: "running" })] }
    }
    const before = [...store.rowsOf(idFor("b"))]
    const { refused, streams } = rebuild({ source: log, store, fold: faulty })
    expect(streams).toBe(3)
    expect(refused.map(({ streamId }) => streamId)).toEqual([idFor("b")])
    expect([...store.rowsOf(idFor("b"))]).toEqual(before)
    expect(store.loadFoldState(idFor("b"))?.status).toBe("frozen")
    rebuildStream({ source: log, store }, idFor("b"))
    expect(verify({ source: log, store, readTransaction })).toMatchObject({ ok: true, differences: [] })
  })
})
