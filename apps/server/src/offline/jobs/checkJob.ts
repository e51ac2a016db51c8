/** `check`: the invariants of the log and of the rows, in one snapshot of the database. */
import { sqliteDriver } from "@threadfold/event-log"
import { SqlStore } from "@threadfold/projections"
import { Schema } from "effect"
import { checkDatabase } from "../check.js"
import { readingJob } from "./Job.js"

const CheckScope = Schema.Struct({
  invariants: Schema.Array(Schema.String),
  streamId: Schema.NullOr(Schema.String),
})

export const checkJob = readingJob(CheckScope, (handle, { options, progress }) =>
  handle.transaction(() => checkDatabase(sqliteDriver(handle), new SqlStore(handle), progress, options)).deferred(),
)
