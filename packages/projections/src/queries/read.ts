/** How every query runs: in one read transaction, with failures of the database as one error. */

import * as SqlError from "@effect/sql/SqlError"
import { type Rows, StorageUnavailable, type TableName } from "@threadfold/contracts"
import { boundedRow, type Cells, cells, layout, noSizes, toRow, type WholeSizes } from "@threadfold/core/model"
import { Effect } from "effect"
import { remadeKey } from "../rebuild.js"
import { type PageError, type RowError, RowNotFound, type ThreadListError } from "./Errors.js"
import { type List, type Page, type PageQuery, type RowPage, readPage } from "./Page.js"
import type { ReadSql } from "./ReadSql.js"
import { type Condition, headOf, isLongStream, type ShownRow, selectRows, selectShown } from "./select.js"

/**
 * Runs `body` in one transaction: everything it reads is of one moment. Never call it inside a transaction of another
 * client: `@effect/sql` has one tag for all of them, and the queries would run on that other connection.
 */
export const reading = <A, E>(
  sql: ReadSql,
  body: Effect.Effect<A, E>,
): Effect.Effect<A, Exclude<E, SqlError.SqlError> | StorageUnavailable> =>
  Effect.catchIf(sql.withTransaction(body), isSqlError, ({ cause }) =>
    Effect.fail(new StorageUnavailable({ failed: "The database could not be read", reason: String(cause) })),
  )

const isSqlError = (error: unknown): error is SqlError.SqlError => error instanceof SqlError.SqlError

/** One resource, as HTTP serves it. */
export interface Resource<A> {
  /** Sequence of the log that the answer is true for. */
  readonly sequence: number
  /** Version of the resource: sequence of the event that last touched its row, for `ETag` and `If-Match`. */
  readonly version: number
  /** How often rows were made again without an event: part of its `ETag`, and of no version. */
  readonly remade: number
  readonly value: A
}

/** SQL of that count. */
export const remadeSql = `CAST(coalesce((SELECT value FROM projection_meta WHERE key = '${remadeKey}'), 0) AS INTEGER)`

/** The same in a statement of its own. */
export const remadeOf = (sql: ReadSql): Effect.Effect<number, SqlError.SqlError> =>
  Effect.map(sql.unsafe<{ readonly remade: number }>(`SELECT ${remadeSql} AS remade`), ([row]) => row?.remade ?? 0)

/** Tables whose rows are resources of their own, and what such a one is called in ids and errors. */
const names = { threads: "thread", sessions: "session", turns: "turn", requests: "request" } as const
type ResourceTable = keyof typeof names

export const notFound = (table: ResourceTable, id: string) => new RowNotFound({ resource: names[table], id })

/** A row by its id; null: there is none. */
export const findRow = <N extends ResourceTable>(
  sql: ReadSql,
  table: N,
  id: string,
): Effect.Effect<Rows[N] | null, SqlError.SqlError> =>
  Effect.map(
    selectRows(sql, table, [{ sql: `${names[table]}_id = ?`, params: [id] }], "LIMIT 1"),
    ([row]) => row ?? null,
  )

/** A row by its id; fails with `RowNotFound` where there is none. */
export const requireShown = <N extends ResourceTable>(
  sql: ReadSql,
  table: N,
  id: string,
): Effect.Effect<ShownRow<N>, RowNotFound | SqlError.SqlError> =>
  Effect.flatMap(selectShown(sql, table, [{ sql: `${names[table]}_id = ?`, params: [id] }], "LIMIT 1"), ([row]) =>
    row === undefined ? Effect.fail(notFound(table, id)) : Effect.succeed(row),
  )

/** The whole row, with its long texts. */
export const requireRow = <N extends ResourceTable>(
  sql: ReadSql,
  table: N,
  id: string,
): Effect.Effect<Rows[N], RowNotFound | SqlError.SqlError> =>
  Effect.flatMap(findRow(sql, table, id), (row) =>
    row === null ? Effect.fail(notFound(table, id)) : Effect.succeed(row),
  )

/** The resource of one row, as it is served: of long texts the beginning. */
export const resource = <N extends ResourceTable, A extends object>(
  sql: ReadSql,
  table: N,
  id: string,
  view: (row: Rows[N]) => A,
): Effect.Effect<Resource<A>, RowError> =>
  resourceOf(
    sql,
    Effect.map(requireShown(sql, table, id), (row) => ({ row, value: shownEntry(table, row, view(row)) })),
  )

/** The resource of a row with its value. */
export const resourceOf = <A>(
  sql: ReadSql,
  found: Effect.Effect<
    { readonly row: { readonly sequence: number }; readonly value: A },
    RowNotFound | SqlError.SqlError
  >,
): Effect.Effect<Resource<A>, RowError> =>
  reading(
    sql,
    Effect.gen(function* () {
      const sequence = yield* headOf(sql)
      const { row, value } = yield* found
      return { sequence, version: row.sequence, remade: yield* remadeOf(sql), value }
    }),
  )

