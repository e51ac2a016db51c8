/** Threads, newest first by their creation (a place that does not move while one pages); one thread by its id, and its tokens. */

import type * as SqlError from "@effect/sql/SqlError"
import type {
  ContextMeter,
  Rows,
  StorageUnavailable,
  ThreadDetail,
  ThreadStatus,
  ThreadUsage,
  ThreadView,
  Values,
} from "@threadfold/contracts"
import { threadDetail, threadUsage, threadView } from "@threadfold/core/model"
import { Effect } from "effect"
import type { ListError, RowError } from "./Errors.js"
import { holding, inFolders, noMirror, oneOf, type ThreadFilter, threadConditions, within } from "./filters.js"
import { type List, type Page, type PageQuery, readPage } from "./Page.js"
import type { ReadSql } from "./ReadSql.js"
import { listPage, notFound, ofThread, type Resource, reading, remadeSql, requireThread, resource } from "./read.js"
import { type Condition, headOf, selectRows } from "./select.js"
import { contextOf } from "./tree.js"
import { ofWholeThreads } from "./unfinished.js"

/** Filters apply together. */
export interface ThreadQuery extends PageQuery, ThreadFilter {
  readonly status?: Values<ThreadStatus> | undefined
  /** True: archived ones only; false: the others only. */
  readonly archived?: boolean | undefined
  /** Only threads that this one spawned. */
  readonly parentThreadId?: string | undefined
  /** The provider's id; several threads may carry it (forks, mirrors). */
  readonly nativeThreadId?: string | undefined
  /** True: deleted ones only; else they are left out. */
  readonly deleted?: boolean | undefined
  /** True: with the mirrors of other threads (`isMirrorOf` of core); else they are left out. */
  readonly mirrors?: boolean | undefined
  /** In the title, or in the first words. */
  readonly text?: string | undefined
  readonly createdFrom?: number | undefined
  readonly createdTo?: number | undefined
  readonly updatedFrom?: number | undefined
  readonly updatedTo?: number | undefined
  /** What the order goes by; `createdAt` by default, which does not move while one pages. */
  readonly sort?: "createdAt" | "updatedAt" | undefined
}

const createdAt = "coalesce(created_at, 0)"
const updatedAt = "coalesce(updated_at, 0)"

const idColumn = { sql: "thread_id", type: "string", value: (row: Rows["threads"]) => row.threadId } as const

export const threadList: List<"threads"> = {
  name: "threads",
  table: "threads",
  order: "desc",
  columns: [{ sql: createdAt, type: "number", value: (row) => row.createdAt ?? 0 }, idColumn],
}

/** The order of a sidebar; of one millisecond that of the log. A thread that changes while one pages moves to its top. */
export const updatedList: List<"threads"> = {
  name: "threads-updated",
  table: "threads",
  order: "desc",
  columns: [
    { sql: updatedAt, type: "number", value: (row) => row.updatedAt ?? 0 },
    { sql: "sequence", type: "number", value: (row) => row.sequence },
    idColumn,
  ],
}

/** Threads that are found by an index of their own and then sorted, at most; more are walked through in the order of the list. */
const mostSorted = 500

const oneValue = (column: string, value: string | undefined): readonly Condition[] =>
  value === undefined ? [] : [{ sql: `${column} = ?`, params: [value] }]

/** Conditions that an index of their own serves. */
const indexed = (query: ThreadQuery): readonly Condition[] => [
  ...oneValue("threads.native_thread_id", query.nativeThreadId),
  ...oneValue("threads.parent_thread_id", query.parentThreadId),
  ...oneOf("threads.status", query.status),
  ...inFolders(query.folder),
]

const filtersOf = (query: ThreadQuery): readonly Condition[] => [
  ...indexed(query),
  ...threadConditions({ ...query, folder: undefined }),
  ...holding(["title", "first_words"], query.text),
  ...within(createdAt, query.createdFrom, query.createdTo),
  ...within(updatedAt, query.updatedFrom, query.updatedTo),
  ...(query.archived === undefined ? [] : [{ sql: `archived_at IS ${query.archived ? "NOT " : ""}NULL`, params: [] }]),
  ...(query.mirrors === true ? [] : [{ sql: noMirror, params: [] }]),
  ofWholeThreads,
  { sql: `deleted_at IS ${query.deleted === true ? "NOT " : ""}NULL`, params: [] },
]

