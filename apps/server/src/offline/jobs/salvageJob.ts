/** `salvage`: what can be read of a damaged file, copied into a new database. */
import { blobsOfRow, databaseGroups, eventSourceOf, purgeBegun, sqliteBlobs } from "@threadfold/engine"
import { salvage } from "@threadfold/event-log"
import { rebuild, SqlStore } from "@threadfold/projections"
import { Effect, Schema } from "effect"
import { makeJob } from "./Job.js"

const options = Schema.Struct({
  /** The new database file. */
  to: Schema.String,
})

/** The new database gets its rows, too, so that it can be looked at and served as it is. */
export const salvageJob = makeJob(options, ({ file, options: { to }, progress }) =>
  Effect.scoped(
    Effect.map(
      salvage({
        from: file,
        to,
        migrations: databaseGroups,
        purgeBegins: purgeBegun,
        blobs: (handle) => ({ ofEvent: blobsOfRow, ...sqliteBlobs(handle) }),
        onProgress: progress,
      }),
      ({ database, report }) => {
        rebuild({ source: eventSourceOf(database.driver), store: new SqlStore(database.handle) })
        return report
      },
    ),
  ),
)
