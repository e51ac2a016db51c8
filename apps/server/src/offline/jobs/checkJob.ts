/** `check`: the invariants of the log and of the rows, each stream in a snapshot of its own. Works beside a running writer. */
import { sqliteDriver } from "@threadfold/event-log"
import { SqlStore } from "@threadfold/projections"
import { Schema } from "effect"
import { checkDatabase } from "../check.js"
import { readingJob } from "./Job.js"

const CheckScope = Schema.Struct({
  invariants: Schema.Array(Schema.String),
  streamId: Schema.NullOr(Schema.String),
})

export const checkJob = readingJob(CheckScope, (handle, { options, progress }) => {
  const driver = sqliteDriver(handle)
  const totalEvents = options.streamId === null ? driver.head() : driver.streamVersion(options.streamId)
  return checkDatabase(
    driver,
    new SqlStore(handle),
    (streams, events) => progress(streams, events, totalEvents),
    options,
    // Each is short: a long one would keep the writer from emptying its write-ahead log.
    (body) => handle.transaction(body).deferred(),
  )
})
