/** An effect as it is stored. The rows are our own, guarded by `CHECK`s, and are read back as such. */
import type { EffectRow } from "@threadfold/contracts"
import type Sqlite from "better-sqlite3"

export interface StoredEffect extends Omit<EffectRow, "payload"> {
  /** JSON text. */
  readonly payload: string
}

/** The columns of such a row in SQL, under the names that it has here, without what only its delivery needs. */
export const shownEffectColumns = `effect_id AS "effectId", thread_id AS "threadId", kind, status, command_id AS "commandId",
  session_id AS "sessionId", turn_id AS "turnId", request_id AS "requestId", message_id AS "messageId", attempts, message,
  created_at AS "createdAt", ended_at AS "endedAt"`

/** All of them. */
export const effectColumns = `${shownEffectColumns}, payload, token`

/** The effect of a row. */
export const toEffect = (row: StoredEffect): EffectRow => ({ ...row, payload: JSON.parse(row.payload) })

/** One effect by its id, on any handle of the database; null: there is none, or it ended so long ago that it was removed. */
export const readEffect = (handle: Sqlite.Database, effectId: string): EffectRow | null => {
  const row = handle
    .prepare<[string], StoredEffect>(`SELECT ${effectColumns} FROM effects WHERE effect_id = ?`)
    .get(effectId)
  return row === undefined ? null : toEffect(row)
}

/** Effects of a thread that are pending or being attempted, in the order in which they were made; at most `limit`. */
export const readOpenEffects = (handle: Sqlite.Database, threadId: string, limit: number): readonly EffectRow[] =>
  handle
    .prepare<[string, number], StoredEffect>(
      `SELECT ${effectColumns} FROM effects WHERE ended_at IS NULL AND thread_id = ? ORDER BY position LIMIT ?`,
    )
    .all(threadId, limit)
    .map(toEffect)
