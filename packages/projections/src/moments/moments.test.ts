import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { encodeState, FOLD_VERSION, type Fold, fold } from "@threadfold/core"
import { MapStore, snapshotOf } from "@threadfold/core/model"
import { pausing } from "@threadfold/testkit"
import Sqlite from "better-sqlite3"
import { Effect } from "effect"
import fc from "fast-check"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { Page, PageQuery } from "../queries/Page.js"
import { refold } from "../refold.js"
import { expectSame } from "../testing/fixtures.js"
import { randomLog } from "../testing/randomEvents.js"
import { idFor, type TestEvent, TestLog } from "../testing/TestLog.js"
import { Moments, type MomentsOptions, momentNow } from "./Moments.js"
import type { ThreadMoment } from "./ThreadMoments.js"

let directory: string
const opened: Moments[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "threadfold-moments-"))
})
afterEach(() => {
  for (const moments of opened.splice(0)) moments.close()
  rmSync(directory, { recursive: true, force: true })
})

const files = () => join(directory, "checkpoints")

const open = (log: TestLog, others: Partial<MomentsOptions> = {}): Moments => {
  let now = 0
  const clock = () => (now += 1_000)
  const moments = new Moments({ logId: "log", source: log, directory: files(), clock, interval: 3, ...others })
  opened.push(moments)
  return moments
}

/** The moment, which has to be there. */
const found = (moments: Moments, threadId: string, sequence: number): ThreadMoment => {
  const look = momentNow(moments, threadId, sequence)
  if (look.kind !== "found") throw new Error(look.kind)
  return look.moment
}

/** The thread after a sequence, folded from its first event. */
const folded = (log: TestLog, threadId: string, sequence: number, other: Fold = fold) => {
  const store = new MapStore()
  const version = log.events.filter((one) => one.streamId === threadId && one.sequence <= sequence).length
  return { store, state: refold(log, store, other, threadId, version).state }
}

const pagesOf = <A, E>(list: (query: PageQuery) => Effect.Effect<Page<A>, E>, query: PageQuery): readonly A[] => {
  const all: A[] = []
  for (let cursor: string | undefined; ; ) {
    const page = Effect.runSync(list({ ...query, cursor }))
    all.push(...page.items)
    if (page.next === null) return all
    cursor = page.next
  }
}

/** Rows, state, snapshot and pages of a moment are those of a new fold. */
const expectFolded = (moment: ThreadMoment, log: TestLog, threadId: string, sequence: number): void => {
  const { state, store } = folded(log, threadId, sequence)
  expectSame([...moment.rows.rowsOf(threadId)], [...store.rowsOf(threadId)])
  expectSame(JSON.parse(encodeState(moment.state)), JSON.parse(encodeState(state)))
  expect(moment.sequence).toBe(sequence)
  const snapshot = snapshotOf(store.rowsOf(threadId), sequence)
  if (snapshot === null) return
  const { queries } = moment
  expectSame(Effect.runSync(queries.threadSnapshot(threadId, { limitPerList: null })).snapshot, snapshot)
  const newestFirst = [...snapshot.items].reverse()
  expectSame(
    pagesOf((query) => queries.items(threadId, query), { limit: 2 }),
    newestFirst,
  )
  expectSame(
    pagesOf((query) => queries.items(threadId, query), { limit: 2, order: "asc" }),
    snapshot.items,
  )
  expectSame(
    pagesOf((query) => queries.turns(threadId, query), { limit: 1 }),
    [...snapshot.turns].reverse(),
  )
  expectSame(
    pagesOf((query) => queries.requests(threadId, query), { limit: 2, order: "asc" }),
    snapshot.requests,
  )
  expectSame(
    pagesOf((query) => queries.queue(threadId, query), { limit: 1 }),
    snapshot.queue,
  )
  expectSame(
    pagesOf((query) => queries.anomalies({ ...query, threadId }), { limit: 2 }),
    [...snapshot.anomalies].reverse(),
  )
}

const event = (type: string, payload: unknown, native?: TestEvent["native"]): TestEvent => ({
  stream: "a",
  session: "session",
  type,
  payload,
  ...(native === undefined ? {} : { native }),
})

