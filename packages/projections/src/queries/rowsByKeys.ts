/** Rows by their keys, as they are shown, for programs that keep a copy of them. */

import type * as SqlError from "@effect/sql/SqlError"
import type { StorageUnavailable, TableName } from "@threadfold/contracts"
import { type Cells, keyOf, layout, type Scalar } from "@threadfold/core/model"
import { Effect } from "effect"
import { sqlName } from "../SqlText.js"
import { withNamedTexts } from "./namedTexts.js"
import type { ReadSql } from "./ReadSql.js"
import { reading, shownCells } from "./read.js"
import { shownList, shownRow } from "./select.js"

/** A row that was asked for; null: there is none. */
export interface FoundRow {
  readonly table: TableName
  readonly key: readonly Scalar[]
  readonly row: Cells | null
}

/** Keys that one statement looks up: what it takes of the thread that waits for it is a few milliseconds. */
const keysAtOnce = 250

const ofTable = (
  sql: ReadSql,
  table: TableName,
  keys: readonly (readonly Scalar[])[],
): Effect.Effect<readonly FoundRow[], SqlError.SqlError> => {
  const of = layout(table)
  // The cross join keeps SQLite at looking each key up.
  const on = of.key.map((column, index) => `t."${sqlName(column)}" = json_extract(wanted.value, '$[${index}]')`)
  const text =
    `SELECT ${shownList(of, "t")} FROM json_each(?) AS wanted ` + `CROSS JOIN ${table} AS t ON ${on.join(" AND ")}`
  return sql.unsafe<Record<string, unknown>>(text, [JSON.stringify(keys)]).pipe(
    Effect.flatMap((rows) => withNamedTexts(sql, of, rows, "beginning")),
    Effect.map((rows) => {
      const byKey = new Map<string, Cells>()
      for (const row of rows) {
        const parsed = shownCells(table, shownRow(of, row))
        byKey.set(JSON.stringify(keyOf(of, parsed)), parsed)
      }
      return keys.map((key) => ({ table, key, row: byKey.get(JSON.stringify(key)) ?? null }))
    }),
  )
}

/** The rows of these keys as they are now, all of one moment, in the order of the tables that are asked for. */
export const rowsByKeys = (
  sql: ReadSql,
  wanted: readonly Omit<FoundRow, "row">[],
): Effect.Effect<readonly FoundRow[], StorageUnavailable> => {
  const byTable = new Map<TableName, (readonly Scalar[])[]>()
  for (const { key, table } of wanted) {
    const keys = byTable.get(table)
    if (keys === undefined) byTable.set(table, [key])
    else keys.push(key)
  }
  const pages = [...byTable].flatMap(([table, keys]) =>
    Array.from({ length: Math.ceil(keys.length / keysAtOnce) }, (_, page) => ({
      table,
      keys: keys.slice(page * keysAtOnce, (page + 1) * keysAtOnce),
    })),
  )
  return reading(
    sql,
    Effect.map(
      Effect.forEach(pages, ({ keys, table }) => ofTable(sql, table, keys)),
      (found) => found.flat(),
    ),
  )
}
