/**
 * A write-ahead log that is cut anywhere, as a power failure leaves it on a disk that lies about flushes: what is missing is a suffix of
 * the log, and rows, state and digests are those of the events that are left.
 */
import { copyFileSync, mkdtempSync, rmSync, statSync, truncateSync } from "node:fs"
import { join } from "node:path"
import { eventSourceOf } from "@threadfold/engine"
import { sqliteDriver, verifyDigests } from "@threadfold/event-log"
import { SqlStore, verify } from "@threadfold/projections"
import { pausing, recordings } from "@threadfold/testkit"
import Sqlite from "better-sqlite3"
import fc from "fast-check"
import { afterAll, beforeAll, expect, it } from "vitest"
import { checkDatabase } from "../../src/offline/check.js"
import { Library } from "./Library.js"

const cuts = Number(process.env.WAL_CUTS ?? 12)

const library = new Library()
const whole = join(library.directory, "whole.db")

beforeAll(async () => {
  await library.own(() => undefined)
  // A reader that stays at the beginning: SQLite can move nothing from the write-ahead log into the database.
  const reader = new Sqlite(library.file, { readonly: true })
  reader.exec("BEGIN; SELECT count(*) FROM events")
  for (const { path } of recordings.slice(0, 12)) await library.import([path])
  copyFileSync(library.file, whole)
  copyFileSync(`${library.file}-wal`, `${whole}-wal`)
  reader.close()
})
afterAll(() => library.close())

/** The database with so many bytes of its write-ahead log. */
const cutAt = <A>(bytes: number, body: (handle: Sqlite.Database) => A): A => {
  const directory = mkdtempSync(join(library.directory, "cut-"))
  const file = join(directory, "threadfold.db")
  copyFileSync(whole, file)
  copyFileSync(`${whole}-wal`, `${file}-wal`)
  truncateSync(`${file}-wal`, bytes)
  const handle = new Sqlite(file)
  try {
    return body(handle)
  } finally {
    handle.close()
    rmSync(directory, { recursive: true })
  }
}

it("leaves a prefix of the log, with its rows", async () => {
  const rows = library.rows()
  const size = statSync(`${whole}-wal`).size
  const heads = new Set<number>()
  await fc.assert(
    pausing(fc.integer({ min: 0, max: size }), (bytes) =>
      cutAt(bytes, (handle) => {
        const driver = sqliteDriver(handle)
        const head = driver.head()
        heads.add(head)
        expect(driver.read({ after: 0, limit: 10_000 })).toEqual(rows.slice(0, head))
        const readTransaction = <A>(read: () => A): A => handle.transaction(read).deferred()
        const source = eventSourceOf(driver)
        expect(verify({ source, store: new SqlStore(handle), readTransaction })).toMatchObject({ ok: true, stale: [] })
        expect(verifyDigests(handle, { bytes: true }).ok).toBe(true)
        expect(checkDatabase(driver, new SqlStore(handle), () => undefined)).toEqual({ ok: true, violations: [] })
      }),
    ),
    { numRuns: cuts, examples: [[0], [size]] },
  )
  expect(rows.length).toBeGreaterThan(100)
  expect(heads).toContain(rows.length)
  expect(heads.size).toBeGreaterThan(3)
})
