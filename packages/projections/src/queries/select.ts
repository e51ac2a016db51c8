/** Rows by SQL over the read-only client. Everything that reaches SQL from outside is a parameter. */

import type * as SqlError from "@effect/sql/SqlError"
import { longestTextBytes, type Rows, type TableName, tableNames } from "@threadfold/contracts"
import { type Cells, type Layout, type LayoutColumn, layout, toRow, type WholeSizes } from "@threadfold/core/model"
import { Effect } from "effect"
import { chunkBytes, mayNameText, textBytes } from "../LongTexts.js"
import { parseJson, parseJsonColumns, selectList, sqlName } from "../SqlText.js"
import { withNamedTexts } from "./namedTexts.js"
import type { ReadSql } from "./ReadSql.js"

/** A condition and its parameters. */
export interface Condition {
  readonly sql: string
  readonly params: readonly (string | number)[]
}

/** Rows of these ids; `column` is from this package alone. */
export const byIds = (column: string, ids: readonly string[]): Condition => ({
  sql: `${column} IN (SELECT value FROM json_each(?))`,
  params: [JSON.stringify(ids)],
})

/** What a statement selects of a table's rows, made once: pages run several statements a call. */
const selections: ReadonlyMap<TableName, string> = new Map(
  tableNames.map((table) => [table, `SELECT ${selectList(layout(table).columns)} FROM ${table}`]),
)

/** The WHERE clause of some conditions, if there are any, and its parameters. */
export const whereAll = (conditions: readonly Condition[]): Condition => ({
  sql: conditions.length === 0 ? "" : ` WHERE ${conditions.map(({ sql }) => sql).join(" AND ")}`,
  params: conditions.flatMap(({ params }) => params),
})

const readRows = (
  sql: ReadSql,
  of: Layout,
  selection: string | undefined,
  conditions: readonly Condition[],
  tail: string,
  part: "whole" | "beginning",
): Effect.Effect<readonly Record<string, unknown>[], SqlError.SqlError> => {
  const where = whereAll(conditions)
  return Effect.flatMap(sql.unsafe<Record<string, unknown>>(`${selection}${where.sql} ${tail}`, where.params), (rows) =>
    withNamedTexts(sql, of, rows, part),
  )
}

/** Whole rows of a table; `tail` is the rest of the statement, from this package alone. */
export const selectRows = <N extends TableName>(
  sql: ReadSql,
  table: N,
  where: readonly Condition[],
  tail: string,
): Effect.Effect<readonly Rows[N][], SqlError.SqlError> => {
  const of = layout(table)
  return Effect.map(readRows(sql, of, selections.get(table), where, tail, "whole"), (rows) =>
    rows.map((row) => toRow(table, parseJsonColumns(of, row))),
  )
}

/**
 * Columns that may hold a long text, beside those that the tables call heavy: such a value is not read into memory whole, because a
 * reader gets its beginning alone.
 */
const alsoLong: { readonly [N in TableName]?: readonly string[] } = {
  item_chunks: ["text"],
  queue: ["text", "parts", "settings"],
}

/** Longest JSON that is read to have its texts cut, bytes; longer one is left out whole. */
const longestJsonBytes = 1024 * 1024

/** A row that is read for what it shows: of a long text its beginning, and how long the whole is. */
export type ShownRow<N extends TableName> = Rows[N] & { readonly wholeSizes?: WholeSizes | null }

const longColumns = (of: Layout): readonly LayoutColumn[] =>
  of.columns.filter(({ heavy, name }) => heavy || alsoLong[of.table]?.includes(name) === true)

const mostBytes = ({ json }: LayoutColumn): number => (json ? longestJsonBytes : longestTextBytes)

/** Chunks of streamed content that are read for what an item shows. */
export const shownChunks = 64

/** Whether more was streamed of an item than it shows. */
export const isLongStream = ({ chunkChars, chunks, hasFinal }: Rows["items"]): boolean =>
  hasFinal === 0 && (chunkChars > longestTextBytes || chunks > shownChunks)

/**
 * The beginning of a long text: of its bytes, because functions on texts stop at a NUL. A character that is cut lies behind what is
 * shown.
 */
const beginningSql = (name: string): string => `CAST(substr(CAST(${name} AS BLOB), 1, ${longestTextBytes + 3}) AS TEXT)`

/**
 * The columns of a row that is shown.
 *
 * @param row what stands for the table in the statement, where it is not its name
 */
export const shownList = (of: Layout, row: string = of.table): string => {
  const long = longColumns(of)
  const listed = of.columns.map((column) => {
    const name = `${row}."${sqlName(column.name)}"`
    if (!long.includes(column)) return `${name} AS "${column.name}"`
    const shown = column.json ? "NULL" : beginningSql(name)
    return `iif(octet_length(${name}) > ${mostBytes(column)}, ${shown}, ${name}) AS "${column.name}"`
  })
  if (long.length === 0) return listed.join(", ")
  const bytes = (column: LayoutColumn): string => {
    if (of.table === "item_chunks") return chunkBytes(row)
    const name = sqlName(column.name)
    return mayNameText(column) ? textBytes(row, name) : `octet_length(${row}."${name}")`
  }
  const sizes = long.map((column) => `'${column.name}', ${bytes(column)}`)
  const any = long.map((column) => `${bytes(column)} > ${mostBytes(column)}`)
  return `${listed.join(", ")}, iif(${any.join(" OR ")}, json_object(${sizes.join(", ")}), NULL) AS "wholeSizes"`
}

const isSize = (entry: readonly [string, unknown]): entry is [string, number] => typeof entry[1] === "number"

/** A row that was read by {@link shownList}, in the place of the one that SQLite gave. */
export const shownRow = (of: Layout, row: Record<string, unknown>): Cells => {
  const cells = parseJsonColumns(of, row)
  const { wholeSizes } = cells
  if (typeof wholeSizes !== "string") return cells
  const sizes = Object.entries(Object(parseJson(wholeSizes)))
    .filter(isSize)
    .filter(([name, bytes]) => of.columns.some((column) => column.name === name && bytes > mostBytes(column)))
  return { ...cells, wholeSizes: Object.fromEntries(sizes) }
}

const shownSelections: ReadonlyMap<TableName, string> = new Map(
  tableNames.map((table) => [table, `SELECT ${shownList(layout(table))} FROM ${table}`]),
)

/** The same rows as {@link selectRows}, as they are shown. */
export const selectShown = <N extends TableName>(
  sql: ReadSql,
  table: N,
  where: readonly Condition[],
  tail: string,
): Effect.Effect<readonly ShownRow<N>[], SqlError.SqlError> => {
  const of = layout(table)
  return Effect.map(readRows(sql, of, shownSelections.get(table), where, tail, "beginning"), (rows) =>
    rows.map((row) => toRow(table, shownRow(of, row))),
  )
}

/** The sequence of the log that this transaction sees. */
export const headOf = (sql: ReadSql): Effect.Effect<number, SqlError.SqlError> =>
  sql
    .unsafe<{ readonly head: number }>("SELECT coalesce(max(sequence), 0) AS head FROM events")
    .pipe(Effect.map((rows) => rows[0]?.head ?? 0))
