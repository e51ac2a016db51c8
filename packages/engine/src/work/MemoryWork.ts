/** The working tables in memory: what tests and offline commands fold into Maps have beside it. */
import type { EffectRow } from "@threadfold/contracts"
import type { StoredReceipt, WorkStore } from "./WorkStore.js"

/** A store in memory, and the transaction that it takes part in. */
export interface MemoryWork extends WorkStore {
  /** Runs `body`; what it wrote is taken back when it throws. */
  readonly atomically: <A>(body: () => A) => A
}

export const memoryWork = (): MemoryWork => {
  let receipts: ReadonlyMap<string, StoredReceipt> = new Map()
  let effects: ReadonlyMap<string, EffectRow> = new Map()
  const set = (row: EffectRow): void => {
    effects = new Map(effects).set(row.effectId, row)
  }
  return {
    atomically: (body) => {
      const before = { receipts, effects }
      try {
        return body()
      } catch (error) {
        receipts = before.receipts
        effects = before.effects
        throw error
      }
    },
    receipt: (key) => receipts.get(key) ?? null,
    putReceipt: (receipt) => {
      if (receipts.has(receipt.key)) throw new Error("UNIQUE constraint failed: receipts.key")
      receipts = new Map(receipts).set(receipt.key, receipt)
    },
    effect: (effectId) => effects.get(effectId) ?? null,
    attempting: (turnId) => [...effects.values()].some((row) => row.turnId === turnId && row.status === "attempting"),
    insertEffect: (row) => {
      if (effects.has(row.effectId)) throw new Error("UNIQUE constraint failed: effects.effect_id")
      set(row)
    },
    patchEffect: (effectId, patch) => {
      const before = effects.get(effectId)
      if (before === undefined) throw new Error(`there is no effect ${effectId}`)
      set({ ...before, ...patch })
    },
    prune: (before, limit) => {
      const oldReceipts = [...receipts.values()].filter(({ at }) => at < before)
      const oldEffects = [...effects.values()].filter(({ endedAt }) => endedAt !== null && endedAt < before)
      const gone = new Set([
        ...oldReceipts
          .sort((a, b) => a.at - b.at)
          .slice(0, limit)
          .map(({ key }) => key),
        ...oldEffects.slice(0, limit).map(({ effectId }) => effectId),
      ])
      receipts = new Map([...receipts].filter(([key]) => !gone.has(key)))
      effects = new Map([...effects].filter(([effectId]) => !gone.has(effectId)))
      return gone.size
    },
  }
}
