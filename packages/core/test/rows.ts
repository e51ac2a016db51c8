/** Rows for tests: every column that a test does not name gets the emptiest value that its type allows. */
import { type Rows, type TableName, tables } from "@threadfold/contracts"
import { toRow } from "../src/model/Layout.js"

/** A row of a table; heavy columns are left out unless they are named. */
export const makeRow = <N extends TableName>(table: N, given: Partial<Rows[N]>): Rows[N] => {
  const row: Record<string, unknown> = {}
  for (const [name, column] of Object.entries(tables[table].columns)) {
    if (column.heavy === true) continue
    row[name] = column.nullable ? null : column.type === "integer" ? 0 : ""
  }
  return toRow(table, { ...row, ...given })
}
