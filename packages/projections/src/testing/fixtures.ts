/** Rows for tests: every column that a test does not name gets the emptiest value that its type allows. */

import { type Rows, type TableName, tables } from "@threadfold/contracts"
import type { Put } from "@threadfold/core"
import { toRow } from "@threadfold/core/model"

/** A row of a table; heavy columns are left out unless they are named. */
export const makeRow = <N extends TableName>(table: N, given: Partial<Rows[N]>): Rows[N] => {
  const row: Record<string, unknown> = {}
  for (const [name, column] of Object.entries(tables[table].columns)) {
    if (column.heavy === true) continue
    row[name] = column.nullable ? null : column.type === "integer" ? 0 : ""
  }
  return toRow(table, { ...row, ...given })
}

/** The change that writes such a row. */
export const putRow = <N extends TableName>(table: N, given: Partial<Rows[N]>): Put => {
  const change: { op: "put"; table: TableName; row: Rows[TableName] } = { op: "put", table, row: makeRow(table, given) }
  return change as Put
}
