/** What orchestration looks at of voice conversations: runs that are open, and what has become of a handoff. */
import type { DelegationRow, RealtimeRunRow, StorageUnavailable, TurnRow } from "@threadfold/contracts"
import { itemView } from "@threadfold/core/model"
import { Effect } from "effect"
import { chunksOf } from "./items.js"
import type { ReadSql } from "./ReadSql.js"
import { findRow, reading } from "./read.js"
import { selectRows } from "./select.js"

/** Runs that wait to start or are live, in the order of their threads' ids, after a thread (exclusive). */
export const openVoiceRuns = (
  sql: ReadSql,
  after: string | null,
  limit: number,
): Effect.Effect<readonly RealtimeRunRow[], StorageUnavailable> =>
  reading(
    sql,
    selectRows(
      sql,
      "realtime_runs",
      [
        { sql: "status IN ('requested', 'started')", params: [] },
        { sql: "thread_id > ?", params: [after ?? ""] },
      ],
      `ORDER BY thread_id LIMIT ${limit}`,
    ),
  )

/** A handoff, the turn that works on it, and the last words of that turn's agent. */
export interface HandoffWork {
  readonly delegation: DelegationRow
  /** Null: it has none yet. */
  readonly turn: TurnRow | null
  /** Text of the turn's last message of the agent; null: it has none. */
  readonly lastWords: string | null
}

/** What has become of a handoff; null: there is none with this id. */
export const handoffWork = (
  sql: ReadSql,
  delegationId: string,
): Effect.Effect<HandoffWork | null, StorageUnavailable> =>
  reading(
    sql,
    Effect.gen(function* () {
      const [delegation] = yield* selectRows(
        sql,
        "delegations",
        [{ sql: "delegation_id = ?", params: [delegationId] }],
        "LIMIT 1",
      )
      if (delegation === undefined) return null
      const { turnId } = delegation
      if (turnId === null) return { delegation, turn: null, lastWords: null }
      const turn = yield* findRow(sql, "turns", turnId)
      const [item] = yield* selectRows(
        sql,
        "items",
        [{ sql: "turn_id = ? AND kind = 'agent_message'", params: [turnId] }],
        "ORDER BY ordinal DESC LIMIT 1",
      )
      const lastWords = item === undefined ? null : itemView(item, yield* chunksOf(sql, [item])).text
      return { delegation, turn, lastWords }
    }),
  )
