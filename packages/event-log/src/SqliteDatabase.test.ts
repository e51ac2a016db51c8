import { createHash } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { SqlClient } from "@effect/sql/SqlClient"
import { afterEach, beforeEach, describe, expect, it } from "@effect/vitest"
import Sqlite from "better-sqlite3"
import { Effect } from "effect"
import { databaseFile, type MigrationGroup, openSqlite, type SqliteDatabase } from "./index.js"
import { selectEvents } from "./SelectEvents.js"
import { assertDurable } from "./SqliteWriter.js"
import { nativeOf, sampleRow, streamOf } from "./testing/samples.js"

let directory = ""
let file = ""
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "threadfold-db-"))
  file = databaseFile(directory)
})
afterEach(() => rmSync(directory, { recursive: true }))

const open = (migrations: readonly MigrationGroup[] = []) => openSqlite({ file, migrations })
const opened = <A>(body: (database: SqliteDatabase) => A, migrations: readonly MigrationGroup[] = []) =>
  Effect.scoped(Effect.map(open(migrations), body))
const refused = (migrations: readonly MigrationGroup[] = []) => Effect.flip(Effect.scoped(open(migrations)))
const digest = () => createHash("sha256").update(readFileSync(file)).digest("hex")

const extra: MigrationGroup = {
  table: "extra_migrations",
  migrations: {
    "0001_one": Effect.flatMap(SqlClient, (sql) => sql.unsafe("CREATE TABLE extra (a INTEGER)")),
    "0002_two": Effect.flatMap(SqlClient, (sql) => sql.unsafe("ALTER TABLE extra ADD COLUMN b TEXT")),
  },
}

describe("opening", () => {
  it.live("keeps everything from one opening to the next", () =>
    Effect.gen(function* () {
      const write = (database: SqliteDatabase) => {
        database.driver.transaction(() => {
          for (let sequence = 1; sequence <= 50; sequence++) {
            database.driver.insert(sampleRow(sequence))
            database.driver.insertNatives([[sequence, nativeOf(sequence)]])
          }
          database.driver.setMeta("mine", "kept")
        })
        return { logId: database.driver.logId, rows: database.driver.read({ limit: 100 }) }
      }
      const read = ({ driver }: SqliteDatabase) => ({ logId: driver.logId, rows: driver.read({ limit: 100 }) })
      const before = yield* opened(write)
      expect(yield* opened(read)).toEqual(before)
      expect(yield* opened(({ driver }) => [driver.getMeta("mine"), driver.getMeta("log.openings")])).toEqual([
        "kept",
        "3",
      ])
      expect(yield* opened(({ driver }) => driver.readNative(20) === nativeOf(20))).toBe(true)
    }),
  )

  it.live("commits durably, and shows so after the first write", () =>
    opened(({ handle }) => {
      expect(handle.pragma("synchronous", { simple: true })).toBe(2)
      expect(handle.pragma("journal_mode", { simple: true })).toBe("wal")
      expect(handle.pragma("foreign_keys", { simple: true })).toBe(1)
      handle.pragma("synchronous = NORMAL")
      expect(() => assertDurable(handle)).toThrow("synchronous")
      handle.pragma("synchronous = FULL")
      assertDurable(handle)
    }),
  )

  it.live("makes files that only the owner reads", () =>
    opened(({ driver }) => {
      driver.transaction(() => driver.insert(sampleRow(1)))
      for (const path of [file, `${file}-wal`, `${file}-shm`]) expect(statSync(path).mode & 0o777).toBe(0o600)
    }),
  )

  it.live("runs other packages' migrations once, in the same opening", () =>
    Effect.gen(function* () {
      const one: MigrationGroup = {
        table: extra.table,
        migrations: { "0001_one": extra.migrations["0001_one"] ?? Effect.void },
      }
      const columns = ({ handle }: SqliteDatabase) =>
        handle.prepare<[], string>("SELECT name FROM pragma_table_info('extra')").pluck().all()
      expect(yield* opened(columns, [one])).toEqual(["a"])
      expect(yield* opened(columns, [extra])).toEqual(["a", "b"])
      expect(yield* opened(columns, [extra])).toEqual(["a", "b"])
    }),
  )

  it.live("leaves nothing of a migration that fails, and opens again without it", () =>
    Effect.gen(function* () {
      const bad: MigrationGroup = {
        table: extra.table,
        migrations: {
          ...extra.migrations,
          "0003_bad": Effect.flatMap(SqlClient, (sql) => sql.unsafe("CREATE nonsense")),
        },
      }
      const problem = yield* refused([bad])
      expect(problem._tag).toBe("StorageFailed")
      expect(problem.message).toContain("nonsense")
      expect(
        yield* opened(({ handle }) => handle.prepare("SELECT * FROM sqlite_schema WHERE name = 'extra'").all()),
      ).toEqual([])
      yield* opened(() => undefined, [extra])
    }),
  )

  it.live("refuses what a newer version wrote, byte for byte unchanged", () =>
    Effect.gen(function* () {
      yield* opened(() => undefined, [extra])
      const tamper = (sql: string) => {
        const handle = new Sqlite(file)
        handle.exec(sql)
        handle.close()
      }
      const check = function* (undo: string) {
        const before = digest()
        expect((yield* refused([extra]))._tag).toBe("DatabaseTooNew")
        expect(digest()).toBe(before)
        tamper(undo)
        yield* opened(() => undefined, [extra])
      }
      tamper("INSERT INTO log_migrations (migration_id, name) VALUES (999, 'later')")
      yield* check("DELETE FROM log_migrations WHERE migration_id = 999")
      tamper("INSERT INTO extra_migrations (migration_id, name) VALUES (3, 'later')")
      yield* check("DELETE FROM extra_migrations WHERE migration_id = 3")
      tamper("PRAGMA user_version = 2")
      yield* check("PRAGMA user_version = 1")
    }),
  )

  it.live("refuses what is no database of ours, byte for byte unchanged", () =>
    Effect.gen(function* () {
      writeFileSync(file, "this is a letter, not a database. ".repeat(200))
      let before = digest()
      expect((yield* refused())._tag).toBe("DatabaseUnreadable")
      expect(digest()).toBe(before)
      rmSync(file)
      const other = new Sqlite(file)
      other.exec("CREATE TABLE recipes (name TEXT)")
      other.close()
      before = digest()
      expect((yield* refused())._tag).toBe("DatabaseUnreadable")
      expect(digest()).toBe(before)
    }),
  )

  it.live("takes an empty file, and one whose first opening was cut short", () =>
    Effect.gen(function* () {
      writeFileSync(file, "")
      yield* opened(() => undefined)
      rmSync(file)
      const cut = new Sqlite(file)
      cut.pragma("journal_mode = WAL")
      cut.exec(
        "CREATE TABLE log_migrations (migration_id integer PRIMARY KEY NOT NULL, created_at datetime NOT NULL DEFAULT current_timestamp, name VARCHAR(255) NOT NULL)",
      )
      cut.close()
      expect(yield* opened(({ driver }) => driver.head())).toBe(0)
    }),
  )
})