const thread = idFor("a")

/** A log with a thread of so many turns, four events each. */
const turnsLog = (turns: number): TestLog => {
  const log = new TestLog()
  const store = new MapStore()
  log.append(store, [event("session.started", { provider: "codex", mode: "managed" })])
  for (let turn = 1; turn <= turns; turn++) addTurn(log, store, `t${turn}`)
  return log
}

const addTurn = (log: TestLog, store: MapStore, turnId: string): void =>
  log.append(store, [
    event("turn.started", {}, { turnId }),
    event("item.started", { kind: "agent_message" }, { turnId, itemId: `i-${turnId}` }),
    event("content.delta", { stream: "text", delta: `words of ${turnId}` }, { turnId, itemId: `i-${turnId}` }),
    event("turn.completed", { outcome: "completed" }, { turnId }),
  ])

const file = () => join(files(), `${thread}.checkpoints`)

/** Changes a closed checkpoint file. */
const tamper = (...statements: readonly string[]): void => {
  const database = new Sqlite(file())
  for (const statement of statements) database.exec(statement)
  database.close()
}

const checkpointsIn = (path: string): number => {
  const database = new Sqlite(path, { readonly: true })
  try {
    return Number(database.prepare("SELECT count(*) FROM checkpoint").pluck().get())
  } finally {
    database.close()
  }
}

describe("any log", () => {
  it("is at each of its events, in any order of asking, as a new fold has it", () =>
    fc.assert(
      pausing(fc.record({ batches: randomLog, seed: fc.nat() }), ({ batches, seed }) => {
        const log = new TestLog()
        const store = new MapStore()
        for (const batch of batches) log.append(store, batch)
        const moments = open(log, { directory: seed % 2 === 0 ? null : files(), interval: 2 + (seed % 6) })
        const { length } = log.events
        for (let step = 0; step < length; step++) {
          // Every sequence once where the two numbers have no common divisor, else some of them.
          const sequence = 1 + ((step * 7 + seed) % length)
          for (const threadId of [idFor("thread a"), idFor("thread b")]) {
            const first = log.events.find(({ streamId }) => streamId === threadId)?.sequence ?? 0
            if (sequence < first) expect(momentNow(moments, threadId, sequence).kind).toBe("before")
            else expectFolded(found(moments, threadId, sequence), log, threadId, sequence)
          }
        }
        moments.close()
        rmSync(files(), { recursive: true, force: true })
      }),
      { numRuns: Number(process.env.MOMENTS_RUNS ?? 8) },
    ))
})

