/** A database of an older version opens, gets what is new, and has the same content as a new one. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { columnName, tableNames, tables } from "@threadfold/contracts"
import { checkRows, FOLD_VERSION, type ThreadRows } from "@threadfold/core"
import { openSqlite, type SqliteDatabase } from "@threadfold/event-log"
import {
  CatchUp,
  type ProjectionStore,
  projectionMigrations,
  projectionSchema,
  rebuild,
  SqlStore,
  verify,
} from "@threadfold/projections"
import { foldOfRelease, type Release, releaseDump, releases } from "@threadfold/testkit"
import Sqlite from "better-sqlite3"
import { Effect } from "effect"
import { describe, expect, it, onTestFinished } from "vitest"
import { commandOf } from "../../test/submissions.js"
import { id, t0 } from "../../test/support.js"
import { sqliteWork } from "../work/index.js"
import { databaseGroups, eventSourceOf, makeWriter } from "./sqlite.js"

/** The old database in a file of its own, opened by this version. */
const openedAs = <A>(release: Release, body: (database: SqliteDatabase, store: ProjectionStore) => A): A => {
  const directory = mkdtempSync(join(tmpdir(), "threadfold-upgrade-"))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, "threadfold.db")
  const old = new Sqlite(file)
  old.pragma("journal_mode = WAL")
  old.exec(releaseDump(release))
  old.close()
  return Effect.runSync(
    Effect.scoped(
      Effect.map(openSqlite({ file, migrations: databaseGroups }), (database) =>
        body(database, new SqlStore(database.handle)),
      ),
    ),
  )
}

const opened = <A>(body: (database: SqliteDatabase, store: ProjectionStore) => A): A => openedAs("release-1", body)

const held = id("thread held")
const columnsOf = ({ handle }: SqliteDatabase, table: string): readonly string[] =>
  handle
    .prepare<[string], { readonly name: string }>("SELECT name FROM pragma_table_info(?)")
    .all(table)
    .map(({ name }) => name)
const report = ({ driver }: SqliteDatabase, store: ProjectionStore) =>
  verify({ source: eventSourceOf(driver), store, readTransaction: (body) => body() })
const caughtUp = ({ driver }: SqliteDatabase, store: ProjectionStore): number => {
  const work = new CatchUp({ source: eventSourceOf(driver), store, transaction: driver.transaction })
  while (work.step());
  return work.refolded
}
const rowsOf = (store: ProjectionStore, streamId: string): ThreadRows => ({
  all: (table) =>
    // What the store gives under a table's name is that table's rows.
    [...store.rowsOf(streamId)].flatMap((one) => (one.table === table ? [one.row as never] : [])),
})

