/**
 * A look at a database before anything may write to it: is it ours, and is it not newer than this program? Read-only:
 * a refused file keeps its bytes.
 */
import { existsSync, statSync } from "node:fs"
import { Problem } from "@threadfold/contracts"
import Sqlite from "better-sqlite3"
import { Effect } from "effect"
import { latestMigration, type MigrationGroup } from "./Migrations.js"
import { applicationId, databaseFormat } from "./migrations/index.js"

const unreadable = (file: string, why: string) =>
  new Problem({ slug: "database-unreadable", detail: `${file} ${why}.` })
const tooNew = (file: string, why: string) => new Problem({ slug: "database-too-new", detail: `${file} ${why}.` })

/** What keeps a database from being opened, or null. Throws what SQLite throws at a file that it cannot read. */
const refusal = (handle: Sqlite.Database, file: string, groups: readonly MigrationGroup[]): Problem | null => {
  const tables = new Set(
    handle
      .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
      .pluck()
      .all(),
  )
  if (handle.pragma("application_id", { simple: true }) !== applicationId) {
    // A first opening that was cut short leaves at most the tables that remember migrations.
    const ours = new Set(groups.map((group) => group.table))
    return [...tables].every((table) => ours.has(table)) ? null : unreadable(file, "belongs to another program")
  }
  const format = Number(handle.pragma("user_version", { simple: true }))
  if (format > databaseFormat) return tooNew(file, `has format ${format}; this version knows ${databaseFormat}`)
  for (const group of groups) {
    if (!tables.has(group.table)) continue
    const applied = handle.prepare<[], number | null>(`SELECT max(migration_id) FROM "${group.table}"`).pluck().get()
    const known = latestMigration(group)
    if ((applied ?? 0) > known) {
      return tooNew(file, `has ${group.table} ${applied}; this version knows up to ${known}`)
    }
  }
  return null
}

/** Whether there is a database with content at this path. */
export const databaseExists = (file: string): boolean => existsSync(file) && statSync(file).size > 0

/**
 * Fails with `database-too-new` or `database-unreadable` where this program must not open the file for writing. A
 * missing or empty file passes: it will be made.
 */
export const checkDatabase = (file: string, groups: readonly MigrationGroup[]): Effect.Effect<void, Problem> =>
  Effect.suspend(() => {
    let handle: Sqlite.Database | null = null
    try {
      if (!databaseExists(file)) return Effect.void
      handle = new Sqlite(file, { readonly: true, fileMustExist: true })
      const problem = refusal(handle, file, groups)
      return problem === null ? Effect.void : problem
    } catch (error) {
      return unreadable(file, `cannot be read (${error instanceof Error ? error.message : String(error)})`)
    } finally {
      handle?.close()
    }
  })