describe("storage", () => {
  it.live("survives a full disk: it throws the error of SQLite, stores nothing, and goes on when there is room", () =>
    opened(({ driver, handle }) => {
      const write = (sequence: number, raw: string) => () =>
        driver.transaction(() => {
          driver.insert(sampleRow(sequence))
          driver.insert(sampleRow(sequence + 1))
          driver.insertNatives([[sequence + 1, raw]])
        })
      write(1, "small")()
      handle.pragma(`max_page_count = ${Number(handle.pragma("page_count", { simple: true })) + 2}`)
      expect(write(3, "x".repeat(200_000))).toThrow(expect.objectContaining({ code: "SQLITE_FULL" }))
      expect(driver.head()).toBe(2)
      expect(handle.inTransaction).toBe(false)
      handle.pragma("max_page_count = 1000000")
      write(3, "x".repeat(200_000))()
      expect(driver.head()).toBe(4)
      expect(handle.pragma("integrity_check", { simple: true })).toBe("ok")
    }),
  )

  it.live("stores equal long bodies once, and packs the rest", () =>
    opened(({ driver, handle }) => {
      const value = (sql: string) => handle.prepare<[], number>(sql).pluck().get() ?? 0
      const inline = () => value("SELECT count(*) FROM native WHERE body IS NOT NULL")
      driver.transaction(() => {
        for (let sequence = 1; sequence <= 1000; sequence++) {
          driver.insert(sampleRow(sequence))
          driver.insertNatives([[sequence, nativeOf(sequence)]])
        }
      })
      expect(value("SELECT count(*) FROM blobs")).toBe(2)
      expect(inline()).toBe(900)
      const text = value("SELECT sum(length(body)) FROM native")
      let packed = 0
      for (let step = driver.compressNative(500); step > 0; step = driver.compressNative(500)) packed += step
      // Seven full blocks of 128 and both long bodies; the rest waits for more.
      expect(packed).toBe(7 * 128 + 2)
      expect(inline()).toBe(900 - 7 * 128)
      expect(value("SELECT sum(length(body)) FROM native_blocks") * 5).toBeLessThan(text)
      expect(value("SELECT sum(length(body)) FROM blobs")).toBeLessThan(1000)
      for (let sequence = 1; sequence <= 1000; sequence++)
        expect(driver.readNative(sequence) === nativeOf(sequence)).toBe(true)
    }),
  )

  it.live("answers every kind of query from an index, without a sort", () =>
    opened(({ handle }) => {
      const plan = (query: Parameters<typeof selectEvents>[0]) => {
        const { sql, params } = selectEvents(query)
        const steps = handle.prepare<(string | number)[], { readonly detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
        return steps
          .all(...params)
          .map((step) => step.detail)
          .join("; ")
      }
      const bounds = { after: 5, until: 50, limit: 10 } as const
      for (const order of ["asc", "desc"] as const) {
        const stream = plan({ ...bounds, order, streamId: streamOf(1), types: ["turn.started"] })
        expect(stream).toContain("events_by_stream (stream_id=? AND stream_version>? AND stream_version<?)")
        expect(stream).not.toMatch(/TEMP B-TREE|SCAN events/)
        const types = plan({ ...bounds, order, types: ["turn.started", "turn.completed"] })
        expect(types).toContain("events_by_type (type=? AND rowid>? AND rowid<?)")
        expect(types).not.toContain("SCAN events")
        expect(plan({ ...bounds, order })).toContain("INTEGER PRIMARY KEY (rowid>? AND rowid<?)")
        expect(plan({ ...bounds, order, types: ["content.delta"] })).not.toMatch(/TEMP B-TREE/)
      }
    }),
  )
})
