/** `rebuild`: the rows made anew from the log. Writes a database whose directory the process owns. */
import { databaseGroups, eventSourceOf } from "@threadfold/engine"
import { openSqlite } from "@threadfold/event-log"
import { allStreams, DatabaseHash, type RebuildReport, rebuild, SqlStore } from "@threadfold/projections"
import { Effect, Schema } from "effect"
import { makeJob } from "./Job.js"

/** What `rebuild` prints. */
export interface RebuildOutcome extends RebuildReport {
  readonly ok: boolean
  /** Hash of the rows that are there now, as `verify` reports it. */
  readonly hash: string
}

const options = Schema.Struct({
  /** Whether it goes on where an interrupted one left off. */
  resume: Schema.Boolean,
})

export const rebuildJob = makeJob(options, ({ file, options: { resume }, progress }) =>
  Effect.scoped(
    Effect.map(openSqlite({ file, owner: "held", migrations: databaseGroups }), ({ driver, handle }) => {
      const store = new SqlStore(handle)
      const source = eventSourceOf(driver)
      const onProgress = ({ streams, events }: RebuildReport) => progress(streams, events)
      const report = rebuild({ source, store, resume, onProgress })
      const hash = new DatabaseHash()
      for (const streamId of allStreams(source, store)) hash.addStream(store.rowsOf(streamId))
      return { ok: report.refused.length === 0, ...report, hash: hash.finish().hash }
    }),
  ),
)
