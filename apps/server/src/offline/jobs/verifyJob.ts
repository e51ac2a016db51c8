/** `verify`: the log against its digests, and the rows against what the events lead to. Works beside a running writer. */
import type { VerifyReport } from "@threadfold/contracts"
import { eventSourceOf } from "@threadfold/engine"
import { isDamage, sqliteDriver, verifyDigests } from "@threadfold/event-log"
import { countedSource, SqlStore, verify } from "@threadfold/projections"
import type Sqlite from "better-sqlite3"
import { Effect, Schema } from "effect"
import { requireStream } from "./compareAndRefold.js"
import { readingJob, type TellProgress } from "./Job.js"

const options = Schema.Struct({
  /** Whether native messages are read, too. */
  bytes: Schema.Boolean,
  /** The thread or connection that is looked at; null: all. */
  threadId: Schema.NullOr(Schema.String),
})

/** Looks through an open database, or at one stream of it. */
export const verifyDatabase = (
  handle: Sqlite.Database,
  { bytes, threadId = null }: { readonly bytes: boolean; readonly threadId?: string | null },
  progress: TellProgress = () => undefined,
): VerifyReport => {
  // Each is short: a long one would keep the writer from emptying its write-ahead log.
  const readTransaction = <A>(body: () => A): A => handle.transaction(body).deferred()
  const driver = sqliteDriver(handle)
  const store = new SqlStore(handle)
  if (threadId !== null) Effect.runSync(requireStream(driver, store, threadId))
  const totalEvents = threadId === null ? driver.head() : driver.streamVersion(threadId)
  const onProgress = (streams: number, events: number): void => progress(streams, events, totalEvents)
  const log = verifyDigests(handle, { bytes, streamId: threadId, readTransaction, onProgress: () => onProgress(0, 0) })
  // A long stream is told of page by page.
  let streams = 0
  let events = 0
  const source = countedSource(eventSourceOf(driver), totalEvents, (read) => {
    events = read
    onProgress(streams, events)
  })
  try {
    const onStream = (done: number): void => {
      streams = done
      onProgress(done, events)
    }
    const rows = verify({ source, store, readTransaction, streamId: threadId, onProgress: onStream })
    return { ...rows, ok: rows.ok && log.ok, log }
  } catch (error) {
    // A page that cannot be read is a finding of its own; the digests have said what they could.
    if (!isDamage(error)) throw error
    const unread = { threadId: "", table: "", key: "", expected: null, actual: `unreadable: ${error.message}` }
    return { ok: false, hash: "", threads: 0, projections: {}, differences: [unread], stale: [], log }
  }
}

export const verifyJob = readingJob(options, (handle, { options, progress }) =>
  verifyDatabase(handle, options, progress),
)
