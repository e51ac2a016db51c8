/** The working tables in memory, for tests and for offline commands that fold into Maps. */
import type { EffectRow } from "@threadfold/contracts"
import { Portion } from "@threadfold/core"
import { Predicate } from "effect"
import { memoryBlobs } from "./MemoryBlobs.js"
import type { StoredSubscription } from "./SubscriptionStore.js"
import type { StoredReceipt, WorkStore } from "./WorkStore.js"

/** A store in memory, and the transaction that it takes part in. */
export interface MemoryWork extends WorkStore {
  /** Runs `body`; its writes are rolled back when it throws. */
  readonly atomically: <A>(body: () => A) => A
}

/** Working tables in memory; empty at first. */
export const memoryWork = (): MemoryWork => {
  const blobs = memoryBlobs()
  let receipts: ReadonlyMap<string, StoredReceipt> = new Map()
  let threads: ReadonlyMap<string, string> = new Map()
  let effects: ReadonlyMap<string, EffectRow> = new Map()
  let subscriptions: ReadonlyMap<string, StoredSubscription> = new Map()
  const set = (row: EffectRow): void => {
    const isOpen = row.status === "pending" || row.status === "attempting"
    if (isOpen !== (row.endedAt === null)) throw new Error("CHECK constraint failed: effects: an end goes with an end")
    if ((row.status === "attempting") !== (row.token !== null)) {
      throw new Error("CHECK constraint failed: effects: a lease goes with an attempt")
    }
    effects = new Map(effects).set(row.effectId, row)
  }
  return {
    atomically: (body) => {
      const before = { receipts, threads, effects, subscriptions }
      const takeBack = blobs.mark()
      try {
        return body()
      } catch (error) {
        receipts = before.receipts
        threads = before.threads
        effects = before.effects
        subscriptions = before.subscriptions
        takeBack()
        throw error
      }
    },
    blobs,
    subscriptions: {
      find: (name) => subscriptions.get(name) ?? null,
      count: () => subscriptions.size,
      put: (subscription) => {
        subscriptions = new Map(subscriptions).set(subscription.name, subscription)
      },
      remove: (name) => {
        subscriptions = new Map([...subscriptions].filter(([known]) => known !== name))
      },
    },
    receipt: (key) => receipts.get(key) ?? null,
    putReceipt: (receipt, threadId) => {
      if (receipts.has(receipt.key)) throw new Error("UNIQUE constraint failed: receipts.key")
      receipts = new Map(receipts).set(receipt.key, receipt)
      if (threadId !== undefined) threads = new Map(threads).set(receipt.key, threadId)
    },
    openEffect: (threadId) =>
      [...effects.values()].find((row) => row.threadId === threadId && row.endedAt === null) ?? null,
    stoppingTask: (threadId, taskId) =>
      [...effects.values()].some(
        ({ endedAt, kind, payload, threadId: of }) =>
          of === threadId &&
          endedAt === null &&
          kind === "task.stop" &&
          Predicate.isRecord(payload) &&
          payload.taskId === taskId,
      ),
    removeSome: (threadId, limit) => {
      const portion = new Portion(limit)
      const ofThread = [...receipts.values()].filter(
        (row) => threads.get(row.key) === threadId && portion.takes(bytesOf(row)),
      )
      const called = [...effects.values()].filter(
        (row) => row.threadId === threadId && row.endedAt !== null && portion.takes(bytesOf(row)),
      )
      const refusals = ofThread.filter(({ answer }) => "refused" in answer)
      receipts = without(receipts, new Set(refusals))
      effects = without(effects, new Set(called))
      const taken = new Set(ofThread.map(({ key }) => key))
      threads = new Map([...threads].filter(([key]) => !taken.has(key)))
      const gone = [...refusals, ...called]
      return { seen: portion.count, count: gone.length, bytes: gone.reduce((sum, row) => sum + bytesOf(row), 0) }
    },
    effect: (effectId) => effects.get(effectId) ?? null,
    attempting: (turnId) => [...effects.values()].some((row) => row.turnId === turnId && row.status === "attempting"),
    steer: (messageId) => [...effects.values()].findLast((row) => row.messageId === messageId) ?? null,
    latestEffect: (by, id, kind) =>
      [...effects.values()].findLast((row) => {
        if (row.kind !== kind || row.attempts === 0) return false
        if (by === "thread") return row.threadId === id && row.status === "attempting"
        return (by === "turn" ? row.turnId : row.requestId) === id
      }) ?? null,
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
      const oldReceipts = oldest([...receipts.values()], ({ at }) => at, before, limit)
      const portion = new Portion(limit)
      const oldEffects = new Set(
        [...oldest([...effects.values()], ({ endedAt }) => endedAt, before, limit)].filter((row) =>
          portion.takes(bytesOf(row)),
        ),
      )
      receipts = without(receipts, oldReceipts)
      effects = without(effects, oldEffects)
      return oldReceipts.size + oldEffects.size
    },
  }
}

const bytesOf = (row: StoredReceipt | EffectRow): number => Buffer.byteLength(JSON.stringify(row))

/** The oldest rows before a time, `limit` at most; rows without a time are none. */
const oldest = <R>(
  rows: readonly R[],
  timeOf: (row: R) => number | null,
  before: number,
  limit: number,
): ReadonlySet<R> =>
  new Set(
    rows
      .flatMap((row) => {
        const time = timeOf(row)
        return time !== null && time < before ? [{ row, time }] : []
      })
      .sort((a, b) => a.time - b.time)
      .slice(0, limit)
      .map(({ row }) => row),
  )

const without = <R>(rows: ReadonlyMap<string, R>, gone: ReadonlySet<R>): ReadonlyMap<string, R> =>
  new Map([...rows].filter(([, row]) => !gone.has(row)))