/** Fails unless the thread exists. */
export const requireThread = (sql: ReadSql, threadId: string): Effect.Effect<void, RowNotFound | SqlError.SqlError> =>
  sql
    .unsafe("SELECT 1 FROM threads WHERE thread_id = ?", [threadId])
    .pipe(Effect.flatMap((found) => (found.length > 0 ? Effect.void : Effect.fail(notFound("threads", threadId)))))

/** The rows of one thread. */
export const ofThread = (threadId: string): Condition => ({ sql: "thread_id = ?", params: [threadId] })

/** Lengths of texts of a row that is read for what it shows: what was cut of its columns, and of streamed content. */
export const wholeSizesOf = (table: TableName, row: Cells): WholeSizes => {
  const sizes = isSizes(row.wholeSizes) ? row.wholeSizes : noSizes
  return table === "items" && isLongStream(toRow("items", row))
    ? { ...sizes, text: toRow("items", row).chunkChars }
    : sizes
}

const isSizes = (value: unknown): value is WholeSizes => typeof value === "object" && value !== null

/** The entry of a row, with what rides along of it. */
export const shownEntry = <N extends TableName, A extends object>(
  table: N,
  row: ShownRow<N> | undefined,
  shown: A,
): A => (row === undefined ? shown : boundedRow(table, cells(row), shown, wholeSizesOf(table, cells(row))))

/** A row as it is shown to programs that keep a copy of it: `truncated` stands beside its columns. */
export const shownCells = (table: TableName, row: Cells, texts?: number): Cells => {
  const columns: Record<string, unknown> = {}
  for (const { name } of layout(table).columns) columns[name] = row[name]
  return boundedRow(table, row, columns, isSizes(row.wholeSizes) ? row.wholeSizes : noSizes, texts)
}

/** A page of a list as views, with the sequence that it is true for. */
export const listPage = <N extends TableName, A extends object, E>(
  sql: ReadSql,
  table: N,
  page: Effect.Effect<RowPage<N>, E>,
  view: (rows: RowPage<N>["rows"]) => Effect.Effect<readonly A[], SqlError.SqlError>,
): Effect.Effect<Page<A>, Exclude<E, SqlError.SqlError> | StorageUnavailable> =>
  reading(
    sql,
    Effect.gen(function* () {
      const sequence = yield* headOf(sql)
      const { rows, next, previous } = yield* page
      const views = yield* view(rows)
      return { sequence, items: views.map((shown, index) => shownEntry(table, rows[index], shown)), next, previous }
    }),
  )

/** A page of a list of one thread's rows. */
export const threadPage = <N extends TableName, A extends object>(
  sql: ReadSql,
  list: ThreadList<N, A>,
  threadId: string,
  query: PageQuery,
  conditions: readonly Condition[] = [],
  filters: readonly Condition[] = [],
): Effect.Effect<Page<A>, ThreadListError> =>
  listPage(
    sql,
    list.table,
    Effect.zipRight(requireThread(sql, threadId), readThreadPage(sql, list, threadId, query, conditions, filters)),
    (rows) => list.view(sql, rows),
  )

/** A list of one thread's rows and what they look like. */
export interface ThreadList<N extends TableName, A> extends List<N> {
  /** Which rows of the thread the list holds; absent: all. */
  readonly conditions?: readonly Condition[]
  readonly view: (sql: ReadSql, rows: RowPage<N>["rows"]) => Effect.Effect<readonly A[], SqlError.SqlError>
}

/** The rows of such a page, inside a transaction that is open already. */
export const readThreadPage = <N extends TableName, A>(
  sql: ReadSql,
  list: ThreadList<N, A>,
  threadId: string,
  query: PageQuery,
  conditions: readonly Condition[] = [],
  filters: readonly Condition[] = [],
  whole = false,
): Effect.Effect<RowPage<N>, PageError | SqlError.SqlError> =>
  readPage(sql, list, threadId, [ofThread(threadId), ...(list.conditions ?? []), ...conditions], query, filters, whole)

/** A view that needs the row alone. */
export const each =
  <Row, A>(view: (row: Row) => A) =>
  (_sql: ReadSql, rows: readonly Row[]): Effect.Effect<readonly A[]> =>
    Effect.succeed(rows.map(view))

/** A list in the order of its time-ordered ids, newest first; `id` names the key column in SQL. */
export const newestFirst = <N extends TableName, A>(
  list: { readonly name: string; readonly table: N; readonly id: string },
  idOf: (row: Rows[N]) => string,
  view: (row: Rows[N]) => A,
): ThreadList<N, A> => ({
  name: list.name,
  table: list.table,
  order: "desc",
  columns: [{ sql: list.id, type: "string", value: idOf }],
  view: each(view),
})

/** The query for a page of a list of one thread; `filters` makes conditions of what the query says. */
export const pagesOf =
  <N extends TableName, A extends object, Query extends PageQuery = PageQuery>(
    list: ThreadList<N, A>,
    filters: (query: Query) => readonly Condition[] = () => [],
  ) =>
  (sql: ReadSql, threadId: string, query: Query): Effect.Effect<Page<A>, ThreadListError> =>
    threadPage(sql, list, threadId, query, [], filters(query))
