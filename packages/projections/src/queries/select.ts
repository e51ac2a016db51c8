/** Rows by SQL over the read-only client. Everything that reaches SQL from outside is a parameter. */

import type * as SqlError from "@effect/sql/SqlError"
import type { Rows, TableName } from "@threadfold/contracts"
import { layout, toRow } from "@threadfold/core/model"
import { Effect } from "effect"
import { parseJsonColumns, selectList } from "../SqlText.js"
import type { ReadSql } from "./ReadSql.js"

/** A condition and its parameters. */
export interface Condition {
  readonly sql: string
  readonly params: readonly (string | number)[]
}

/** Whole rows of a table; `tail` is the rest of the statement, from this package alone. */
export const selectRows = <N extends TableName>(
  sql: ReadSql,
  table: N,
  where: readonly Condition[],
  tail: string,
): Effect.Effect<readonly Rows[N][], SqlError.SqlError> => {
  const of = layout(table)
  const condition = where.length === 0 ? "" : ` WHERE ${where.map((each) => each.sql).join(" AND ")}`
  const text = `SELECT ${selectList(of.columns)} FROM ${table}${condition} ${tail}`
  return sql
    .unsafe<Record<string, unknown>>(
      text,
      where.flatMap((each) => each.params),
    )
    .pipe(Effect.map((rows) => rows.map((row) => toRow(table, parseJsonColumns(of, row)))))
}

/** The sequence of the log that this transaction sees. */
export const headOf = (sql: ReadSql): Effect.Effect<number, SqlError.SqlError> =>
  sql
    .unsafe<{ readonly head: number }>("SELECT coalesce(max(sequence), 0) AS head FROM events")
    .pipe(Effect.map((rows) => rows[0]?.head ?? 0))
