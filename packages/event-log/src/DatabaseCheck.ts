/**
 * Checks a database before anything writes to it: it must be ours, and not newer than this program. Read-only: a refused file
 * keeps its bytes.
 */
import { closeSync, existsSync, openSync, readSync, rmSync, statSync } from "node:fs"
import Sqlite from "better-sqlite3"
import { Effect } from "effect"
import { damageOf, emptied, isDamage, tornPages, withoutItsWal } from "./DamageCheck.js"
import { type DatabaseDamaged, DatabaseTooNew, DatabaseUnreadable } from "./Errors.js"
import { latestMigration, type MigrationGroup } from "./Migrations.js"
import { applicationId, databaseFormat } from "./migrations/index.js"
import { messageOf } from "./storageError.js"

const unreadable = (file: string, why: string) => new DatabaseUnreadable({ message: `${file} ${why}.` })
const tooNew = (file: string, why: string) => new DatabaseTooNew({ message: `${file} ${why}.` })

/** The state of a database's tables: `behind` needs migrations, `current` has all that this version needs. */
export type DatabaseState = "absent" | "behind" | "current"

/** The state of a database, or why it must not be opened. Throws what SQLite throws at a file that it cannot read. */
const examine = (
  handle: Sqlite.Database,
  file: string,
  groups: readonly MigrationGroup[],
): Exclude<DatabaseState, "absent"> | DatabaseUnreadable | DatabaseTooNew => {
  const tables = new Set(
    handle
      .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .pluck()
      .all(),
  )
  if (handle.pragma("application_id", { simple: true }) !== applicationId) {
    // A first opening that was cut short leaves at most the tables that remember migrations.
    const ours = new Set(groups.map((group) => group.table))
    return [...tables].every((table) => ours.has(table)) ? "behind" : unreadable(file, "belongs to another program")
  }
  const format = Number(handle.pragma("user_version", { simple: true }))
  if (format > databaseFormat) return tooNew(file, `has format ${format}; this version knows ${databaseFormat}`)
  let state: "behind" | "current" = "current"
  for (const group of groups) {
    const applied = tables.has(group.table) ? lastApplied(handle, group) : 0
    const known = latestMigration(group)
    if (applied > known) return tooNew(file, `has ${group.table} ${applied}; this version knows up to ${known}`)
    if (applied < known) state = "behind"
  }
  return state
}

const lastApplied = (handle: Sqlite.Database, { table }: MigrationGroup): number =>
  handle.prepare<[], number | null>(`SELECT max(migration_id) FROM "${table}"`).pluck().get() ?? 0

/** Whether there is a database with content at this path. */
export const databaseExists = (file: string): boolean => existsSync(file) && statSync(file).size > 0

/** The first bytes of a file that SQLite refused: this process has no other handle on it, whose locks that would drop. */
const headerOf = (file: string): Buffer => {
  const header = Buffer.alloc(100)
  const descriptor = openSync(file, "r")
  try {
    return header.subarray(0, readSync(descriptor, header, 0, 100, 0))
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Whether a database may be opened for writing: one that was cut, emptied or torn must not be, so that nothing writes over what
 * is left of it.
 */
export const checkWhole = (file: string): Effect.Effect<void, DatabaseDamaged> =>
  Effect.suspend(() => {
    let handle: Sqlite.Database | null = null
    try {
      const lost = emptied(file) ?? withoutItsWal(file)
      if (lost !== null) return lost
      if (!databaseExists(file)) return Effect.void
      handle = new Sqlite(file, { readonly: true, fileMustExist: true })
      return tornPages(handle, file) ?? Effect.void
    } catch (error) {
      handle?.close()
      return (isDamage(error) ? damageOf(file, headerOf(file), error) : null) ?? Effect.void
    } finally {
      handle?.close()
    }
  })

/**
 * The state of a database. Fails where this program must not open the file for writing. A missing or empty file passes as
 * `absent`: it will be made.
 */
export const checkDatabase = (
  file: string,
  groups: readonly MigrationGroup[],
): Effect.Effect<DatabaseState, DatabaseUnreadable | DatabaseTooNew> =>
  Effect.suspend((): Effect.Effect<DatabaseState, DatabaseUnreadable | DatabaseTooNew> => {
    let handle: Sqlite.Database | null = null
    try {
      if (!databaseExists(file)) return Effect.succeed("absent")
      handle = new Sqlite(file, { readonly: true, fileMustExist: true })
      const found = examine(handle, file, groups)
      return typeof found === "string" ? Effect.succeed(found) : found
    } catch (error) {
      return unreadable(file, `cannot be read (${messageOf(error)})`)
    } finally {
      handle?.close()
    }
  })

/** Files that SQLite makes beside a database that it only reads. */
const sideFiles = ["-wal", "-shm"] as const

/**
 * Runs checks of a database whose directory this process owns. Where they refuse it, what SQLite made beside it to read it is removed
 * again, so that a refused database is as it was found.
 */
export const leavingNothing = <A, E>(file: string, checks: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.suspend(() => {
    const isNew = sideFiles.map((end) => `${file}${end}`).filter((path) => !existsSync(path))
    return Effect.tapError(checks, () =>
      Effect.sync(() => {
        for (const path of isNew) rmSync(path, { force: true })
      }),
    )
  })
