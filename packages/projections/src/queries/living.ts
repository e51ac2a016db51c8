/**
 * Living sessions and their work: the facts that the reaper and the watchdog decide on (`core/workflow`), each page of one moment. No
 * rule is here: what is left out here is left out of every decision, so a condition may only leave out what no rule looks at. No content
 * either: a sweep over many sessions reads little of each.
 */

import type { StorageUnavailable, TurnRow } from "@threadfold/contracts"
import {
  type AfterEndWork,
  isWaiting,
  type LivingSession,
  type OpenQuestion,
  type RuleHolder,
  type RunningTurn,
  ruleHoldersLimit,
  type StartingTurn,
  type Wait,
} from "@threadfold/core"
import { Effect } from "effect"
import type { ReadSql } from "./ReadSql.js"
import { reading } from "./read.js"

const facts = `SELECT s.thread_id AS "threadId", s.session_id AS "sessionId", s.connection_id AS "connectionId", s.mode,
  s.status, t.agent, t.parent_thread_id AS "parentThreadId", t.forked_from_thread_id AS "forkedFromThreadId",
  t.sequence AS "threadSequence", t.keep_alive_until AS "keepAliveUntil", t.active_turn_id AS "activeTurnId",
  max(coalesce(t.last_activity_at, 0), coalesce(s.last_activity_at, s.started_at, 0)) AS "lastActivityAt",
  (SELECT json_group_array(json_object('status', status, 'uncertain', uncertain)) FROM turns
    WHERE thread_id = t.thread_id AND settled = 0 AND status = 'requested') AS "requestedTurns",
  t.open_requests AS "openRequests", t.running_tasks AS "runningTasks",
  t.after_end_items AS "afterEndItems",
  CASE WHEN t.running_tasks > 0 THEN (SELECT recorded_at FROM events WHERE sequence =
    (SELECT max(sequence) FROM tasks WHERE thread_id = t.thread_id AND status = 'running')) END AS "taskHeardAt",
  EXISTS (SELECT 1 FROM realtime_runs WHERE thread_id = t.thread_id AND status = 'started') AS voice,
  t.queued, t.queue_held AS "queueHeld"
FROM sessions s JOIN threads t ON t.thread_id = s.thread_id WHERE s.ended_at IS NULL`

/** Such facts as they are read: turns that were asked for as the JSON text of a list. */
interface Found extends Omit<LivingSession, "waitingTurns"> {
  readonly requestedTurns: string
}

/** Sessions that live, of which `condition` holds. */
const factsWhere = (
  sql: ReadSql,
  condition: string,
  params: readonly (string | number)[],
): Effect.Effect<readonly LivingSession[], StorageUnavailable> =>
  reading(
    sql,
    Effect.map(sql.unsafe<Found>(`${facts} AND ${condition}`, params), (found) =>
      found.map(({ requestedTurns, ...session }) => {
        const turns: readonly Pick<TurnRow, "status" | "uncertain">[] = JSON.parse(requestedTurns)
        return { ...session, waitingTurns: turns.filter(isWaiting).length }
      }),
    ),
  )

/** Sessions that live, in the order of their threads' ids, after a thread (exclusive). */
export const livingFacts = (
  sql: ReadSql,
  after: string | null,
  limit: number,
): Effect.Effect<readonly LivingSession[], StorageUnavailable> =>
  factsWhere(sql, "s.thread_id > ? ORDER BY s.thread_id LIMIT ?", [after ?? "", limit])

/** The living session of one thread; null: none lives. */
export const livingFactsOf = (
  sql: ReadSql,
  threadId: string,
): Effect.Effect<LivingSession | null, StorageUnavailable> =>
  Effect.map(factsWhere(sql, "s.thread_id = ? LIMIT 1", [threadId]), ([session]) => session ?? null)

/** Sessions that live on a connection, of threads that the agent opened by itself. */
export const agentOpened = (
  sql: ReadSql,
  connectionId: string,
  limit: number,
): Effect.Effect<readonly LivingSession[], StorageUnavailable> =>
  factsWhere(sql, "s.connection_id = ? AND t.agent IS NULL LIMIT ?", [connectionId, limit])

/** Turns that run, in the order of their threads' ids, after a thread (exclusive): one per thread at most. */
export const runningTurns = (
  sql: ReadSql,
  after: string | null,
  limit: number,
): Effect.Effect<readonly RunningTurn[], StorageUnavailable> =>
  reading(
    sql,
    sql.unsafe<RunningTurn>(
      `SELECT u.thread_id AS "threadId", u.turn_id AS "turnId", s.mode, t.agent, u.started_at AS "startedAt",
        s.last_activity_at AS "lastActivityAt", u.stalled, u.interrupt_requested_at AS "interruptRequestedAt",
        t.open_requests AS "openRequests"
      FROM turns u JOIN threads t ON t.thread_id = u.thread_id
      JOIN sessions s ON s.thread_id = u.thread_id AND s.ended_at IS NULL
      WHERE u.status = 'running' AND u.thread_id > ? ORDER BY u.thread_id LIMIT ?`,
      [after ?? "", limit],
    ),
  )

