/** An effect as it is stored. The rows are our own, guarded by `CHECK`s, and are read back as such. */
import type { EffectRow } from "@threadfold/contracts"

export interface StoredEffect extends Omit<EffectRow, "payload"> {
  /** JSON text. */
  readonly payload: string
}

/** The columns of such a row in SQL, under the names that it has here. */
export const effectColumns = `effect_id AS "effectId", thread_id AS "threadId", kind, status, command_id AS "commandId",
  session_id AS "sessionId", turn_id AS "turnId", request_id AS "requestId", message_id AS "messageId", payload, token,
  attempts, message, created_at AS "createdAt", ended_at AS "endedAt"`

/** The effect of a row. */
export const toEffect = (row: StoredEffect): EffectRow => ({ ...row, payload: JSON.parse(row.payload) })
