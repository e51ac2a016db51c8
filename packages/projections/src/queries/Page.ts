/** One page of a list by its key: no offsets, no counting, and no sort that an index does not do already. */

import type * as SqlError from "@effect/sql/SqlError"
import type { Rows, TableName } from "@threadfold/contracts"
import { Effect } from "effect"
import { decodeCursor, encodeCursor, type Place } from "./Cursor.js"
import { LimitInvalid, type PageError } from "./Errors.js"
import type { ReadSql } from "./ReadSql.js"
import { type Condition, type ShownRow, selectRows, selectShown, whereAll } from "./select.js"

/** What every list may be asked for. */
export interface PageQuery {
  /** How many entries at most, 1 to 500. Default 50. */
  readonly limit?: number | undefined
  /** Where to continue: `next` or `previous` of an earlier page. */
  readonly cursor?: string | undefined
  /** `desc`: newest first. Each list has its own default. */
  readonly order?: "asc" | "desc" | undefined
}

/** Part of a list. */
export interface Page<A> {
  /** Sequence of the log that the page is true for. */
  readonly sequence: number
  readonly items: readonly A[]
  /** Cursor of what follows, null at the end of the list. */
  readonly next: string | null
  /** Cursor of what comes before, null where nothing is known to. */
  readonly previous: string | null
}

/** The longest page. */
export const maxLimit = 500

/** Rows that a page with filters looks at: it ends there, with what it has found, and its cursor leads on. */
export const mostLookedAt = 2_000

/** A column that a list is ordered by; together they are unique. */
export interface OrderColumn<Row> {
  /** SQL expression. */
  readonly sql: string
  readonly type: "string" | "number"
  readonly value: (row: Row) => string | number
}

/** A list of rows of one table. */
export interface List<N extends TableName> {
  /** Name in cursors. */
  readonly name: string
  readonly table: N
  /** Default order. */
  readonly order: "asc" | "desc"
  readonly columns: readonly OrderColumn<Rows[N]>[]
}

/** Rows of a page, in the order of the list, and where to continue. */
export interface RowPage<N extends TableName> {
  readonly rows: readonly ShownRow<N>[]
  readonly next: string | null
  readonly previous: string | null
}

/** How many entries a query asks for. */
export const limitOf = (query: PageQuery): Effect.Effect<number, LimitInvalid> => {
  const limit = query.limit ?? 50
  return Number.isInteger(limit) && limit >= 1 && limit <= maxLimit
    ? Effect.succeed(limit)
    : new LimitInvalid({ limit })
}

/** Which rows a page reads, one more than it shows: conditions, and the rest of the statement. */
export const pageSelection = <N extends TableName>(
  list: List<N>,
  conditions: readonly Condition[],
  order: "asc" | "desc",
  place: Place | null,
  limit: number,
): { readonly where: readonly Condition[]; readonly tail: string } => {
  const ascending = (order === "asc") !== (place?.direction === "previous")
  const where = [...conditions]
  if (place !== null) {
    const columns = list.columns.map((column) => column.sql).join(", ")
    const marks = list.columns.map(() => "?").join(", ")
    // The first column once more: SQLite seeks an index by that where the row value holds an expression.
    const first = list.columns.slice(0, 1).map((column) => `${column.sql} ${ascending ? ">=" : "<="} ? AND `)
    where.push({
      sql: `${first.join("")}(${columns}) ${ascending ? ">" : "<"} (${marks})`,
      params: [...place.key.slice(0, 1), ...place.key],
    })
  }
  const sorted = list.columns.map((column) => `${column.sql} ${ascending ? "ASC" : "DESC"}`).join(", ")
  return { where, tail: `ORDER BY ${sorted} LIMIT ${limit + 1}` }
}

/**
 * Where the rows of a list begin, seen from its end, if the table holds others beyond. A page that goes down from a cursor begins
 * there: it needs no other bound.
 */
