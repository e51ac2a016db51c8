/** The timeline of a thread in a database file, for as long as a person walks through it. */
import type { Problem } from "@threadfold/contracts/problem"
import { Timeline, walkRows } from "@threadfold/core/model"
import { eventSourceOf } from "@threadfold/engine"
import { sqliteDriver } from "@threadfold/event-log"
import { eventsOf } from "@threadfold/projections"
import Sqlite from "better-sqlite3"
import { Effect, type Scope } from "effect"
import { purgedProblem } from "./moments.js"

export interface OpenTimeline {
  readonly timeline: Timeline
  /** The native message of the event at a sequence, verbatim, or null. */
  readonly nativeOf: (sequence: number) => string | null
}

/**
 * Opens it for the life of the scope. Between two keys the file may grow: a walk that begins anew ends where the log does then, and
 * no read transaction is held while a person thinks. Fails with `thread-purged` where what is asked for, from the sequence `from` on,
 * is gone.
 */
export const openTimeline = (
  file: string,
  threadId: string,
  from: number,
): Effect.Effect<OpenTimeline, Problem, Scope.Scope> =>
  Effect.flatMap(
    Effect.acquireRelease(
      Effect.sync(() => new Sqlite(file, { readonly: true, fileMustExist: true })),
      (handle) => Effect.sync(() => handle.close()),
    ),
    (handle) => {
      const driver = sqliteDriver(handle)
      const purged = purgedProblem(driver, threadId, from)
      if (purged !== null) return Effect.fail(purged)
      const steps = () => walkRows(threadId, eventsOf(eventSourceOf(driver), threadId))
      return Effect.succeed({
        timeline: new Timeline(threadId, steps),
        nativeOf: (sequence: number) => driver.readNative(sequence),
      })
    },
  )
