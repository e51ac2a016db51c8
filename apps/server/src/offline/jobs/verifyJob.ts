/** `verify`: the log against its digests, and the rows against what the events lead to. Works beside a running writer. */
import type { VerifyReport } from "@threadfold/contracts"
import { eventSourceOf } from "@threadfold/engine"
import { isDamage, sqliteDriver, verifyDigests } from "@threadfold/event-log"
import { SqlStore, verify } from "@threadfold/projections"
import type Sqlite from "better-sqlite3"
import { Schema } from "effect"
import { readingJob, type TellProgress } from "./Job.js"

const options = Schema.Struct({
  /** Whether native messages are read, too. */
  bytes: Schema.Boolean,
})

/** Looks through an open database. */
export const verifyDatabase = (
  handle: Sqlite.Database,
  bytes: boolean,
  progress: TellProgress = () => undefined,
): VerifyReport => {
  const readTransaction = <A>(body: () => A): A => handle.transaction(body).deferred()
  const log = readTransaction(() => verifyDigests(handle, { bytes }))
  const source = eventSourceOf(sqliteDriver(handle))
  try {
    const rows = verify({ source, store: new SqlStore(handle), readTransaction, onProgress: progress })
    return { ...rows, ok: rows.ok && log.ok, log }
  } catch (error) {
    // A page that cannot be read is a finding of its own; the digests have said what they could.
    if (!isDamage(error)) throw error
    const unread = { threadId: "", table: "", key: "", expected: null, actual: `unreadable: ${error.message}` }
    return { ok: false, hash: "", threads: 0, projections: {}, differences: [unread], stale: [], log }
  }
}

export const verifyJob = readingJob(options, (handle, { options: { bytes }, progress }) =>
  verifyDatabase(handle, bytes, progress),
)
