/**
 * For those who look at a database that they do not own: whether it has what this version's queries name, and how a copy of
 * it gets that. The owner's way is `openSqlite`.
 */
import { Problem } from "@threadfold/contracts"
import { Effect } from "effect"
import { checkDatabase } from "./DatabaseCheck.js"
import { type MigrationGroup, migrate } from "./Migrations.js"
import { logMigrations } from "./migrations/index.js"
import type { ReadOnlyLogOptions } from "./ReadOnlyLog.js"

const groupsOf = ({ migrations = [] }: ReadOnlyLogOptions): readonly MigrationGroup[] => [logMigrations, ...migrations]

/**
 * Whether every migration has run on a database; only looks. Fails with `database-not-found`, `database-too-new` or
 * `database-unreadable`.
 */
export const isUpToDate = (options: ReadOnlyLogOptions): Effect.Effect<boolean, Problem> =>
  Effect.flatMap(checkDatabase(options.file, groupsOf(options)), (standing) =>
    standing === "absent"
      ? new Problem({ slug: "database-not-found", detail: `There is no database at ${options.file}.` })
      : Effect.succeed(standing === "current"),
  )

/**
 * Gives a database the tables and columns that it lacks; its rows stay as an older version folded them. Only for a file that
 * nobody else opens. Fails as {@link isUpToDate} does, and with `storage-failed`.
 */
export const bringUpToDate = (options: ReadOnlyLogOptions): Effect.Effect<void, Problem> =>
  Effect.flatMap(isUpToDate(options), (isSo) => (isSo ? Effect.void : migrate(options.file, groupsOf(options))))