const topOf = <N extends TableName>(sql: ReadSql, list: List<N>, isNeeded: boolean): readonly Condition[] => {
  const [first] = list.columns
  if (sql.top === undefined || first === undefined || !isNeeded) return []
  const top = sql.top(list.table)
  return top === null ? [] : [{ sql: `${first.sql} <= ?`, params: [top] }]
}

/** The last row that a page with filters looks at, by its columns of the order; null: the list ends before. */
const lastLookedAt = <N extends TableName>(
  sql: ReadSql,
  list: List<N>,
  { tail, where: conditions }: ReturnType<typeof pageSelection>,
): Effect.Effect<readonly (string | number)[] | null, SqlError.SqlError> => {
  const where = whereAll(conditions)
  const columns = list.columns.map((column, index) => `${column.sql} AS k${index}`).join(", ")
  return Effect.map(
    sql.unsafe<Record<string, string | number>>(
      `SELECT ${columns} FROM ${list.table}${where.sql} ${tail} OFFSET ${mostLookedAt - 1}`,
      where.params,
    ),
    ([row]) => (row === undefined ? null : list.columns.map((_, index) => row[`k${index}`] ?? "")),
  )
}

/** The rows up to that one, itself included. */
const upTo = <N extends TableName>(list: List<N>, key: readonly (string | number)[], ascending: boolean): Condition => {
  const columns = list.columns.map((column) => column.sql).join(", ")
  return { sql: `(${columns}) ${ascending ? "<=" : ">="} (${key.map(() => "?").join(", ")})`, params: key }
}

/**
 * Reads one page. `scope` is what cursors of this list are bound to besides its name, such as the thread; filters are not
 * part of it, because a place stays right under another filter.
 *
 * @param conditions which rows the list holds: what an index finds
 * @param filters which of them are wanted: a page looks at {@link mostLookedAt} rows at most
 * @param whole true: with long texts whole, for tools that want everything
 */
export const readPage = <N extends TableName>(
  sql: ReadSql,
  list: List<N>,
  scope: string,
  conditions: readonly Condition[],
  query: PageQuery,
  filters: readonly Condition[] = [],
  whole = false,
): Effect.Effect<RowPage<N>, PageError | SqlError.SqlError> =>
  Effect.gen(function* () {
    const limit = yield* limitOf(query)
    const order = query.order ?? list.order
    const name = `${list.name}/${scope}/${order}`
    const types = list.columns.map(({ type }) => type)
    const place = query.cursor === undefined ? null : yield* decodeCursor(name, types, query.cursor)
    const backwards = place?.direction === "previous"
    const ascending = (order === "asc") !== backwards
    const bounds = topOf(sql, list, ascending || place === null)
    const held = [...conditions, ...bounds]
    const end = filters.length === 0 ? null : yield* lastLookedAt(sql, list, pageSelection(list, held, order, place, 0))
    const wanted = [...held, ...(end === null ? [] : [upTo(list, end, ascending)]), ...filters]
    const { where, tail } = pageSelection(list, wanted, order, place, limit)
    const found = yield* (whole ? selectRows : selectShown)(sql, list.table, where, tail)
    const full = found.length > limit
    const near = full ? found.slice(0, limit) : found
    const rows = backwards ? [...near].reverse() : near
    const cursorAt = (row: Rows[N] | undefined, direction: "next" | "previous"): string | null =>
      row === undefined ? null : encodeCursor(name, { key: list.columns.map(({ value }) => value(row)), direction })
    const ahead = backwards ? "previous" : "next"
    const last = full ? cursorAt(near.at(-1), ahead) : null
    /** Where the list goes on in the direction of the page; one that had looked at so many rows ends behind those. */
    const onward = end === null || full ? last : encodeCursor(name, { key: end, direction: ahead })
    return {
      rows,
      next: backwards ? cursorAt(rows.at(-1), "next") : onward,
      previous: backwards ? onward : place === null ? null : cursorAt(rows[0], "previous"),
    }
  })
