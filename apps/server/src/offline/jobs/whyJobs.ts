/** `why` and `whatif`: which event and rule made a row what it is, and how the thread would be with another log or fold. */
import { FOLD_VERSION } from "@threadfold/core"
import { areBad, decodeEdits, whatIf } from "@threadfold/core/model"
import { eventSourceOf, readEffect, sha256 } from "@threadfold/engine"
import { sqliteDriver } from "@threadfold/event-log"
import { eventsOf } from "@threadfold/projections"
import Sqlite from "better-sqlite3"
import { Effect, Schema } from "effect"
import { loadFold } from "../foldModule.js"
import { beforeFirst, requireContent } from "../moments.js"
import { refusedEdits, type WhatIfReport } from "../whatIfReport.js"
import { Question, threadWhy } from "../why.js"
import { makeJob, readingJob } from "./Job.js"

const why = Schema.Struct({ threadId: Schema.String, question: Question, at: Schema.NullOr(Schema.Number) })
export const whyJob = readingJob(why, (handle, { options, progress }) => {
  let events = 0
  const onEvents = (count: number): void => {
    events += count
    progress(1, events)
  }
  const driver = sqliteDriver(handle)
  return handle.transaction(() => threadWhy(driver, (id) => readEffect(handle, id), options, onEvents)).deferred()
})

const edited = Schema.Struct({
  threadId: Schema.String,
  /** The edits as JSON gave them: they are checked here, before any work. */
  edits: Schema.Unknown,
  /** Path of an ES module with another build of the fold; null: the present one. */
  module: Schema.NullOr(Schema.String),
  /** Both threads end after the event of this sequence; null: at the end. */
  until: Schema.NullOr(Schema.Number),
})

export const whatIfJob = makeJob(edited, ({ file, options: { edits, module, threadId, until }, progress }) =>
  Effect.gen(function* () {
    const decoded = decodeEdits(edits)
    if (areBad(decoded)) return yield* Effect.die(refusedEdits(decoded.bad))
    const other = module === null ? null : yield* Effect.promise(() => loadFold(module))
    return yield* Effect.sync((): WhatIfReport => {
      const handle = new Sqlite(file, { readonly: true, fileMustExist: true })
      try {
        const driver = sqliteDriver(handle)
        let read = 0
        const events = () =>
          eventsOf(eventSourceOf(driver), threadId, (count) => {
            read += count
            progress(1, read)
          })
        return handle
          .transaction((): WhatIfReport => {
            // The edits would be of events whose content is gone.
            requireContent(driver, threadId)
            const options = {
              digest: sha256,
              ...(other === null ? {} : { fold: other.fold }),
              ...(until === null ? {} : { until }),
            }
            const found = whatIf(threadId, events, decoded.edits, options)
            if (found === null) {
              throw beforeFirst(driver, threadId)
            }
            if (areBad(found)) throw refusedEdits(found.bad)
            return { ...found, foldVersion: FOLD_VERSION, otherFoldVersion: other?.version ?? FOLD_VERSION }
          })
          .deferred()
      } finally {
        handle.close()
      }
    })
  }),
)
