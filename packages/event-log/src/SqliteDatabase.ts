/**
 * Opens the database of a data directory for its owner. The order is the safety: own the directory, look at the file
 * read-only, bring the tables up to date, then open the writer's handle and see that it commits durably.
 */
import { basename, dirname, join } from "node:path"
import type Sqlite from "better-sqlite3"
import { Effect, type Scope } from "effect"
import type { AllowedSizes } from "./AllowedSizes.js"
import { checkDatabase, checkWhole, leavingNothing } from "./DatabaseCheck.js"
import { prepareDirectory } from "./DataDirectory.js"
import type { DiskLimits } from "./DiskSpace.js"
import type { LogDriver } from "./Driver.js"
import type { OpenError } from "./Errors.js"
import { markClosed, markOpen } from "./LogMarker.js"
import { type MigrationGroup, migrate } from "./Migrations.js"
import { logMigrations } from "./migrations/index.js"
import { acquireOwnership, type OwnerDetails, type Ownership } from "./Ownership.js"
import { sqliteDriver } from "./SqliteDriver.js"
import { journalSizeLimit, openWriter, prepareEmptyFile } from "./SqliteWriter.js"
import { StorageGuard } from "./StorageGuard.js"
import { fileError } from "./storageError.js"

/** How to open a database. */
export interface OpenSqliteOptions {
  /** Path of the database file; its directory is the data directory. */
  readonly file: string
  /** Migrations of other packages, run after the log's own. */
  readonly migrations?: readonly MigrationGroup[]
  /**
   * The details of the owner; `held`: the caller owns the directory already (another thread of this process may
   * hold it) and owns it for longer than the database is open.
   */
  readonly owner?: OwnerDetails | "held"
  /** When the disk is low and when it is full. */
  readonly disk?: DiskLimits
  /** What the writer makes the files smaller to, shared with another thread that watches them. */
  readonly sizes?: AllowedSizes
}

/** An open database; closed with its scope. */
export interface SqliteDatabase {
  /** Real path of the file. */
  readonly file: string
  /** The writer's own handle: one thread, no await inside a transaction. */
  readonly handle: Sqlite.Database
  /** The log in it. */
  readonly driver: LogDriver
  /** Watches its files and its disk. */
  readonly guard: StorageGuard
  /** The ownership, where this opening took it; null for `owner: "held"`. */
  readonly ownership: Ownership | null
}

const storageFailed = (file: string) => (error: unknown) => fileError(file, error)

/** A guard of the files of a database that is open for writing; it only reads their state. */
export const storageGuard = (file: string, disk: DiskLimits = {}, sizes?: AllowedSizes): StorageGuard =>
  new StorageGuard(file, { walLimit: journalSizeLimit, disk, ...(sizes === undefined ? {} : { sizes }) })

/**
 * Opens it for the life of the scope, making file and directory where there are none.
 */
export const openSqlite = (options: OpenSqliteOptions): Effect.Effect<SqliteDatabase, OpenError, Scope.Scope> =>
  Effect.gen(function* () {
    const ownership = options.owner === "held" ? null : yield* acquireOwnership(dirname(options.file), options.owner)
    const directory =
      ownership?.directory ??
      (yield* Effect.try({
        try: () => prepareDirectory(dirname(options.file)),
        catch: storageFailed(options.file),
      }))
    const file = join(directory, basename(options.file))
    const groups = [logMigrations, ...(options.migrations ?? [])]
    const state = yield* leavingNothing(file, Effect.zipRight(checkWhole(file), checkDatabase(file, groups)))
    yield* Effect.try({ try: () => prepareEmptyFile(file), catch: storageFailed(file) })
    // A client for migrations, where there are none, takes a third of an opening.
    if (state !== "current") yield* migrate(file, groups)
    const handle = yield* Effect.acquireRelease(
      Effect.try({ try: () => openWriter(file), catch: storageFailed(file) }),
      (open) => Effect.sync(() => open.close()),
    )
    const guard = yield* Effect.try({
      try: () => storageGuard(file, options.disk, options.sizes),
      catch: storageFailed(file),
    })
    const driver = sqliteDriver(handle, { guard })
    // Closed before the handle is: finalizers run in reverse.
    yield* Effect.acquireRelease(
      Effect.try({ try: () => markOpen(file, driver.logId), catch: storageFailed(file) }),
      () => Effect.sync(() => markClosed(file, driver.logId)),
    )
    return { file, handle, driver, guard, ownership }
  })
