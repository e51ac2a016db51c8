/**
 * What lives, and what speaks for it: facts that the reaper and the watchdog decide on, each page of one moment. No rule is
 * here, and no content: a sweep over many sessions reads little of each.
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import type { Bit, Problem, SessionRow } from "@threadfold/contracts"
import type { Effect } from "effect"
import { reading } from "./read.js"

/** A session that lives, with what its thread says. Times are ms since the epoch. */
export interface LivingSession {
  readonly threadId: string
  readonly sessionId: string
  readonly connectionId: string | null
  readonly mode: SessionRow["mode"]
  readonly status: SessionRow["status"]
  /** The agent that we run in the thread; null: we do not run it. */
  readonly agent: string | null
  readonly parentThreadId: string | null
  readonly forkedFromThreadId: string | null
  /** Version of the thread's row. */
  readonly threadSequence: number
  /** When anything was last heard of the thread, by our clock. */
  readonly lastActivityAt: number
  readonly keepAliveUntil: number | null
  readonly activeTurnId: string | null
  /** Turns that were asked for and have not started; those in doubt are not among them. */
  readonly waitingTurns: number
  /** Questions that are open or being answered. */
  readonly openRequests: number
  readonly runningTasks: number
  /** Open items of turns that have ended: what the agent does after its turn's end. */
  readonly afterEndItems: number
  /** When a running task was last heard of, by our clock; null: none runs, or its log is gone. */
  readonly taskHeardAt: number | null
  /** 1: a voice conversation goes on. */
  readonly voice: Bit
  readonly queued: number
  readonly queueHeld: number
}

const facts = `SELECT s.thread_id AS "threadId", s.session_id AS "sessionId", s.connection_id AS "connectionId", s.mode,
  s.status, t.agent, t.parent_thread_id AS "parentThreadId", t.forked_from_thread_id AS "forkedFromThreadId",
  t.sequence AS "threadSequence", t.keep_alive_until AS "keepAliveUntil", t.active_turn_id AS "activeTurnId",
  max(coalesce(t.last_activity_at, 0), coalesce(s.last_activity_at, s.started_at, 0)) AS "lastActivityAt",
  (SELECT count(*) FROM turns WHERE thread_id = t.thread_id AND settled = 0 AND status = 'requested'
    AND uncertain = 0) AS "waitingTurns",
  t.open_requests AS "openRequests", t.running_tasks AS "runningTasks",
  t.after_end_items AS "afterEndItems",
  CASE WHEN t.running_tasks > 0 THEN (SELECT recorded_at FROM events WHERE sequence =
    (SELECT max(sequence) FROM tasks WHERE thread_id = t.thread_id AND status = 'running')) END AS "taskHeardAt",
  EXISTS (SELECT 1 FROM realtime_runs WHERE thread_id = t.thread_id AND status = 'started') AS voice,
  t.queued, t.queue_held AS "queueHeld"
FROM sessions s JOIN threads t ON t.thread_id = s.thread_id WHERE s.ended_at IS NULL`

/** Sessions that live, in the order of their threads' ids, after a thread (exclusive). */
export const livingFacts = (
  sql: SqlClient.SqlClient,
  after: string | null,
  limit: number,
): Effect.Effect<readonly LivingSession[], Problem> =>
  reading(
    sql,
    sql.unsafe<LivingSession>(`${facts} AND s.thread_id > ? ORDER BY s.thread_id LIMIT ?`, [after ?? "", limit]),
  )

/** Sessions that live on a connection, of threads that the agent opened by itself. */
export const agentOpened = (
  sql: SqlClient.SqlClient,
  connectionId: string,
  limit: number,
): Effect.Effect<readonly LivingSession[], Problem> =>
  reading(
    sql,
    sql.unsafe<LivingSession>(`${facts} AND s.connection_id = ? AND t.agent IS NULL LIMIT ?`, [connectionId, limit]),
  )

/** A turn that runs in a session that lives. */
export interface RunningTurn {
  readonly threadId: string
  readonly turnId: string
  readonly mode: SessionRow["mode"]
  /** The agent that we run in the thread; null: we do not run it. */
  readonly agent: string | null
  /** Source clock. */
  readonly startedAt: number | null
  /** When anything was last heard of the session, by our clock. */
  readonly lastActivityAt: number | null
  readonly stalled: Bit
  readonly interruptRequestedAt: number | null
  /** Questions of the thread that are open or being answered. */
  readonly openRequests: number
}

/** Turns that run, in the order of their threads' ids, after a thread (exclusive): one per thread at most. */
export const runningTurns = (
  sql: SqlClient.SqlClient,
  after: string | null,
  limit: number,
): Effect.Effect<readonly RunningTurn[], Problem> =>
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

