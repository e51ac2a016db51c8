/** The projections' tables as migrations for the migrator of `@effect/sql`. */
import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import { Effect } from "effect"
import { projectionSchema } from "./schema.js"

/** The table in which the migrator notes what ran: the log has one of its own. */
export const projectionMigrationsTable = "projection_migrations"

/** Name → migration, for `Migrator.fromRecord`. */
export const projectionMigrations: Readonly<Record<string, Effect.Effect<void, SqlError, SqlClient.SqlClient>>> = {
  "0001_tables": Effect.flatMap(SqlClient.SqlClient, (sql) =>
    Effect.forEach(projectionSchema, (statement) => sql.unsafe(statement), { discard: true }),
  ),
}
