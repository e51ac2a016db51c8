/** The reading half of a database file: a client that cannot write, and the queries over it. */
import type * as SqlClient from "@effect/sql/SqlClient"
import { SqliteClient } from "@effect/sql-sqlite-node"
import { Projections } from "@threadfold/projections"
import { Layer } from "effect"

/**
 * Queries and their client. Build it after the engine has opened the file: a client that only reads makes no tables.
 */
export const readSide = (file: string): Layer.Layer<Projections | SqlClient.SqlClient> =>
  Layer.merge(
    Projections.layer(file),
    // `disableWAL` leaves the journal mode alone: asking for WAL is a write.
    Layer.orDie(SqliteClient.layer({ filename: file, readonly: true, disableWAL: true })),
  )