/** A turn that was handed to a session of ours, and that has not started. */
export interface StartingTurn {
  readonly threadId: string
  readonly turnId: string
  /** The agent that we run in the thread; null: we do not run it. */
  readonly agent: string | null
  readonly ordinal: number
  /** Version of the turn's row. */
  readonly sequence: number
  /** When its row last changed, by our clock; else when it was asked for. */
  readonly since: number | null
}

/** Turns that were handed to a living session of ours and have not started, by thread and ordinal, after one (exclusive). */
export const startingTurns = (
  sql: SqlClient.SqlClient,
  after: Pick<StartingTurn, "threadId" | "ordinal"> | null,
  limit: number,
): Effect.Effect<readonly StartingTurn[], Problem> =>
  reading(
    sql,
    sql.unsafe<StartingTurn>(
      `SELECT u.thread_id AS "threadId", u.turn_id AS "turnId", t.agent, u.ordinal, u.sequence,
        coalesce((SELECT recorded_at FROM events WHERE sequence = u.sequence), u.requested_at) AS since
      FROM turns u JOIN threads t ON t.thread_id = u.thread_id
      JOIN sessions s ON s.thread_id = u.thread_id AND s.ended_at IS NULL AND s.mode = 'managed'
      WHERE u.settled = 0 AND u.status = 'requested' AND u.handed_over = 1 AND u.uncertain = 0
        AND (u.thread_id, u.ordinal) > (?, ?)
      ORDER BY u.thread_id, u.ordinal LIMIT ?`,
      [after?.threadId ?? "", after?.ordinal ?? 0, limit],
    ),
  )

/** A turn that has ended, of which something the agent does is still open. */
export interface AfterEndWork {
  readonly threadId: string
  readonly turnId: string
  /** Version of the thread's row. */
  readonly threadSequence: number
  /** When anything was last heard of the thread, by our clock. */
  readonly lastActivityAt: number | null
}

/**
 * Turns with work after their end, in the order of their threads' ids, after a thread (exclusive): one per thread at most.
 * A thread that waits for a person is left out: until the answer it is not the agent's turn to speak.
 */
export const afterEndWork = (
  sql: SqlClient.SqlClient,
  after: string | null,
  limit: number,
): Effect.Effect<readonly AfterEndWork[], Problem> =>
  reading(
    sql,
    sql.unsafe<AfterEndWork>(
      `SELECT t.thread_id AS "threadId", t.sequence AS "threadSequence", t.last_activity_at AS "lastActivityAt",
        (SELECT turn_id FROM items WHERE thread_id = t.thread_id AND status = 'open' AND after_end = 1 LIMIT 1) AS "turnId"
      FROM threads t JOIN sessions s ON s.thread_id = t.thread_id AND s.ended_at IS NULL AND s.mode <> 'imported'
      WHERE t.after_end_items > 0 AND t.open_requests = 0 AND t.thread_id > ? ORDER BY t.thread_id LIMIT ?`,
      [after ?? "", limit],
    ),
  )

/** A question of a session of ours, that waits for a person. */
export interface OpenQuestion {
  readonly threadId: string
  readonly requestId: string
  readonly turnId: string | null
  /** Since when, by the source clock. */
  readonly openedAt: number | null
}

/** Questions that nobody has answered, of living sessions that we run, by thread and request, after one (exclusive). */
export const openQuestions = (
  sql: SqlClient.SqlClient,
  after: Pick<OpenQuestion, "threadId" | "requestId"> | null,
  limit: number,
): Effect.Effect<readonly OpenQuestion[], Problem> =>
  reading(
    sql,
    sql.unsafe<OpenQuestion>(
      `SELECT r.thread_id AS "threadId", r.request_id AS "requestId", r.turn_id AS "turnId", r.opened_at AS "openedAt"
      FROM requests r JOIN sessions s ON s.session_id = r.session_id AND s.ended_at IS NULL AND s.mode = 'managed'
      WHERE r.status IN ('open', 'answering') AND r.status = 'open' AND (r.thread_id, r.request_id) > (?, ?)
      ORDER BY r.thread_id, r.request_id LIMIT ?`,
      [after?.threadId ?? "", after?.requestId ?? "", limit],
    ),
  )

/** A time in which a turn waited for a person, source clock; `until` null: it still does. */
export interface Wait {
  readonly from: number | null
  readonly until: number | null
}

/** The questions that a turn has asked, newest first. */
export const waitsOfTurn = (
  sql: SqlClient.SqlClient,
  threadId: string,
  turnId: string,
  limit: number,
): Effect.Effect<readonly Wait[], Problem> =>
  reading(
    sql,
    sql.unsafe<Wait>(
      `SELECT opened_at AS "from", ended_at AS until FROM requests WHERE thread_id = ? AND turn_id = ?
      ORDER BY request_id DESC LIMIT ?`,
      [threadId, turnId, limit],
    ),
  )
