/**
 * A whole thread in one answer, all of one moment. The lists hold the newest entries only, unless everything is asked
 * for: what opens a thread on a screen must not depend on how long the thread is.
 */

import type * as SqlError from "@effect/sql/SqlError"
import type { TableName, ThreadSnapshot } from "@threadfold/contracts"
import { sessionView, threadDetail, threadUsage } from "@threadfold/core/model"
import { Effect } from "effect"
import { anomalyList } from "./anomalies.js"
import { delegationList } from "./delegations.js"
import type { PageError, ThreadListError } from "./Errors.js"
import { inferenceList } from "./inferences.js"
import { itemList } from "./items.js"
import { maxLimit } from "./Page.js"
import { queueList } from "./queue.js"
import type { ReadSql } from "./ReadSql.js"
import { findRow, ofThread, reading, readThreadPage, requireRow, type ThreadList } from "./read.js"
import { realtimeRunList } from "./realtimeRuns.js"
import { requestList } from "./requests.js"
import { itemsRewound, turnsRewound } from "./rewinds.js"
import { type Condition, headOf, selectRows } from "./select.js"
import { taskList } from "./tasks.js"
import { turnList } from "./turns.js"

export interface SnapshotQuery {
  /** How many entries of each list, 1 to 500; null: all of them, for tools. Default 50. */
  readonly limitPerList?: number | null | undefined
  /** False: without turns that were taken back, and their items; true: those alone. */
  readonly rewound?: boolean | undefined
}

/** The lists of a snapshot that may go on. */
export type SnapshotList =
  | "turns"
  | "items"
  | "requests"
  | "inferences"
  | "realtimeRuns"
  | "delegations"
  | "tasks"
  | "queue"
  | "anomalies"

export interface SnapshotPage {
  /** The lists stand oldest first. */
  readonly snapshot: ThreadSnapshot
  /** Per list the cursor that goes on in the list of the same name, in its default order; null: it is complete. */
  readonly more: { readonly [L in SnapshotList]: string | null }
}

interface Part<A> {
  readonly entries: readonly A[]
  readonly more: string | null
}

/** Entries in the list's own order: one page, or page after page of the same moment. */
const entriesOf = <N extends TableName, A>(
  sql: ReadSql,
  list: ThreadList<N, A>,
  threadId: string,
  limit: number | null,
  conditions: readonly Condition[],
): Effect.Effect<Part<A>, PageError | SqlError.SqlError> =>
  Effect.gen(function* () {
    const entries: A[] = []
    let cursor: string | undefined
    for (;;) {
      const page = yield* readThreadPage(sql, list, threadId, { limit: limit ?? maxLimit, cursor }, conditions)
      for (const entry of yield* list.view(sql, page.rows)) entries.push(entry)
      if (limit !== null || page.next === null) {
        return { entries: list.order === "desc" ? entries.reverse() : entries, more: page.next }
      }
      cursor = page.next
    }
  })

export const threadSnapshot = (
  sql: ReadSql,
  threadId: string,
  query: SnapshotQuery = {},
): Effect.Effect<SnapshotPage, ThreadListError> => {
  const limit = query.limitPerList === undefined ? 50 : query.limitPerList
  const part = <N extends TableName, A>(list: ThreadList<N, A>, conditions: readonly Condition[] = []) =>
    entriesOf(sql, list, threadId, limit, conditions)
  return reading(
    sql,
    Effect.gen(function* () {
      const sequence = yield* headOf(sql)
      const thread = yield* requireRow(sql, "threads", threadId)
      const session = thread.sessionId === null ? null : yield* findRow(sql, "sessions", thread.sessionId)
      const usage = yield* selectRows(sql, "usage", [ofThread(threadId)], "LIMIT 1")
      const lists = yield* Effect.all({
        turns: part(turnList, turnsRewound(query.rewound)),
        items: part(itemList, itemsRewound(query.rewound)),
        requests: part(requestList),
        inferences: part(inferenceList),
        realtimeRuns: part(realtimeRunList),
        delegations: part(delegationList),
        tasks: part(taskList),
        queue: part(queueList),
        anomalies: part(anomalyList),
      })
      return {
        snapshot: {
          sequence,
          thread: threadDetail(thread),
          session: session === null ? null : sessionView(session),
          turns: lists.turns.entries,
          items: lists.items.entries,
          requests: lists.requests.entries,
          inferences: lists.inferences.entries,
          realtimeRuns: lists.realtimeRuns.entries,
          delegations: lists.delegations.entries,
          tasks: lists.tasks.entries,
          queue: lists.queue.entries,
          usage: threadUsage(usage[0] ?? null),
          anomalies: lists.anomalies.entries,
        },
        more: {
          turns: lists.turns.more,
          items: lists.items.more,
          requests: lists.requests.more,
          inferences: lists.inferences.more,
          realtimeRuns: lists.realtimeRuns.more,
          delegations: lists.delegations.more,
          tasks: lists.tasks.more,
          queue: lists.queue.more,
          anomalies: lists.anomalies.more,
        },
      }
    }),
  )
}
