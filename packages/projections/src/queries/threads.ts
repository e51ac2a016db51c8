/** Threads, newest first by their creation (a place that does not move while one pages); one thread by its id, and its tokens. */

import type { StorageUnavailable, ThreadDetail, ThreadStatus, ThreadUsage, ThreadView } from "@threadfold/contracts"
import { fullestSources } from "@threadfold/core"
import { threadDetail, threadUsage, threadView } from "@threadfold/core/model"
import { Effect } from "effect"
import type { ListError, RowError } from "./Errors.js"
import { type List, type Page, type PageQuery, readPage } from "./Page.js"
import type { ReadSql } from "./ReadSql.js"
import { listPage, notFound, ofThread, type Resource, reading, requireThread, resource } from "./read.js"
import { type Condition, headOf, selectRows } from "./select.js"

/** Filters apply together. */
export interface ThreadQuery extends PageQuery {
  readonly status?: ThreadStatus | undefined
  /** True: archived ones only; false: the others only. */
  readonly archived?: boolean | undefined
  /** Provider kind. */
  readonly provider?: string | undefined
  /** Only threads that this one spawned. */
  readonly parentThreadId?: string | undefined
  /** The provider's id; several threads may carry it (forks, mirrors). */
  readonly nativeThreadId?: string | undefined
  /** True: deleted ones only; else they are left out. */
  readonly deleted?: boolean | undefined
  /** True: with the mirrors of other threads (`isMirrorOf` of core); else they are left out. */
  readonly mirrors?: boolean | undefined
}

/** The place of a thread among those of one native thread, as `isMirrorOf` of core has it. */
const placeOf = (row: string): string => {
  const sources = fullestSources.map((source, index) => `WHEN '${source}' THEN ${index}`).join(" ")
  const place = `CASE WHEN ${row}.source IS NULL THEN -1 ELSE CASE ${row}.source ${sources} ELSE ${fullestSources.length} END END`
  return `(${place}, coalesce(${row}.created_at, 0), ${row}.thread_id)`
}

/** Threads that are no mirror of another one: the rule is `isMirrorOf` of core, and a test compares the two. */
export const noMirror = `(threads.source IS NULL OR NOT EXISTS (
  SELECT 1 FROM threads AS primary_one
  WHERE primary_one.native_thread_id = threads.native_thread_id AND primary_one.provider IS threads.provider
    AND primary_one.source IS NOT threads.source AND primary_one.deleted_at IS NULL
    AND ${placeOf("primary_one")} < ${placeOf("threads")}))`

export const threadList: List<"threads"> = {
  name: "threads",
  table: "threads",
  order: "desc",
  columns: [
    { sql: "coalesce(created_at, 0)", type: "number", value: ({ createdAt }) => createdAt ?? 0 },
    { sql: "thread_id", type: "string", value: ({ threadId }) => threadId },
  ],
}

const conditionsOf = (query: ThreadQuery): readonly Condition[] => {
  const where: Condition[] = []
  const equal = (column: string, value: string | undefined) => {
    if (value !== undefined) where.push({ sql: `${column} = ?`, params: [value] })
  }
  equal("status", query.status)
  equal("provider", query.provider)
  equal("parent_thread_id", query.parentThreadId)
  equal("native_thread_id", query.nativeThreadId)
  if (query.archived !== undefined)
    where.push({ sql: `archived_at IS ${query.archived ? "NOT " : ""}NULL`, params: [] })
  if (query.mirrors !== true) where.push({ sql: noMirror, params: [] })
  where.push({ sql: `deleted_at IS ${query.deleted === true ? "NOT " : ""}NULL`, params: [] })
  return where
}

/** A page of threads. */
export const threads = (sql: ReadSql, query: ThreadQuery = {}): Effect.Effect<Page<ThreadView>, ListError> =>
  listPage(sql, readPage(sql, threadList, "", conditionsOf(query), query), (rows) =>
    Effect.succeed(rows.map(threadView)),
  )

/** The version of a thread's page. */
export interface ThreadVersion {
  /** Sequence of the log. */
  readonly sequence: number
  /** Sequence of the event that last touched the thread. */
  readonly version: number
  /** Version of the fold that its rows are from; null where it is not known. */
  readonly foldVersion: number | null
}

/** Whether a thread's page has changed, in one look: a fold of another version changes rows without an event. */
export const threadVersion = (sql: ReadSql, threadId: string): Effect.Effect<ThreadVersion, RowError> =>
  reading(
    sql,
    Effect.flatMap(
      sql.unsafe<ThreadVersion>(
        `SELECT (SELECT coalesce(max(sequence), 0) FROM events) AS sequence, sequence AS version,
           (SELECT fold_version FROM fold_state WHERE stream_id = thread_id) AS "foldVersion"
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
}

/** The tokens of a thread. */
export const usage = (sql: ReadSql, threadId: string): Effect.Effect<UsageAnswer, RowError> =>
  reading(
    sql,
    Effect.gen(function* () {
      yield* requireThread(sql, threadId)
      const sequence = yield* headOf(sql)
      const [row] = yield* selectRows(sql, "usage", [ofThread(threadId)], "LIMIT 1")
      return { sequence, usage: threadUsage(row ?? null) }
    }),
  )
