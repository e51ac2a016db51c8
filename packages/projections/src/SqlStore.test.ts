import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Rows } from "@threadfold/contracts"
import { expect, it, onTestFinished } from "vitest"
import { SqlStore } from "./SqlStore.js"
import { openProjections, putRow } from "./testing/fixtures.js"
import { projectionStoreContract } from "./testing/ProjectionStoreContract.js"

projectionStoreContract("SQLite", () => {
  const database = openProjections()
  return { store: new SqlStore(database), dispose: () => database.close() }
})

it("a row that is new takes one statement, whatever its status; a hint that is wrong does no harm", () => {
  const database = openProjections()
  onTestFinished(() => void database.close())
  let runs = 0
  const prepare = database.prepare.bind(database)
  const counted = (sql: string) => {
    const statement = prepare(sql)
    const run = statement.run.bind(statement)
    return Object.assign(statement, {
      run: (...values: unknown[]) => {
        runs += 1
        return run(...values)
      },
    })
  }
  Object.assign(database, { prepare: counted })
  const store = new SqlStore(database)
  const row = { itemId: "i1", threadId: "t1", ordinal: 1, kind: "command" } as const
  const ended = { ...row, status: "completed", cause: "c", evidence: "observed" } as const
  const put = (given: Partial<Rows["items"]>, isNew?: true): number => {
    runs = 0
    store.apply([isNew === undefined ? putRow("items", given) : { ...putRow("items", given), isNew }])
    return runs
  }
  expect(put({ ...ended, text: "a" }, true)).toBe(1)
  expect(put({ ...row, itemId: "i2", ordinal: 2, status: "open" }, true)).toBe(1)
  expect(put({ ...ended, ordinal: 3 }, true)).toBe(1)
  expect(store.whole("items", ["i1"])).toMatchObject({ ordinal: 3, text: "a" })
  expect(put({ ...ended, itemId: "i3", ordinal: 4 })).toBe(3)
})

it("a row that streams is rewritten alone: no index page is, unless the row moves in it", () => {
  const directory = mkdtempSync(join(tmpdir(), "threadfold-store-"))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, "projections.sqlite")
  const database = openProjections(file)
  onTestFinished(() => void database.close())
  const store = new SqlStore(database)
  const ids = { itemId: "i1", threadId: "t1", sessionId: "s1", turnId: "u1", nativeItemId: "n1" }
  const open: Partial<Rows["items"]> = { ...ids, kind: "agent_message", ordinal: 1, status: "open" }

  /** Pages that the change writes. */
  const pagesOf = (given: Partial<Rows["items"]>): number => {
    database.pragma("wal_checkpoint(TRUNCATE)")
    store.atomically(() => store.apply([putRow("items", given)]))
    const frame = 24 + Number(database.pragma("page_size", { simple: true }))
    return (readFileSync(`${file}-wal`).length - 32) / frame
  }

  // The table, its key, and three indexes; the file's first page counts the pages that are new.
  expect(pagesOf({ ...open, chunks: 1 })).toBeGreaterThanOrEqual(5)
  expect(pagesOf({ ...open, chunks: 2 })).toBe(1)
  // It leaves the list of what is open, and no other index.
  expect(pagesOf({ ...open, chunks: 2, status: "completed", cause: "c", evidence: "observed" })).toBe(2)
  expect(pagesOf({ ...open, chunks: 3, nativeItemId: "n2" })).toBeGreaterThan(1)
  expect(store.find("items", "key", ["i1"])).toMatchObject({ chunks: 3, nativeItemId: "n2", status: "open" })
})
