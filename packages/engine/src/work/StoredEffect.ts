/** An effect as its table holds it. The rows are our own, guarded by `CHECK`s, and are read back as such. */
import type { EffectRow } from "@threadfold/contracts"

export interface StoredEffect extends Omit<EffectRow, "payload"> {
  /** JSON text. */
  readonly payload: string
}

/** The effect of a row. */
export const toEffect = (row: StoredEffect): EffectRow => ({ ...row, payload: JSON.parse(row.payload) })
