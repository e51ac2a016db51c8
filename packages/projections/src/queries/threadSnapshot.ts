/**
 * A whole thread in one answer, all of one moment. The lists hold the newest entries only, unless everything is asked
 * for: what opens a thread on a screen must not depend on how long the thread is.
 */

import type * as SqlError from "@effect/sql/SqlError"
import type { Rows, TableName, ThreadSnapshot } from "@threadfold/contracts"
import { boundedRow, snapshotOf, type TableRow } from "@threadfold/core/model"
import { Effect } from "effect"
import { anomalyList } from "./anomalies.js"
import type { PageError, ThreadListError } from "./Errors.js"
import { chunksOf, itemList } from "./items.js"
import { delegationList, inferenceList, noMore, queueList, realtimeRunList, taskList } from "./lists.js"
import { maxLimit } from "./Page.js"
import type { ReadSql } from "./ReadSql.js"
import {
  findRow,
  notFound,
  ofThread,
  reading,
  readThreadPage,
  requireRow,
  requireShown,
  type ThreadList,
  wholeSizesOf,
} from "./read.js"
import { requestList } from "./requests.js"
import { itemsRewound, rangesOf, turnsRewound } from "./rewinds.js"
import { type Condition, headOf, selectRows } from "./select.js"
import { sessionList } from "./sessions.js"
import { turnList } from "./turns.js"

export interface SnapshotQuery {
  /** How many entries of each list, 1 to 500; null: all of them, for tools. Default 50. */
  readonly limitPerList?: number | null | undefined
  /** Bytes of a text at most, where they are to be fewer than usual. */
  readonly textBytes?: number | undefined
  /** False: without turns that were taken back, and their items; true: those alone. */
  readonly rewound?: boolean | undefined
}

export interface SnapshotPage {
  /** The lists are in order, oldest first. */
  readonly snapshot: ThreadSnapshot
  /** Per list the cursor that continues in the list of the same name, in its default order; null: it is complete. */
  readonly more: { readonly [list: string]: string | null }
}

interface Part<N extends TableName> {
  /** Oldest first. */
  readonly rows: readonly Rows[N][]
  readonly more: string | null
}

/** Rows of a list: one page, or page after page of the same moment. */
const partOf = <N extends TableName, A>(
  sql: ReadSql,
  list: ThreadList<N, A>,
  threadId: string,
  limit: number | null,
  conditions: readonly Condition[],
): Effect.Effect<Part<N>, PageError | SqlError.SqlError> =>
  Effect.gen(function* () {
    const rows: Rows[N][] = []
    let cursor: string | undefined
    for (;;) {
      const query = { limit: limit ?? maxLimit, cursor }
      const page = yield* readThreadPage(sql, list, threadId, query, conditions, [], limit === null)
      for (const row of page.rows) rows.push(row)
      if (limit !== null || page.next === null) {
        return { rows: list.order === "desc" ? rows.reverse() : rows, more: page.next }
      }
      cursor = page.next
    }
  })

/** The snapshot. Fails with `RowNotFound`, `LimitInvalid` or `StorageUnavailable`. */
export const threadSnapshot = (
  sql: ReadSql,
  threadId: string,
  query: SnapshotQuery = {},
): Effect.Effect<SnapshotPage, ThreadListError> => {
  const limit = query.limitPerList === undefined ? 50 : query.limitPerList
  return reading(
    sql,
    Effect.gen(function* () {
      const rows: TableRow[] = []
      const more: Record<string, string | null> = {}
      const add = <N extends TableName>(table: N, found: readonly Rows[N][]): void => {
        for (const row of found) rows.push({ table, row })
      }
      const addList = <N extends TableName, A>(list: ThreadList<N, A>, conditions: readonly Condition[] = []) =>
        Effect.map(partOf(sql, list, threadId, limit, conditions), (part) => {
          add(list.table, part.rows)
          more[list.name] = part.more
          return part.rows
        })

      const sequence = yield* headOf(sql)
      const thread = yield* (limit === null ? requireRow : requireShown)(sql, "threads", threadId)
      add("threads", [thread])
      // What a purge has yet to remove is gone already for who reads the thread as a whole.
      if (thread.status === "purged") {
        const tombstone = snapshotOf(rows, sequence)
        return tombstone === null
          ? yield* notFound("threads", threadId)
          : { snapshot: tombstone, more: noMore(sessionList) }
      }
      const session = thread.sessionId === null ? null : yield* findRow(sql, "sessions", thread.sessionId)
      if (session !== null) add("sessions", [session])
      const turns = yield* addList(turnList, turnsRewound(query.rewound))
      add("rewinds", yield* rangesOf(sql, turns))
      const items = yield* addList(itemList, itemsRewound(query.rewound))
      add("item_chunks", yield* chunksOf(sql, items, limit === null))
      yield* addList(requestList)
      yield* addList(inferenceList)
      yield* addList(realtimeRunList)
      yield* addList(delegationList)
      yield* addList(taskList)
      yield* addList(queueList)
      yield* addList(anomalyList)
      add("usage", yield* selectRows(sql, "usage", [ofThread(threadId)], "LIMIT 1"))

      const snapshot =
        limit === null
          ? snapshotOf(rows, sequence)
          : snapshotOf(rows, sequence, (table, row, entry) =>
              boundedRow(table, row, entry, wholeSizesOf(table, row), query.textBytes),
            )
      return snapshot === null ? yield* notFound("threads", threadId) : { snapshot, more }
    }),
  )
}
