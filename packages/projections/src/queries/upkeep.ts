/**
 * What orchestration derives its work from: rows as they are stored, by thread or by what is open. The conditions preselect; what
 * follows from a row, core says (`core/workflow`).
 */

import type { RequestRow, SessionRow, StorageUnavailable, TurnRow } from "@threadfold/contracts"
import type { ThreadWork } from "@threadfold/core"
import { Effect } from "effect"
import type { ReadSql } from "./ReadSql.js"
import { findRow, ofThread, reading } from "./read.js"
import { notOver } from "./requests.js"
import { type Condition, selectRows } from "./select.js"

const where = (sql: string, ...params: readonly string[]): Condition => ({ sql, params })

/** Turns and requests of one thread at most: what an agent keeps open is far less. */
const OPEN = 200

/** A thread's work; null: there is no such thread. */
export const threadWork = (sql: ReadSql, threadId: string): Effect.Effect<ThreadWork | null, StorageUnavailable> =>
  reading(
    sql,
    Effect.gen(function* () {
      const thread = yield* findRow(sql, "threads", threadId)
      if (thread === null) return null
      const its = ofThread(threadId)
      const [last = null] = yield* selectRows(sql, "sessions", [its], "ORDER BY epoch DESC LIMIT 1")
      const unsettled = [its, where("settled = 0")]
      const turns = yield* selectRows(sql, "turns", unsettled, `ORDER BY ordinal LIMIT ${OPEN}`)
      const requests = yield* selectRows(sql, "requests", [its, notOver], `ORDER BY request_id LIMIT ${OPEN}`)
      return { thread, session: last?.endedAt === null ? last : null, last, turns, requests }
    }),
  )

/** A turn's row; null: there is none. */
export const turnRow = (sql: ReadSql, turnId: string): Effect.Effect<TurnRow | null, StorageUnavailable> =>
  reading(sql, findRow(sql, "turns", turnId))

/** A request's row; null: there is none. */
export const requestRow = (sql: ReadSql, requestId: string): Effect.Effect<RequestRow | null, StorageUnavailable> =>
  reading(sql, findRow(sql, "requests", requestId))

/** Sessions that live, in the order of their threads' ids, after a thread (exclusive). */
export const livingSessions = (
  sql: ReadSql,
  after: string | null,
  limit: number,
): Effect.Effect<readonly SessionRow[], StorageUnavailable> =>
  reading(
    sql,
    selectRows(
      sql,
      "sessions",
      [where("ended_at IS NULL"), where("thread_id > ?", after ?? "")],
      `ORDER BY thread_id LIMIT ${limit}`,
    ),
  )

/** Connections that nobody has seen close, oldest first, after one (exclusive). */
export const openConnections = (sql: ReadSql, after: string | null, limit: number) =>
  reading(
    sql,
    selectRows(
      sql,
      "connections",
      [where("status = 'open'"), where("connection_id > ?", after ?? "")],
      `ORDER BY connection_id LIMIT ${limit}`,
    ),
  )

/**
 * Threads for which something may follow by itself (`followUpOf` of core), in the order of their ids, after one (exclusive): a queue
 * that is not held and has no running turn in front of it, or a turn whose end is not final yet.
 */
export const threadsToFollowUp = (
  sql: ReadSql,
  after: string | null,
  limit: number,
): Effect.Effect<readonly string[], StorageUnavailable> =>
  reading(
    sql,
    sql
      .unsafe<{ readonly threadId: string }>(
        `SELECT thread_id AS "threadId" FROM threads
           WHERE queued > 0 AND queue_held = 0 AND active_turn_id IS NULL AND thread_id > ?
         UNION SELECT thread_id FROM turns WHERE settled = 0 AND status = 'ended' AND thread_id > ?
         ORDER BY 1 LIMIT ?`,
        [after ?? "", after ?? "", limit],
      )
      .pipe(Effect.map((rows) => rows.map(({ threadId }) => threadId))),
  )
