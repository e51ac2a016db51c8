/** Which turns were taken back: ranges for views, and conditions that leave out what belongs to such turns. */

import type * as SqlError from "@effect/sql/SqlError"
import type { Rows } from "@threadfold/contracts"
import { Effect } from "effect"
import type { ReadSql } from "./ReadSql.js"
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

const holds = (turn: string): string =>
  `EXISTS (SELECT 1 FROM rewinds WHERE rewinds.thread_id = ${turn}.thread_id
     AND rewinds.from_ordinal <= ${turn}.ordinal AND rewinds.to_ordinal >= ${turn}.ordinal)`

const only = (rewound: boolean | undefined, condition: string): readonly Condition[] =>
  rewound === undefined ? [] : [{ sql: `${rewound ? "" : "NOT "}${condition}`, params: [] }]

/** Turns that were taken back (true), or the others (false). */
export const turnsRewound = (rewound: boolean | undefined): readonly Condition[] => only(rewound, holds("turns"))

/** Items of such turns, or the others. */
export const itemsRewound = (rewound: boolean | undefined): readonly Condition[] =>
  only(rewound, `EXISTS (SELECT 1 FROM turns WHERE turns.turn_id = items.turn_id AND ${holds("turns")})`)
