/** An engine without a thread of its own, on a new database. */
import { join } from "node:path"
import { CommitLoop, databaseGroups, makeSqliteWriter } from "@threadfold/engine"
import { type LogDriver, openSqlite, type SqliteDatabase } from "@threadfold/event-log"
import { Clock, Effect } from "effect"
import { submissions, type WorkloadOptions } from "../Workload.js"
import { chunksOf, commitAll } from "./chunks.js"

/** Name of the database file in a directory of the benchmark. */
const databaseName = "threadfold.db"

/** Opens a new database with all tables in a directory of its own. */
export const openDatabase = (directory: string) =>
  openSqlite({ file: join(directory, databaseName), migrations: databaseGroups })

/** The engine on such a database, with the driver that `driverOf` makes for it. */
export const engineOn = (directory: string, driverOf: (database: SqliteDatabase) => LogDriver) =>
  Effect.gen(function* () {
    const clock = yield* Clock.clockWith(Effect.succeed)
    const database = yield* openDatabase(directory)
    const { handle } = database
    const driver = driverOf(database)
    const writer = makeSqliteWriter({ driver, handle }, { clock: () => clock.unsafeCurrentTimeMillis() })
    const loop = new CommitLoop({ process: (batch) => writer.process(batch), defer: setImmediate })
    return { database, driver, loop }
  })

/** Writes a load into a new database; nothing is measured. */
export const fill = (directory: string, workload: WorkloadOptions) =>
  Effect.scoped(
    Effect.gen(function* () {
      const { loop } = yield* engineOn(directory, ({ driver }) => driver)
      for (const chunk of chunksOf(submissions(workload))) yield* commitAll(loop, chunk)
    }),
  )
