/**
 * New databases without the time that their migrations take, which is three quarters of what opening one costs: they run once in a
 * worker of the tests, and every other new database is a copy of what they made.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { Effect } from "effect"
import { prepareDirectory } from "../DataDirectory.js"
import { type MigrationGroup, migrate } from "../Migrations.js"
import { logMigrations } from "../migrations/index.js"
import { prepareEmptyFile } from "../SqliteWriter.js"

/** Groups of migrations → the bytes of a database after them. Nobody has opened it to write: it has no id of a log yet. */
const made = new WeakMap<readonly MigrationGroup[], Buffer>()

const make = (groups: readonly MigrationGroup[]): Buffer => {
  const directory = mkdtempSync(join(tmpdir(), "threadfold-new-"))
  try {
    const file = join(directory, "new.db")
    prepareEmptyFile(file)
    Effect.runSync(migrate(file, [logMigrations, ...groups]))
    return readFileSync(file)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/**
 * Puts a database there as its first opening makes it, short of the first write, unless there is one.
 *
 * @param groups migrations after the log's own: always the same array, so that they are known by it
 */
export const putNewDatabase = (file: string, groups: readonly MigrationGroup[]): void => {
  if (existsSync(file)) return
  const bytes = made.get(groups) ?? make(groups)
  made.set(groups, bytes)
  prepareDirectory(dirname(file))
  writeFileSync(file, bytes, { mode: 0o600, flag: "wx" })
}
