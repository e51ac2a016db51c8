/** The projections' tables as migrations for the migrator of `@effect/sql`. */
import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import { alignSchema } from "./alignSchema.js"
import { agentIndexes, idIndexes, projectionSchema, servedIndexes, sidebarIndexes, voiceIndexes } from "./schema.js"

/** The table in which the migrator notes what ran: the log has one of its own. */
export const projectionMigrationsTable = "projection_migrations"

/**
 * Adds columns to a database that an older version made; a new one has them from its first migration. What they hold
 * comes with the next fold of each thread: a new column goes with a new fold version.
 */
const addColumns = (columns: readonly (readonly [table: string, column: string])[]) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.forEach(
      columns,
      ([table, column]) =>
        Effect.flatMap(
          sql`SELECT 1 FROM pragma_table_info(${table}) WHERE name = ${column.split(" ")[0] ?? ""}`,
          (found) =>
            found.length > 0 ? Effect.void : Effect.asVoid(sql.unsafe(`ALTER TABLE ${table} ADD COLUMN ${column}`)),
        ),
      { discard: true },
    ),
  )

/** Adds indexes that a new database has from its first migration. */
const addIndexes = (indexes: readonly string[]) =>
  Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.forEach(indexes, (index) => sql.unsafe(`CREATE INDEX IF NOT EXISTS ${index}`), { discard: true }),
  )

/** Name → migration, for `Migrator.fromRecord`. */
export const projectionMigrations: Readonly<Record<string, Effect.Effect<void, SqlError, SqlClient.SqlClient>>> = {
  "0001_tables": Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.forEach(projectionSchema, (statement) => sql.unsafe(statement), { discard: true }),
  ),
  "0002_agents": Effect.zipRight(
    addColumns([
      ["threads", "agent TEXT"],
      ["threads", "settings TEXT"],
      ["threads", "queue_held INTEGER NOT NULL DEFAULT 0"],
      ["queue", "settings TEXT"],
    ]),
    addIndexes(agentIndexes),
  ),
  // A later change of the schema adds a migration that runs the same, and raises the version of the fold.
  "0003_wires": alignSchema,
  // Indexes alone: no row is another than it was, and no thread is to be folded again.
  "0004_ids": addIndexes(idIndexes),
  // A check alone, which takes one more value.
  "0005_forked": alignSchema,
  // When the first byte of a model call came, and whether all of it was recorded.
  "0006_model_calls": alignSchema,
  // One more status of a thread: its check is another one, and no row is another than it was.
  "0007_purges": alignSchema,
  "0008_voice": addIndexes(voiceIndexes),
  "0009_sidebar": addIndexes(sidebarIndexes),
  // What a person has read, pinned and has to look at, with the index of the inbox.
  "0010_inbox": alignSchema,
  // What messages have beside their text.
  "0011_parts": alignSchema,
  "0012_served": addIndexes(servedIndexes),
  // What follows in a thread when no person answers.
  "0013_unattended": alignSchema,
  // What was said last.
  "0014_preview": alignSchema,
  // What was chosen for the sessions of a thread.
  "0015_chosen": alignSchema,
  // What was said last in each turn.
  "0016_said": alignSchema,
  // The thread that a connection was opened for, with its index.
  "0017_opened_for": alignSchema,
  // The place of requests in the log, with its indexes; threads of one millisecond stand in the order of the log.
  "0018_opening": alignSchema,
}
