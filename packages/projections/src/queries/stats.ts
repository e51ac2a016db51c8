/** Figures about the whole database. Counting by type reads an index from end to end: not for a hot path. */
import { statSync } from "node:fs"
import type { Stats, StorageUnavailable } from "@threadfold/contracts"
import { Effect } from "effect"
import type { ReadSql } from "./ReadSql.js"
import { reading } from "./read.js"
import { headOf } from "./select.js"

export interface StatsQuery {
  /** Also count events by type: reads the whole log. */
  readonly byType?: boolean | undefined
}

/** Bytes of a file, 0 where there is none (a database in memory, a log that was just checkpointed away). */
const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0

export const stats = (sql: ReadSql, query: StatsQuery = {}): Effect.Effect<Stats, StorageUnavailable> => {
  const count = (table: string) =>
    sql.unsafe<{ readonly n: number }>(`SELECT count(*) AS n FROM ${table}`).pipe(Effect.map((rows) => rows[0]?.n ?? 0))
  // Sequences have no gaps on SQLite, and a prune takes from the front: counting rows would read the whole index.
  const events = sql
    .unsafe<{ readonly n: number }>(
      "SELECT coalesce((SELECT max(sequence) FROM events) - (SELECT min(sequence) FROM events) + 1, 0) AS n",
    )
    .pipe(Effect.map((rows) => rows[0]?.n ?? 0))
  const types = sql
    .unsafe<{ readonly type: string; readonly n: number }>(
      "SELECT type, count(*) AS n FROM events GROUP BY type ORDER BY type",
    )
    .pipe(Effect.map((rows) => Object.fromEntries(rows.map(({ type, n }) => [type, n]))))
  const pages = sql
    .unsafe<{ readonly bytes: number }>(
      "SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()",
    )
    .pipe(Effect.map((rows) => rows[0]?.bytes ?? 0))
  const file = sql
    .unsafe<{ readonly file: string }>("SELECT file FROM pragma_database_list WHERE name = 'main'")
    .pipe(Effect.map((rows) => rows[0]?.file ?? ""))
  return reading(
    sql,
    Effect.all({
      events,
      threads: count("threads"),
      lastSequence: headOf(sql),
      databaseBytes: pages,
      walBytes: Effect.map(file, (path) => (path === "" ? 0 : sizeOf(`${path}-wal`))),
      anomalies: count("anomalies"),
      byType: query.byType === true ? types : Effect.succeed(null),
      // What it takes a walk over the log to know is for a thread of its own.
      log: Effect.succeed(null),
    }),
  )
}
