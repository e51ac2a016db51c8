/**
 * For readers of a database that they do not own: whether it has the tables of this version, and how a copy gets them. The owner
 * uses `openSqlite`.
 */
import { Effect } from "effect"
import { checkDatabase } from "./DatabaseCheck.js"
import { DatabaseNotFound, type ReadOnlyError, type StorageFailed } from "./Errors.js"
import { type MigrationGroup, migrate } from "./Migrations.js"
import { logMigrations } from "./migrations/index.js"
import type { ReadOnlyLogOptions } from "./ReadOnlyLog.js"

const groupsOf = ({ migrations = [] }: ReadOnlyLogOptions): readonly MigrationGroup[] => [logMigrations, ...migrations]

/**
 * Whether every migration has run on a database; only looks.
 */
export const isUpToDate = (options: ReadOnlyLogOptions): Effect.Effect<boolean, ReadOnlyError> =>
  Effect.flatMap(checkDatabase(options.file, groupsOf(options)), (state) =>
    state === "absent" ? new DatabaseNotFound({ file: options.file }) : Effect.succeed(state === "current"),
  )

/**
 * Gives a database the tables and columns that it lacks; its rows stay as an older version folded them. Only for a file that no
 * other process opens.
 */
export const bringUpToDate = (options: ReadOnlyLogOptions): Effect.Effect<void, ReadOnlyError | StorageFailed> =>
  Effect.flatMap(isUpToDate(options), (isSo) => (isSo ? Effect.void : migrate(options.file, groupsOf(options))))
