/** A database file that no process writes to, looked through as a whole; for backups and for compaction. */
import { closeSync, fsyncSync, openSync } from "node:fs"
import { Problem } from "@threadfold/contracts/problem"
import { eventSourceOf } from "@threadfold/engine"
import { sqliteDriver } from "@threadfold/event-log"
import { allStreams, DatabaseHash, SqlStore } from "@threadfold/projections"
import Sqlite from "better-sqlite3"
import { verifyDatabase } from "./verifyJob.js"

/** A handle that can only read. */
export const readingHandle = (file: string): Sqlite.Database =>
  new Sqlite(file, { readonly: true, fileMustExist: true })

/** Returns when a file or a directory is on the disk, and not only with the system. */
export const makeDurable = (path: string): void => {
  const descriptor = openSync(path, "r")
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

const hashOf = (handle: Sqlite.Database, onStream: (streams: number) => void): string => {
  const store = new SqlStore(handle)
  const hash = new DatabaseHash()
  let streams = 0
  for (const streamId of allStreams(eventSourceOf(sqliteDriver(handle)), store)) {
    hash.addStream(store.rowsOf(streamId))
    onStream(++streams)
  }
  return hash.finish().hash
}

/** What a whole database is told apart by. */
export interface Looked {
  readonly logId: string
  readonly events: number
  readonly lastSequence: number
  readonly hash: string
}

export interface LookOptions {
  /** What a problem calls the file, which may be a copy. */
  readonly named: string
  /** Also compares every byte with the digests, and folds the log again. */
  readonly isThorough: boolean
  readonly onStream?: (streams: number) => void
}

/** Reads a database through. Fails with `database-damaged` where it is not what the log leads to. */
export const lookThrough = (file: string, { isThorough, named, onStream = () => undefined }: LookOptions): Looked => {
  const handle = readingHandle(file)
  try {
    const wrong = handle.pragma("quick_check(1)", { simple: true })
    if (wrong !== "ok") throw new Problem({ slug: "database-damaged", detail: `${named}: ${String(wrong)}.` })
    const report = isThorough ? verifyDatabase(handle, { bytes: true }) : null
    if (report !== null && !(report.log.ok && report.differences.length === 0)) {
      throw new Problem({
        slug: "database-damaged",
        detail: `${named} is not what its log leads to; \`threadfold verify --db ${named}\` says where.`,
      })
    }
    const { events, lastSequence } = handle
      .prepare<[], { events: number; lastSequence: number }>(
        "SELECT count(*) AS events, coalesce(max(sequence), 0) AS lastSequence FROM events",
      )
      .get() ?? { events: 0, lastSequence: 0 }
    const { logId } = sqliteDriver(handle)
    return { logId, events, lastSequence, hash: report?.hash ?? hashOf(handle, onStream) }
  } finally {
    handle.close()
  }
}
