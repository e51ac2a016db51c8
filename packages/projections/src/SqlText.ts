/** The SQL of the projections' tables, made once from their layout, and how rows are read. Nothing here knows a rule of the domain. */

import { columnName, type RowList } from "@threadfold/contracts"
import type { Cells, Layout, LayoutColumn } from "@threadfold/core/model"

const sqlNames = new Map<string, string>()

/** The name of a column in SQL, made once: statements of reads are put together for every call. */
export const sqlName = (column: string): string => {
  const known = sqlNames.get(column)
  if (known !== undefined) return known
  const made = columnName(column)
  sqlNames.set(column, made)
  return made
}

/** `turn_id AS "turnId", …`: rows come back with the property names of the contract. */
export const selectList = (columns: readonly LayoutColumn[], prefix = ""): string =>
  columns.map(({ name }) => `${prefix}"${sqlName(name)}" AS "${name}"`).join(", ")

/** Every column. */
export const allColumns = (of: Layout): readonly LayoutColumn[] => of.columns

/** The columns that a find returns. */
export const lightColumns = (of: Layout): readonly LayoutColumn[] => of.columns.filter((column) => !column.heavy)

/** `"a" = ? AND "b" = ?`. */
export const equals = (columns: readonly string[]): string =>
  columns.map((column) => `"${columnName(column)}" = ?`).join(" AND ")

/** The order in which matches of a look-up are preferred: the higher ordinal, which no two of a thread have, else the lower key. */
export const preference = (of: Layout): string =>
  of.ordinal ? '"ordinal" DESC' : of.key.map((column) => `"${columnName(column)}"`).join(", ")

/** Selects the light columns of what matches. */
export const selectMatches = (of: Layout, columns: readonly string[]): string =>
  `SELECT ${selectList(lightColumns(of))} FROM ${of.table} WHERE ${equals(columns)} ORDER BY ${preference(of)}`

const literal = (value: string | number): string => (typeof value === "number" ? `${value}` : `'${value}'`)

/** Which rows a list holds, in the words of its index, by which SQLite sees that the index serves. */
export const listCondition = ({ where }: RowList): string =>
  Object.entries(where)
    .map(([column, values]) => {
      const texts = values.map(literal)
      return texts.length === 1
        ? `${columnName(column)} = ${texts[0]}`
        : `${columnName(column)} IN (${texts.join(", ")})`
    })
    .join(" AND ")

/** Selects the light columns of the rows of a list; a null that is asked for matches null. */
export const selectListed = (of: Layout, list: RowList): string =>
  `SELECT ${selectList(lightColumns(of))} FROM ${of.table} ` +
  `WHERE ${list.columns.map((column) => `"${columnName(column)}" IS ?`).join(" AND ")} AND ${listCondition(list)}`

/**
 * Rewrites the `free` columns of the row that has this key and these `placed` columns already, and of no other. Bound in the
 * order of the columns, `free` first. The plus keeps SQLite at the key: it is how the row is found.
 */
export const rewrite = (of: Layout, free: readonly LayoutColumn[], placed: readonly LayoutColumn[]): string => {
  const set = free.map(({ name }) => `"${sqlName(name)}" = ?`)
  const where = placed.map(({ name }) =>
    of.key.includes(name) ? `"${sqlName(name)}" = ?` : `+"${sqlName(name)}" IS ?`,
  )
  return `UPDATE ${of.table} SET ${set.join(", ")} WHERE ${where.join(" AND ")}`
}

/** Inserts a row of these columns, or replaces those of the row that has its key. */
export const upsert = (of: Layout, columns: readonly LayoutColumn[]): string => {
  const names = columns.map(({ name }) => `"${sqlName(name)}"`)
  const key = of.key.map((column) => `"${columnName(column)}"`)
  const set = names.filter((name) => !key.includes(name)).map((name) => `${name} = excluded.${name}`)
  return (
    `INSERT INTO ${of.table} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")}) ` +
    `ON CONFLICT (${key.join(", ")}) DO UPDATE SET ${set.join(", ")}`
  )
}

/** JSON text as its value; text that is no JSON (a damaged file) stays text, so that `verify` can show it. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** A row of the contract: parses the JSON columns of a row that SQLite just gave, in place. */
export const parseJsonColumns = (of: Layout, row: Record<string, unknown>): Cells => {
  for (const { name, json } of of.columns) {
    if (!json) continue
    const value = row[name]
    if (typeof value === "string") row[name] = parseJson(value)
  }
  return row
}
