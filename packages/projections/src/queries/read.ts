/** How every query runs: in one read transaction, with failures of the database as one error. */

import * as SqlError from "@effect/sql/SqlError"
import { type Rows, StorageUnavailable, type TableName } from "@threadfold/contracts"
import { Effect } from "effect"
import { type PageError, type RowError, RowNotFound, type ThreadListError } from "./Errors.js"
import { type List, type Page, type PageQuery, type RowPage, readPage } from "./Page.js"
import type { ReadSql } from "./ReadSql.js"
import { type Condition, headOf, selectRows } from "./select.js"

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
  readonly value: A
}

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
export const requireRow = <N extends ResourceTable>(
  sql: ReadSql,
  table: N,
  id: string,
): Effect.Effect<Rows[N], RowNotFound | SqlError.SqlError> =>
  Effect.flatMap(findRow(sql, table, id), (row) =>
    row === null ? Effect.fail(notFound(table, id)) : Effect.succeed(row),
  )

/** The resource of one row. */
export const resource = <N extends ResourceTable, A>(
  sql: ReadSql,
  table: N,
  id: string,
  view: (row: Rows[N]) => A,
): Effect.Effect<Resource<A>, RowError> =>
  reading(
    sql,
    Effect.gen(function* () {
      const sequence = yield* headOf(sql)
      const row = yield* requireRow(sql, table, id)
      return { sequence, version: row.sequence, value: view(row) }
    }),
  )

/** Fails unless the thread exists. */
export const requireThread = (sql: ReadSql, threadId: string): Effect.Effect<void, RowNotFound | SqlError.SqlError> =>
  sql
    .unsafe("SELECT 1 FROM threads WHERE thread_id = ?", [threadId])
    .pipe(Effect.flatMap((found) => (found.length > 0 ? Effect.void : Effect.fail(notFound("threads", threadId)))))

/** The rows of one thread. */
export const ofThread = (threadId: string): Condition => ({ sql: "thread_id = ?", params: [threadId] })

/** A page of a list as views, with the sequence that it is true for. */
export const listPage = <N extends TableName, A, E>(
  sql: ReadSql,
  page: Effect.Effect<RowPage<N>, E>,
  view: (rows: RowPage<N>["rows"]) => Effect.Effect<readonly A[], SqlError.SqlError>,
): Effect.Effect<Page<A>, Exclude<E, SqlError.SqlError> | StorageUnavailable> =>
  reading(
    sql,
    Effect.gen(function* () {
      const sequence = yield* headOf(sql)
      const { rows, next, previous } = yield* page
      return { sequence, items: yield* view(rows), next, previous }
    }),
  )

/** A page of a list of one thread's rows. */
export const threadPage = <N extends TableName, A>(
  sql: ReadSql,
  list: ThreadList<N, A>,
  threadId: string,
  query: PageQuery,
  conditions: readonly Condition[] = [],
): Effect.Effect<Page<A>, ThreadListError> =>
  listPage(
    sql,
    Effect.zipRight(requireThread(sql, threadId), readThreadPage(sql, list, threadId, query, conditions)),
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
): Effect.Effect<RowPage<N>, PageError | SqlError.SqlError> =>
  readPage(sql, list, threadId, [ofThread(threadId), ...(list.conditions ?? []), ...conditions], query)

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

/** The query for a page of a list of one thread. */
export const pagesOf =
  <N extends TableName, A>(list: ThreadList<N, A>) =>
  (sql: ReadSql, threadId: string, query: PageQuery = {}): Effect.Effect<Page<A>, ThreadListError> =>
    threadPage(sql, list, threadId, query)
