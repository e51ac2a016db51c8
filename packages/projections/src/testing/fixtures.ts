/** Rows and databases for tests, and a comparison for properties. */

import { isDeepStrictEqual } from "node:util"
import { type Rows, type TableName, tables } from "@threadfold/contracts"
import type { Put } from "@threadfold/core"
import { toRow } from "@threadfold/core/model"
import Sqlite, { type Database } from "better-sqlite3"
import { expect } from "vitest"
import { projectionSchema } from "../schema.js"

/** A row of a table: a column that a test does not name has the emptiest value of its type; heavy ones are left out. */
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

/**
 * `expect(actual).toEqual(expected)` for properties, whose cases are many and large. It takes a tenth of the time where the two
 * are the same, which is nearly always; where they are not, `toEqual` decides and reports the difference between what `through`
 * makes of both.
 */
export const expectSame = (
  actual: unknown,
  expected: unknown,
  through: (value: unknown) => unknown = (value) => value,
): void => {
  if (!isDeepStrictEqual(actual, expected)) expect(through(actual)).toEqual(through(expected))
}

/** Where the log shows its long texts: in a test a table. */
const logTexts = [
  "CREATE TABLE texts (stream_id TEXT, sha256 TEXT, bytes INTEGER)",
  "CREATE TABLE text_segments (stream_id TEXT, sha256 TEXT, start INTEGER, text TEXT)",
] as const

/** An empty database with the projections' tables, in memory; `file` for tests that need it on a disk. */
export const openProjections = (file = ":memory:"): Database => {
  const database = new Sqlite(file)
  database.pragma("journal_mode = WAL")
  database.pragma("foreign_keys = ON")
  for (const statement of [...logTexts, ...projectionSchema]) database.exec(statement)
  return database
}