describe("a database of the first release", () => {
  it("gets the columns, tables and indexes that it lacks, and keeps its rows", () => {
    opened((database, store) => {
      const columns = (table: "threads" | "queue") => columnsOf(database, table).length
      for (const table of ["threads", "queue"] as const)
        expect(columns(table)).toBe(Object.keys(tables[table].columns).length)
      expect(columnsOf(database, "effects")).toContain("token")
      expect(columnsOf(database, "receipts")).toContain("answer")
      const names = database.handle
        .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'index'")
        .pluck()
        .all()
      expect(names).toEqual(
        expect.arrayContaining(["turns_unsettled", "threads_queued", "connections_open", "effects_open"]),
      )
      expect(store.find("threads", "key", [held])).toMatchObject({ queued: 2, queueHeld: 0, agent: null })
      expect(store.find("queue", "key", [id("m1")])).toMatchObject({ text: "first", settings: null })
    })
  })

  it("is stale, not different, until its threads are folded again, and then has what a new one would", () => {
    opened((database, store) => {
      expect(report(database, store)).toMatchObject({ ok: true, stale: { length: 5 } })
      expect(caughtUp(database, store)).toBe(5)
      const after = report(database, store)
      expect(after).toMatchObject({ ok: true, stale: [], differences: [] })
      for (const streamId of ["fine", "held", "doubt", "cancelled", "attached"].map((name) => id(`thread ${name}`))) {
        expect(store.loadFoldState(streamId)).toMatchObject({ status: "ok", foldVersion: FOLD_VERSION })
        expect(checkRows(streamId, rowsOf(store, streamId))).toEqual([])
      }
      expect(store.find("threads", "key", [held])).toMatchObject({ queued: 2, queueHeld: 1 })
      expect(store.find("turns", "key", [id("doubted")])).toMatchObject({ status: "requested", uncertain: 1 })
      expect(store.find("turns", "key", [id("cancelled")])).toMatchObject({ outcome: "cancelled", settled: 1 })
      database.driver.transaction(() => rebuild({ source: eventSourceOf(database.driver), store }))
      expect(report(database, store).hash).toBe(after.hash)
    })
  })

  it("takes commands at once: a thread is folded again before its first one is decided", () => {
    opened((database, store) => {
      const { driver, handle } = database
      const writer = makeWriter({ driver, store, work: sqliteWork(handle), clock: () => t0 })
      const resume = commandOf("resume", { type: "queue.resume", threadId: held }, "key")
      const to = { streamId: held }
      const [result] = writer.process([{ ...resume, ...(resume.command && { command: { ...resume.command, to } }) }])
      // By its old rows nothing was held, and nothing would have had to change.
      expect(result).toMatchObject({ ok: true, results: [{ status: "appended" }], receipt: { threadId: held } })
      expect(store.find("threads", "key", [held])).toMatchObject({ queued: 2, queueHeld: 0 })
      expect(store.loadFoldState(held)).toMatchObject({ foldVersion: FOLD_VERSION })
      expect(report(database, store)).toMatchObject({ ok: true, stale: { length: 4 } })
    })
  })

  it("is brought up to date once", () => {
    opened((database) => {
      const ran = database.handle
        .prepare<[], string>("SELECT name FROM projection_migrations ORDER BY migration_id")
        .pluck()
        .all()
      expect(ran).toEqual(Object.keys(projectionMigrations).map((key) => key.replace(/^\d+_/, "")))
    })
  })
})

const schemaOf = ({ handle }: SqliteDatabase): ReadonlySet<string> =>
  new Set(handle.prepare<[], string>("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL").pluck().all())

describe.each(releases)("a database of %s", (release) => {
  it("has the tables, checks, indexes and triggers of a new one, and the rows that it had", () => {
    const before = new Sqlite(":memory:")
    before.exec(releaseDump(release))
    const counted = (database: Sqlite.Database) =>
      tableNames.map((table) => {
        const known =
          database.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?").get(columnName(table)) !== undefined
        return [table, known ? database.prepare(`SELECT count(*) FROM ${table}`).pluck().get() : 0]
      })
    openedAs(release, (database) => {
      expect(counted(database.handle)).toEqual(counted(before))
      const schema = schemaOf(database)
      expect(projectionSchema.filter((sql) => !schema.has(sql))).toEqual([])
      expect([...schema].filter((sql) => sql.includes("kept_"))).toEqual([])
      expect(database.handle.pragma("foreign_key_check")).toEqual([])
    })
    before.close()
  })

  it("is stale until its streams are folded again, where another fold made it, and then clean and what a rebuild makes", () => {
    openedAs(release, (database, store) => {
      expect(report(database, store)).toMatchObject({ ok: true, differences: [] })
      const streams = database.driver.streams(null, 1000)
      expect(caughtUp(database, store)).toBe(foldOfRelease[release] < FOLD_VERSION ? streams.length : 0)
      const after = report(database, store)
      expect(after).toMatchObject({ ok: true, stale: [], differences: [] })
      for (const streamId of streams) expect(checkRows(streamId, rowsOf(store, streamId))).toEqual([])
      database.driver.transaction(() => rebuild({ source: eventSourceOf(database.driver), store }))
      expect(report(database, store).hash).toBe(after.hash)
    })
  })
})