describe("checkpoints", () => {
  const log = turnsLog(12)
  const head = log.events.length

  it("say what is not there", () => {
    const moments = open(log)
    expect(momentNow(moments, thread, 0).kind).toBe("before")
    expect(momentNow(moments, idFor("none"), head).kind).toBe("absent")
  })

  it("are made up to what was asked for, kept, and found again", () => {
    const first = open(log)
    found(first, thread, 10)
    first.close()
    expect(checkpointsIn(file())).toBe(3)
    const second = open(log)
    expectFolded(found(second, thread, head), log, thread, head)
    expectFolded(found(second, thread, 11), log, thread, 11)
    second.close()
    expect(checkpointsIn(file())).toBe(Math.floor(head / 3))
    const reads: number[] = []
    const counting = {
      read: (id: string, after: number, limit: number) => {
        reads.push(limit)
        return log.read(id, after, limit)
      },
    }
    const third = open(log, { source: counting })
    expectFolded(found(third, thread, 20), log, thread, 20)
    // However far the thread has come: a few look-ups, and less than lies between two checkpoints.
    expect(reads.reduce((sum, limit) => sum + limit, 0)).toBeLessThan(10)
  })

  it("go on as the log grows", () => {
    const growing = turnsLog(2)
    const moments = open(growing)
    for (let turn = 3; turn < 9; turn++) {
      const store = new MapStore()
      refold(growing, store, fold, thread)
      const { state } = folded(growing, thread, growing.events.length)
      store.saveFoldState({
        streamId: thread,
        foldVersion: FOLD_VERSION,
        streamVersion: state.streamVersion,
        status: "ok",
        state: encodeState(state),
      })
      addTurn(growing, store, `t${turn}`)
      const at = growing.events.length
      expectFolded(found(moments, thread, at), growing, thread, at)
    }
  })

  it.each([
    ["a row", "UPDATE turns_versions SET status = 'running' WHERE id = 4"],
    ["the end of a version", "UPDATE threads_versions SET until_step = until_step + 2 WHERE id = 2"],
    ["a row that is gone", "DELETE FROM items_versions WHERE id = 3"],
    ["a row too many", "INSERT INTO queue_versions (from_step, until_step, message_id) VALUES (60, 90, 'x')"],
    [
      "a state",
      `UPDATE checkpoint SET state = replace(state, '"streamVersion":9', '"streamVersion":8') WHERE number = 3`,
    ],
    ["a checkpoint that is gone", "DELETE FROM checkpoint WHERE number = 2"],
    ["another log", `UPDATE about SET identity = replace(identity, '"log"', '"other"')`],
    ["a table that is gone", "DROP TABLE tasks_versions"],
  ])("are made again where the file is damaged: %s", (_what, statement) => {
    const first = open(log)
    found(first, thread, head)
    first.close()
    tamper(statement)
    const moments = open(log)
    for (const at of [5, 14, head]) expectFolded(found(moments, thread, at), log, thread, at)
    moments.close()
    const again = open(log)
    expectFolded(found(again, thread, 9), log, thread, 9)
    again.close()
    expect(checkpointsIn(file())).toBe(Math.floor(head / 3))
  })

  it("are whole or made again where their write-ahead log is damaged, cut, or another's", () => {
    const first = open(log)
    found(first, thread, head)
    // As a process leaves them that is killed now.
    const [main, wal] = [readFileSync(file()), readFileSync(`${file()}-wal`)]
    first.close()
    const frame = 4096 + 24
    expect(wal.length).toBeGreaterThan(32 + 4 * frame)
    const changed = (at: number): Buffer => {
      const copy = Buffer.from(wal)
      copy.fill(0xa5, at, at + 64)
      return copy
    }
    const damaged: readonly (readonly [main: Buffer, wal: Buffer])[] = [
      [main, changed(0)],
      [main, changed(32 + 24)],
      [main, changed(32 + 2 * frame)],
      [main, changed(wal.length - 2_000)],
      [main, wal.subarray(0, 32 + 2 * frame + 100)],
      [main, wal.subarray(0, 20)],
      [main, Buffer.alloc(wal.length, 7)],
      [main.subarray(0, Math.floor(main.length / 2)), wal],
      [Buffer.alloc(main.length, 7), wal],
    ]
    for (const [mainBytes, walBytes] of damaged) {
      rmSync(`${file()}-shm`, { force: true })
      writeFileSync(file(), mainBytes)
      writeFileSync(`${file()}-wal`, walBytes)
      const moments = open(log)
      for (const at of [5, 14, head]) expectFolded(found(moments, thread, at), log, thread, at)
      moments.close()
    }
  })

  it("are made again where the file is none, or another thread's", () => {
    mkdirSync(files())
    writeFileSync(file(), "no database at all, but long enough to be taken for the head of one".repeat(80))
    const first = open(log)
    expectFolded(found(first, thread, 20), log, thread, 20)
    first.close()
    rmSync(file())
    const other = new TestLog()
    const store = new MapStore()
    other.append(store, [{ ...event("session.started", { provider: "codex", mode: "managed" }), stream: "b" }])
    for (let turn = 0; turn < 9; turn++) {
      other.append(store, [{ ...event("turn.started", {}, { turnId: `t${turn}` }), stream: "b" }])
    }
    const second = open(other)
    found(second, idFor("b"), 10)
    second.close()
    const [name = ""] = readdirSync(files())
    writeFileSync(file(), new Sqlite(join(files(), name), { readonly: true }).serialize())
    expectFolded(found(open(log), thread, 20), log, thread, 20)
  })

  it("are made again by another version of the fold, whose rows they then have", () => {
    const first = open(log)
    found(first, thread, head)
    first.close()
    const other: Fold = (state, one, rows) => {
      const result = fold(state, one, rows)
      const changes = result.changes.map((change) =>
        change.op === "put" && change.table === "turns" ? { ...change, row: { ...change.row, cause: null } } : change,
      )
      return { ...result, changes }
    }
    const moment = found(open(log, { fold: other, foldVersion: FOLD_VERSION + 1 }), thread, 15)
    expectSame([...moment.rows.rowsOf(thread)], [...folded(log, thread, 15, other).store.rowsOf(thread)])
  })

  it("are made again where the log was put back and grew another way", () => {
    const first = open(log)
    found(first, thread, head)
    first.close()
    const otherLog = turnsLog(2)
    const store = new MapStore()
    otherLog.append(store, [])
    const shorter = open(otherLog)
    const at = otherLog.events.length
    expectFolded(found(shorter, thread, at), otherLog, thread, at)
    shorter.close()
    expect(checkpointsIn(file())).toBe(Math.floor(at / 3))
  })

  it("are done without where the directory takes no file, or the files vanish", () => {
    writeFileSync(files(), "a file in the place of the directory")
    const without = open(log)
    expectFolded(found(without, thread, 20), log, thread, 20)
    expectFolded(found(without, thread, head), log, thread, head)
    without.close()
    rmSync(files())
    const moments = open(log)
    found(moments, thread, 20)
    rmSync(files(), { recursive: true })
    expectFolded(found(moments, thread, 30), log, thread, 30)
  })

  it("stay within their bound: the thread that was looked at longest ago gives way", () => {
    const many = new TestLog()
    const store = new MapStore()
    const names = ["a", "b", "c", "d"]
    for (const stream of names) {
      many.append(store, [
        { ...event("session.started", { provider: "codex", mode: "managed" }), stream, session: stream },
      ])
      for (let turn = 1; turn < 8; turn++) {
        const native = { turnId: `t${turn}` }
        many.append(store, [{ ...event("turn.started", {}, native), stream, session: stream }])
      }
    }
    const at = many.events.length
    const sized = open(many)
    found(sized, idFor("a"), at)
    sized.close()
    const [name = ""] = readdirSync(files())
    const bytes = new Sqlite(join(files(), name), { readonly: true }).serialize().length
    rmSync(files(), { recursive: true })
    // Room for the file of one thread and its write-ahead log, not for those of two.
    const moments = open(many, { limitBytes: bytes * 2 })
    for (const stream of [...names, ...names]) expectFolded(found(moments, idFor(stream), at), many, idFor(stream), at)
    moments.close()
    const left = readdirSync(files()).filter((one) => one.endsWith(".checkpoints"))
    expect(left.length).toBeGreaterThan(0)
    expect(left.length).toBeLessThan(names.length)
    expect(left).toContain(`${idFor("d")}.checkpoints`)
  })

  it("stop growing at the bound of one file, and the answers stay right", () => {
    const moments = open(log, { limitBytes: 1 })
    for (const at of [head, 7]) expectFolded(found(moments, thread, at), log, thread, at)
  })

  it("keep few files open", () => {
    const many = new TestLog()
    const store = new MapStore()
    for (const stream of ["a", "b", "c"]) {
      for (let turn = 0; turn < 5; turn++) {
        const [type, payload] =
          turn === 0 ? ["session.started", { provider: "codex", mode: "managed" }] : ["turn.started", {}]
        many.append(store, [{ ...event(String(type), payload, { turnId: `t${turn}` }), stream, session: stream }])
      }
    }
    const moments = open(many, { openThreads: 1 })
    for (const stream of ["a", "b", "c", "a"]) {
      expectFolded(found(moments, idFor(stream), 15), many, idFor(stream), 15)
    }
    moments.drop(idFor("a"))
    expect(existsSync(join(files(), `${idFor("a")}.checkpoints`))).toBe(false)
    expectFolded(found(moments, idFor("a"), 15), many, idFor("a"), 15)
  })
})
