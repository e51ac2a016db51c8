/**
 * Schema changes. Every package with tables has one group; all groups run when the database is opened, in the given order, each
 * inside one transaction, before the writer's own handle is opened.
 */
import { Reactivity } from "@effect/experimental"
import * as Migrator from "@effect/sql/Migrator"
import { SqlClient } from "@effect/sql/SqlClient"
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import { Cause, Effect } from "effect"
import { StorageFailed } from "./Errors.js"
import { messageOf } from "./storageError.js"

/** One package's migrations. */
export interface MigrationGroup {
  /** Table that remembers which ran; unique among the groups. */
  readonly table: string
  /** `0001_name` → what it does. Ids rise; a released one never changes. */
  readonly migrations: { readonly [idAndName: string]: Effect.Effect<unknown, unknown, SqlClient> }
}

/** Highest migration id of a group, 0 for an empty one. */
export const latestMigration = (group: MigrationGroup): number =>
  Math.max(0, ...Object.keys(group.migrations).map((name) => Number.parseInt(name, 10)))

const runGroup = (group: MigrationGroup) =>
  Migrator.make({})({
    table: group.table,
    loader: Migrator.fromRecord(
      Object.fromEntries(
        Object.entries(group.migrations).map(([name, effect]) => [name, Effect.asVoid(effect)] as const),
      ),
    ),
  })

/**
 * Brings a database up to date through a client of its own, closed again at the end. A
 * group that fails leaves nothing behind.
 */
export const migrate = (file: string, groups: readonly MigrationGroup[]): Effect.Effect<void, StorageFailed> =>
  Effect.gen(function* () {
    const client = yield* SqliteClient.make({ filename: file })
    yield* Effect.forEach(groups, (group) => Effect.provideService(runGroup(group), SqlClient, client), {
      discard: true,
    })
  }).pipe(
    Effect.scoped,
    Effect.provide(Reactivity.layer),
    // The client dies where it cannot open the file, and the migrator where SQLite refuses a statement.
    Effect.catchAllCause((cause) =>
      Cause.isInterruptedOnly(cause)
        ? Effect.interrupt
        : new StorageFailed({ message: `${file} could not be brought up to date: ${reason(cause)}.` }),
    ),
  )

/** The innermost message of a failure: SQLite's own. */
const reason = (cause: Cause.Cause<unknown>): string => {
  let error: unknown = Cause.squash(cause)
  while (error instanceof Error && error.cause !== undefined) error = error.cause
  return messageOf(error)
}
