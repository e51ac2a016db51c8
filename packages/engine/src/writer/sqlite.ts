/** The writer of a SQLite database: log and projections on one handle, so that they share its transactions. */
import { hash } from "node:crypto"
import { dirname } from "node:path"
import { fold as currentFold, type Digest, type Fold } from "@threadfold/core"
import { decodeRow, type LogDriver, type MigrationGroup, renewWal, type SqliteDatabase } from "@threadfold/event-log"
import {
  type EventSource,
  type ProjectionStore,
  projectionMigrations,
  projectionMigrationsTable,
  refoldNow,
  removeCheckpointsOf,
  removeFromSearch,
  SqlStore,
} from "@threadfold/projections"
import type { PurgeSpace } from "../purge/index.js"
import type { WorkStore } from "../work/index.js"
import { sqliteWork, workGroup } from "../work/index.js"
import { Writer } from "./Writer.js"

/** All tables beside the log's own, for every opening of a database. */
export const databaseGroups: readonly MigrationGroup[] = [
  { table: projectionMigrationsTable, migrations: projectionMigrations },
  workGroup,
]

/** SHA-256, as the domain takes it. */
export const sha256: Digest = (text) => hash("sha256", text, "buffer")

/** The log as refolds read it. */
export const eventSourceOf = (driver: Pick<LogDriver, "purgeOf" | "readStream" | "streams">): EventSource => ({
  // A purged thread begins with its tombstone: what lies before has no content that could be folded.
  read: (streamId, afterVersion, limit) =>
    driver
      .readStream(streamId, Math.max(afterVersion, driver.purgeOf(streamId)?.lastVersion ?? 0), limit)
      .map(decodeRow),
  streams: driver.streams,
  isPurging: (streamId) => driver.purgeOf(streamId)?.finishedAt === null,
})

export interface WriterSetup {
  readonly driver: LogDriver
  readonly store: ProjectionStore
  readonly work: WorkStore
  /** Our clock, ms since the epoch. */
  readonly clock: () => number
  /** Another fold, for tests that plant a fault. */
  readonly fold?: Fold
}

/** A writer over any driver and store that share their transactions. */
export const makeWriter = ({ driver, store, work, clock, fold = currentFold }: WriterSetup): Writer =>
  new Writer({
    driver,
    store,
    work,
    fold,
    digest: sha256,
    clock,
    refold: (streamId) => refoldNow({ source: eventSourceOf(driver), store, fold }, streamId),
  })

/** What of an opened database a writer needs. */
type Opened = Pick<SqliteDatabase, "driver" | "handle">

/** What a writer works on in an opened database. */
export const sqliteSetup = ({ driver, handle }: Opened, options: Pick<WriterSetup, "clock" | "fold">): WriterSetup => ({
  driver,
  store: new SqlStore(handle),
  work: sqliteWork(handle),
  ...options,
})

/** What purges give back beside the rows of an opened database. */
export const spaceOf = (database: Pick<SqliteDatabase, "file" | "guard" | "handle">): PurgeSpace => ({
  removeFiles: (streamId) => {
    const directory = dirname(database.file)
    removeCheckpointsOf(directory, streamId)
    return removeFromSearch(directory, streamId)
  },
  renewWal: (commit) => renewWal(database, commit),
})

/** A writer on an opened database. */
export const makeSqliteWriter = (database: Opened, options: Pick<WriterSetup, "clock" | "fold">): Writer =>
  makeWriter(sqliteSetup(database, options))
