/** Which turns were taken back: ranges for views, and conditions that leave out what belongs to such turns. */

import type * as SqlError from "@effect/sql/SqlError"
import type { Rows, StorageUnavailable } from "@threadfold/contracts"
import { Effect } from "effect"
import type { ReadSql } from "./ReadSql.js"
import { reading } from "./read.js"
import { type Condition, selectRows } from "./select.js"

/** The condition for the ranges that hold any of these turns of one thread. */
export const holdingAny = (threadId: string, turns: readonly Rows["turns"][]): Condition => {
  let oldest = Number.POSITIVE_INFINITY
  let newest = 0
  for (const { ordinal } of turns) {
    oldest = Math.min(oldest, ordinal)
    newest = Math.max(newest, ordinal)
  }
  return { sql: "thread_id = ? AND from_ordinal <= ? AND to_ordinal >= ?", params: [threadId, newest, oldest] }
}

/** The ranges that hold any of these turns of one thread, in their order. */
export const rangesOf = (
  sql: ReadSql,
  turns: readonly Rows["turns"][],
): Effect.Effect<readonly Rows["rewinds"][], SqlError.SqlError> => {
  const threadId = turns[0]?.threadId
  if (threadId === undefined) return Effect.succeed([])
  return selectRows(sql, "rewinds", [holdingAny(threadId, turns)], "ORDER BY ordinal")
}

/**
 * The first turn that the newest rewind took back, while no turn has run since: the conversation goes on from before it. Null: there was no
 * rewind, or the conversation has gone on.
 */
export const rewoundFrom = (sql: ReadSql, threadId: string): Effect.Effect<string | null, StorageUnavailable> =>
  reading(
    sql,
    Effect.map(
      sql.unsafe<{ readonly turnId: string }>(
        `SELECT first_turn_id AS "turnId" FROM rewinds r WHERE thread_id = ?
           AND ordinal = (SELECT max(ordinal) FROM rewinds WHERE thread_id = r.thread_id)
           AND NOT EXISTS (SELECT 1 FROM turns WHERE turns.thread_id = r.thread_id
             AND turns.ordinal > r.to_ordinal AND turns.started_at IS NOT NULL)`,
        [threadId],
      ),
      ([found]) => found?.turnId ?? null,
    ),
  )

const holds = (turn: string): string =>
  `EXISTS (SELECT 1 FROM rewinds WHERE rewinds.thread_id = ${turn}.thread_id
     AND rewinds.from_ordinal <= ${turn}.ordinal AND rewinds.to_ordinal >= ${turn}.ordinal)`

/** The place in its origin at which a fork of ours begins. */
export interface ForkPlace {
  /** The provider's id of the last turn of the fork that counts; null: it told none. */
  readonly lastNativeTurnId: string | null
  /** Our id, in the origin, of the turn that came next; null: none has. */
  readonly nextTurnId: string | null
}

/**
 * Where the conversation of a fork is forked off its origin's: turn n of the one is turn n of the other. Null: no turn of the fork counts, so
 * there is nothing to go on from.
 */
export const forkPlace = (sql: ReadSql, threadId: string): Effect.Effect<ForkPlace | null, StorageUnavailable> =>
  reading(
    sql,
    Effect.map(
      sql.unsafe<ForkPlace>(
        `SELECT native_turn_id AS "lastNativeTurnId",
           (SELECT next.turn_id FROM turns next JOIN threads t ON t.forked_from_thread_id = next.thread_id
             WHERE t.thread_id = turns.thread_id AND next.ordinal > turns.ordinal AND next.started_at IS NOT NULL
             ORDER BY next.ordinal LIMIT 1) AS "nextTurnId"
         FROM turns WHERE thread_id = ? AND started_at IS NOT NULL AND NOT ${holds("turns")}
         ORDER BY ordinal DESC LIMIT 1`,
        [threadId],
      ),
      ([found]) => found ?? null,
    ),
  )

const only = (rewound: boolean | undefined, condition: string): readonly Condition[] =>
  rewound === undefined ? [] : [{ sql: `${rewound ? "" : "NOT "}${condition}`, params: [] }]

/** Turns that were taken back (true), or the others (false). */
export const turnsRewound = (rewound: boolean | undefined): readonly Condition[] => only(rewound, holds("turns"))

/** Items of such turns, or the others. */
export const itemsRewound = (rewound: boolean | undefined): readonly Condition[] =>
  only(rewound, `EXISTS (SELECT 1 FROM turns WHERE turns.turn_id = items.turn_id AND ${holds("turns")})`)
