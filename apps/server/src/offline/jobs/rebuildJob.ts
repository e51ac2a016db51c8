/** `rebuild`: the rows made anew from the log. */
import { type RebuildReport, type TableName, tableNames } from "@threadfold/contracts"
import type { Problem } from "@threadfold/contracts/problem"
import { databaseGroups, eventSourceOf, submitErrorOf } from "@threadfold/engine"
import { type LogDriver, openSqlite } from "@threadfold/event-log"
import {
  allStreams,
  CatchUp,
  countedSource,
  DatabaseHash,
  type RebuildReport as Rebuilt,
  type Refolded,
  rebuild,
  rebuildPointKey,
  SqlStore,
} from "@threadfold/projections"
import { Effect, Schema } from "effect"
import { toProblem } from "../../problems/toProblem.js"
import { compareAndRefold } from "./compareAndRefold.js"
import { type Ask, type JobAnswer, makeJob, readingJobOf } from "./Job.js"

const options = Schema.Struct({
  /** Whether it goes on where an interrupted one left off. */
  resume: Schema.Boolean,
  /** The thread or connection; null: all. */
  threadId: Schema.NullOr(Schema.String),
  /** The table whose rows alone are written; null: all. */
  table: Schema.NullOr(Schema.Literal(...tableNames)),
})

/** What compares and replaces in one thread: the caller owns the database. */
const askHere = (driver: LogDriver, store: SqlStore): Ask => {
  const catchUp = new CatchUp({ source: eventSourceOf(driver), store, transaction: driver.transaction })
  const refold = (streamId: string, table: TableName | null): Refolded => {
    let outcome: Refolded | null = null
    catchUp.demand(streamId, table, (ended) => {
      outcome = ended
    })
    while (outcome === null) catchUp.step()
    return outcome
  }
  return (question) =>
    Effect.suspend((): Effect.Effect<JobAnswer, Problem> => {
      if (question.kind === "refold") {
        const outcome = refold(question.streamId, question.table)
        return outcome.ok ? Effect.succeed(outcome) : Effect.fail(toProblem(submitErrorOf(outcome.error)))
      }
      driver.transaction(() => store.setMeta(rebuildPointKey, question.point))
      return Effect.succeed({ rows: 0, refused: null })
    })
}

/** Alone: of all streams the rows are cleared and made anew, of one or of one table what differs is replaced. */
export const rebuildJob = makeJob(options, ({ file, options, progress }) =>
  Effect.scoped(
    Effect.flatMap(openSqlite({ file, owner: "held", migrations: databaseGroups }), ({ driver, handle }) => {
      const store = new SqlStore(handle)
      const { resume, table, threadId } = options
      if (threadId !== null || table !== null) {
        return compareAndRefold(handle, options, { progress, ask: askHere(driver, store) })
      }
      return Effect.sync((): RebuildReport => {
        const totalEvents = driver.head()
        // A long stream is told of page by page.
        let streams = 0
        const source = countedSource(eventSourceOf(driver), totalEvents, (events) =>
          progress(streams, events, totalEvents),
        )
        const onProgress = (done: Rebuilt): void => {
          streams = done.streams
        }
        const report = rebuild({ source, store, resume, onProgress })
        const hash = new DatabaseHash()
        for (const streamId of allStreams(source, store)) hash.addStream(store.rowsOf(streamId))
        const ok = report.refused.length === 0
        return { ok, ...report, changed: null, rows: null, hash: hash.finish().hash }
      })
    }),
  ),
)

/** Beside a server: only reads, and asks its writer for what is to be written. */
export const rebuildBesideJob = readingJobOf(options, (handle, call) => compareAndRefold(handle, call.options, call))
