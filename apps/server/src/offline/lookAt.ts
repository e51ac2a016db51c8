/**
 * A database file as this version's queries want it, for commands that only look. They change nothing of what is there: a
 * database that an older version made is brought up to date in a copy, and stays what it is, so that one can still go back.
 */
import { Problem } from "@threadfold/contracts/problem"
import { databaseGroups } from "@threadfold/engine"
import { bringUpToDate, isUpToDate } from "@threadfold/event-log"
import { Effect, type Scope } from "effect"
import { toProblem } from "../problems/toProblem.js"

type Copied = Effect.Effect<string, Problem, Scope.Scope>

/** A copy of a file, up to date. An error names the file that was copied. */
export const lookAtCopy = (file: string, copied: Copied): Copied =>
  Effect.tap(copied, (copy) =>
    Effect.mapError(bringUpToDate({ file: copy, migrations: databaseGroups }), (error) => {
      const { detail, slug } = toProblem(error)
      return new Problem({ slug, detail: detail.replaceAll(copy, file) })
    }),
  )

/**
 * The file itself where it is up to date, else a copy that is. A file that cannot be opened where it lies is copied, too: on
 * a full disk or a read-only mount SQLite cannot put its shared memory beside it.
 */
export const lookAt = (file: string, copied: Copied): Copied =>
  isUpToDate({ file, migrations: databaseGroups }).pipe(
    Effect.catchTag("DatabaseUnreadable", () => Effect.succeed(false)),
    Effect.mapError(toProblem),
    Effect.flatMap((isSo) => (isSo ? Effect.succeed(file) : lookAtCopy(file, copied))),
  )