/** Turns that were asked for and have not started, of threads whose session lives, by thread and ordinal, after one (exclusive). */
export const startingTurns = (
  sql: ReadSql,
  after: Pick<StartingTurn, "threadId" | "ordinal"> | null,
  limit: number,
): Effect.Effect<readonly StartingTurn[], StorageUnavailable> =>
  reading(
    sql,
    sql.unsafe<StartingTurn>(
      `SELECT u.thread_id AS "threadId", u.turn_id AS "turnId", s.mode, t.agent, u.ordinal, u.sequence, u.status,
        u.handed_over AS "handedOver", u.uncertain,
        coalesce((SELECT recorded_at FROM events WHERE sequence = u.sequence), u.requested_at) AS since
      FROM turns u JOIN threads t ON t.thread_id = u.thread_id
      JOIN sessions s ON s.thread_id = u.thread_id AND s.ended_at IS NULL
      WHERE u.settled = 0 AND u.status = 'requested' AND (u.thread_id, u.ordinal) > (?, ?)
      ORDER BY u.thread_id, u.ordinal LIMIT ?`,
      [after?.threadId ?? "", after?.ordinal ?? 0, limit],
    ),
  )

/** Turns with work after their end, in the order of their threads' ids, after a thread (exclusive): one per thread at most. */
export const afterEndWork = (
  sql: ReadSql,
  after: string | null,
  limit: number,
): Effect.Effect<readonly AfterEndWork[], StorageUnavailable> =>
  reading(
    sql,
    sql.unsafe<AfterEndWork>(
      `SELECT t.thread_id AS "threadId", t.sequence AS "threadSequence", t.last_activity_at AS "lastActivityAt",
        s.mode, t.open_requests AS "openRequests",
        (SELECT turn_id FROM items WHERE thread_id = t.thread_id AND status = 'open' AND after_end = 1 LIMIT 1) AS "turnId"
      FROM threads t JOIN sessions s ON s.thread_id = t.thread_id AND s.ended_at IS NULL
      WHERE t.after_end_items > 0 AND t.thread_id > ? ORDER BY t.thread_id LIMIT ?`,
      [after ?? "", limit],
    ),
  )

/** A thread and those that it was spawned from, with their rules, as the JSON text of a list. */
const lineOf = (thread: string) => `(WITH RECURSIVE line (n, thread_id, agent, rules, parent) AS (
    SELECT 1, thread_id, agent, unattended, parent_thread_id FROM threads WHERE thread_id = ${thread}
    UNION ALL
    SELECT n + 1, t.thread_id, t.agent, t.unattended, t.parent_thread_id
    FROM line JOIN threads t ON t.thread_id = line.parent WHERE n < ${ruleHoldersLimit})
  SELECT json_group_array(json_object('n', n, 'threadId', thread_id, 'agent', agent, 'rules', json(rules))) FROM line)`

/** Such a question as it is read: with its threads as the JSON text of a list. */
interface FoundQuestion extends Omit<OpenQuestion, "line"> {
  readonly line: string
}

/** Questions that are not over, of sessions that live, by thread and request, after one (exclusive). */
export const openQuestions = (
  sql: ReadSql,
  after: Pick<OpenQuestion, "threadId" | "requestId"> | null,
  limit: number,
): Effect.Effect<readonly OpenQuestion[], StorageUnavailable> =>
  reading(
    sql,
    Effect.map(
      sql.unsafe<FoundQuestion>(
        `SELECT r.thread_id AS "threadId", r.request_id AS "requestId", r.turn_id AS "turnId", r.kind, r.status, s.mode,
        r.opened_at AS "openedAt", ${lineOf("r.thread_id")} AS line
      FROM requests r JOIN sessions s ON s.session_id = r.session_id AND s.ended_at IS NULL
      WHERE r.status IN ('open', 'answering') AND (r.thread_id, r.request_id) > (?, ?)
      ORDER BY r.thread_id, r.request_id LIMIT ?`,
        [after?.threadId ?? "", after?.requestId ?? "", limit],
      ),
      (found) =>
        found.map(({ line, ...question }) => {
          const holders: readonly (RuleHolder & { readonly n: number })[] = JSON.parse(line)
          const inOrder = [...holders].sort((a, b) => a.n - b.n)
          return { ...question, line: inOrder.map(({ agent, rules, threadId }) => ({ threadId, agent, rules })) }
        }),
    ),
  )

/** The questions that a turn has asked, newest first. */
export const waitsOfTurn = (
  sql: ReadSql,
  threadId: string,
  turnId: string,
  limit: number,
): Effect.Effect<readonly Wait[], StorageUnavailable> =>
  reading(
    sql,
    sql.unsafe<Wait>(
      `SELECT opened_at AS "from", ended_at AS until FROM requests WHERE thread_id = ? AND turn_id = ?
      ORDER BY request_id DESC LIMIT ?`,
      [threadId, turnId, limit],
    ),
  )

/** An attached session that lives, and how long it may be silent. */
export interface OpenLease {
  readonly sessionId: string
  readonly leaseMs: number | null
}

/** The leases of all attached sessions that live. */
export const openLeases = (sql: ReadSql): Effect.Effect<readonly OpenLease[], StorageUnavailable> =>
  reading(
    sql,
    sql.unsafe<OpenLease>(
      `SELECT session_id AS "sessionId", lease_ms AS "leaseMs" FROM sessions WHERE ended_at IS NULL AND mode = 'attached'`,
    ),
  )
