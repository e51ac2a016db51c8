import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as SqlClient from "@effect/sql/SqlClient"
import { describe, expect, it } from "@effect/vitest"
import Sqlite from "better-sqlite3"
import { Effect } from "effect"
import { bringUpToDate, databaseFile, isUpToDate, type MigrationGroup, openSqlite } from "./index.js"

const runs = (sql: string) => Effect.flatMap(SqlClient.SqlClient, (client) => client.unsafe(sql))
const first = { "0001_things": runs("CREATE TABLE things (a INTEGER)") }
const second = { ...first, "0002_more": runs("ALTER TABLE things ADD COLUMN b INTEGER") }
const version = (migrations: MigrationGroup["migrations"]): readonly MigrationGroup[] => [
  { table: "thing_migrations", migrations },
]

const made = Effect.gen(function* () {
  const directory = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "threadfold-up-to-date-"))),
    (path) => Effect.sync(() => rmSync(path, { recursive: true })),
  )
  const file = databaseFile(directory)
  yield* Effect.scoped(openSqlite({ file, migrations: version(first) }))
  return file
})
const columnsOf = (file: string): unknown => {
  const handle = new Sqlite(file, { readonly: true })
  try {
    return handle.prepare("SELECT name FROM pragma_table_info('things')").pluck().all()
  } finally {
    handle.close()
  }
}

describe("a database of another version", () => {
  it.scoped("is behind until it is brought up to date; a look alone changes none of its bytes", () =>
    Effect.gen(function* () {
      const file = yield* made
      const bytes = readFileSync(file)
      expect(yield* isUpToDate({ file, migrations: version(first) })).toBe(true)
      expect(yield* isUpToDate({ file, migrations: version(second) })).toBe(false)
      // A package whose tables the older version did not have at all.
      expect(yield* isUpToDate({ file, migrations: [{ table: "new_migrations", migrations: first }] })).toBe(false)
      yield* bringUpToDate({ file, migrations: version(first) })
      expect(readFileSync(file).equals(bytes)).toBe(true)
      yield* bringUpToDate({ file, migrations: version(second) })
      expect(columnsOf(file)).toEqual(["a", "b"])
      expect(yield* isUpToDate({ file, migrations: version(second) })).toBe(true)
    }),
  )

  it.scoped("that is newer, or that is not there, is refused", () =>
    Effect.gen(function* () {
      const file = yield* made
      yield* bringUpToDate({ file, migrations: version(second) })
      for (const look of [isUpToDate, bringUpToDate]) {
        expect((yield* Effect.flip(look({ file, migrations: version(first) })))._tag).toBe("DatabaseTooNew")
        expect((yield* Effect.flip(look({ file: `${file}.not` })))._tag).toBe("DatabaseNotFound")
      }
    }),
  )
})
