/**
 * What orchestration derives its work from: rows as they are stored, by thread or by what is open. The conditions preselect; what
 * follows from a row is decided in core (`core/workflow`).
 */

import type { InferenceRow, RequestRow, SessionRow, StorageUnavailable, TaskRow, TurnRow } from "@threadfold/contracts"
import type { FollowUpCandidate, ThreadWork } from "@threadfold/core"
import { Effect } from "effect"
import type { ReadSql } from "./ReadSql.js"
import { findRow, ofThread, reading } from "./read.js"
import { type Condition, selectRows } from "./select.js"

const where = (sql: string, ...params: readonly string[]): Condition => ({ sql, params })

/** Turns of one thread that are read at a time: what an agent keeps open is far less. */
const OPEN = 200

/**
 * A thread's work; null: there is no such thread.
 *
 * @param limit how many of its turns are read, the oldest
 */
export const threadWork = (
  sql: ReadSql,
  threadId: string,
  limit = OPEN,
): Effect.Effect<ThreadWork | null, StorageUnavailable> =>
  reading(
    sql,
    Effect.gen(function* () {
      const thread = yield* findRow(sql, "threads", threadId)
      if (thread === null) return null
      const its = ofThread(threadId)
      const [last = null] = yield* selectRows(sql, "sessions", [its], "ORDER BY epoch DESC LIMIT 1")
      const unsettled = [its, where("settled = 0")]
      const found = yield* selectRows(sql, "turns", unsettled, `ORDER BY ordinal LIMIT ${limit + 1}`)
      const turns = found.slice(0, limit)
      const session = last?.endedAt === null ? last : null
      return { thread, session, last, turns, hasMoreTurns: found.length > limit }
    }),
  )

/** Attempts of a session that run, at most `limit`, the oldest. */
export const runningInferences = (
  sql: ReadSql,
  { sessionId, threadId }: { readonly threadId: string; readonly sessionId: string },
  limit = OPEN,
): Effect.Effect<readonly InferenceRow[], StorageUnavailable> =>
  reading(
    sql,
    selectRows(
      sql,
      "inferences",
      [ofThread(threadId), where("session_id = ?", sessionId), where("status = 'running'")],
      `ORDER BY inference_id LIMIT ${limit}`,
    ),
  )

/** A turn's row; null: there is none. */
export const turnRow = (sql: ReadSql, turnId: string): Effect.Effect<TurnRow | null, StorageUnavailable> =>
  reading(sql, findRow(sql, "turns", turnId))

/** A request's row; null: there is none. */
export const requestRow = (sql: ReadSql, requestId: string): Effect.Effect<RequestRow | null, StorageUnavailable> =>
  reading(sql, findRow(sql, "requests", requestId))

/** A background task's row; null: there is none. */
export const taskRow = (sql: ReadSql, taskId: string): Effect.Effect<TaskRow | null, StorageUnavailable> =>
  reading(
    sql,
    Effect.map(
      selectRows(sql, "tasks", [{ sql: "task_id = ?", params: [taskId] }], "LIMIT 1"),
      ([task]) => task ?? null,
    ),
  )

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

/** Connections whose close is not in the log, oldest first, after one (exclusive). */
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
 * Threads in which something may follow by itself (`mayFollow` of core), in the order of their ids, after one (exclusive): those with
 * a queue, and those with a turn whose end is not final.
 */
export const threadsToFollowUp = (
  sql: ReadSql,
  after: string | null,
  limit: number,
): Effect.Effect<readonly FollowUpCandidate[], StorageUnavailable> =>
  reading(
    sql,
    sql.unsafe<FollowUpCandidate>(
      `SELECT thread_id AS "threadId", queued, queue_held AS "queueHeld", active_turn_id AS "activeTurnId",
        EXISTS (SELECT 1 FROM turns u WHERE u.thread_id = t.thread_id AND u.settled = 0 AND u.status = 'ended') AS unsettled
      FROM threads t WHERE thread_id IN (
        SELECT thread_id FROM threads WHERE queued > 0 AND thread_id > ?
        UNION SELECT thread_id FROM turns WHERE settled = 0 AND status = 'ended' AND thread_id > ?
        ORDER BY 1 LIMIT ?)
      ORDER BY thread_id`,
      [after ?? "", after ?? "", limit],
    ),
  )