/** The first of these conditions that so few threads meet that they can be sorted; null: none. */
const narrowest = (
  sql: ReadSql,
  conditions: readonly Condition[],
): Effect.Effect<Condition | null, SqlError.SqlError> =>
  Effect.gen(function* () {
    for (const condition of conditions) {
      const [found] = yield* sql.unsafe<{ readonly n: number }>(
        `SELECT count(*) AS n FROM (SELECT 1 FROM threads WHERE ${condition.sql} LIMIT ${mostSorted + 1})`,
        condition.params,
      )
      if ((found?.n ?? 0) <= mostSorted) return condition
    }
    return null
  })

/** The same list, sorted: the plus keeps SQLite from walking through all threads in its order. */
const sorted = (list: List<"threads">): List<"threads"> => ({
  ...list,
  columns: list.columns.map((column) => ({ ...column, sql: `+${column.sql}` })),
})

/** A page of threads. */
export const threads = (sql: ReadSql, query: ThreadQuery = {}): Effect.Effect<Page<ThreadView>, ListError> => {
  const list = query.sort === "updatedAt" ? updatedList : threadList
  const page = Effect.flatMap(narrowest(sql, indexed(query)), (narrow) =>
    narrow === null
      ? readPage(sql, list, "", [], query, filtersOf(query))
      : readPage(sql, sorted(list), "", [narrow, ...filtersOf(query)], query),
  )
  return listPage(sql, "threads", page, (rows) => Effect.succeed(rows.map(threadView)))
}

/** The version of a thread's page. */
export interface ThreadVersion {
  /** Sequence of the log. */
  readonly sequence: number
  /** Sequence of the event that last touched the thread. */
  readonly version: number
  /** Version of the fold that its rows are from; null where it is not known. */
  readonly foldVersion: number | null
  /** How often rows were made again without an event. */
  readonly remade: number
}

/** Whether a thread's page has changed, in one look: a rebuild, and a fold of another version, change rows without an event. */
export const threadVersion = (sql: ReadSql, threadId: string): Effect.Effect<ThreadVersion, RowError> =>
  reading(
    sql,
    Effect.flatMap(
      sql.unsafe<ThreadVersion>(
        `SELECT (SELECT coalesce(max(sequence), 0) FROM events) AS sequence, sequence AS version,
           (SELECT fold_version FROM fold_state WHERE stream_id = thread_id) AS "foldVersion", ${remadeSql} AS remade
         FROM threads WHERE thread_id = ?`,
        [threadId],
      ),
      ([found]) => (found === undefined ? notFound("threads", threadId) : Effect.succeed(found)),
    ),
  )

/** One thread, deleted or not. */
export const thread = (sql: ReadSql, threadId: string): Effect.Effect<Resource<ThreadDetail>, RowError> =>
  resource(sql, "threads", threadId, threadDetail)

/**
 * Ids of the threads that a text may mean: a full id, the beginning of one, or a native id, which means no mirror. At most `limit`, in
 * order.
 */
export const matchingThreads = (
  sql: ReadSql,
  text: string,
  limit: number,
): Effect.Effect<readonly string[], StorageUnavailable> =>
  reading(
    sql,
    sql.unsafe<{ readonly id: string }>(
      `SELECT thread_id AS id FROM threads WHERE substr(thread_id, 1, ?) = ? OR (native_thread_id = ? AND ${noMirror})
         ORDER BY thread_id LIMIT ?`,
      [text.length, text.toLowerCase(), text, limit],
    ),
  ).pipe(Effect.map((rows) => rows.map(({ id }) => id)))

/** Tokens, and the sequence of the log that they are true for. */
export interface UsageAnswer {
  readonly sequence: number
  /** The sum of the thread's turns; null while no turn reported any. */
  readonly usage: ThreadUsage | null
  /** How full the context of its conversation is. */
  readonly context: ContextMeter
}

/** The tokens of a thread. */
export const usage = (sql: ReadSql, threadId: string): Effect.Effect<UsageAnswer, RowError> =>
  reading(
    sql,
    Effect.gen(function* () {
      yield* requireThread(sql, threadId)
      const sequence = yield* headOf(sql)
      const [row] = yield* selectRows(sql, "usage", [ofThread(threadId)], "LIMIT 1")
      return { sequence, usage: threadUsage(row ?? null), context: yield* contextOf(sql, threadId, row ?? null) }
    }),
  )
