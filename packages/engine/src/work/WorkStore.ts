/**
 * The working tables of orchestration: receipts of commands, effects that wait for their delivery to a provider, the blobs of
 * messages, and subscriptions. They are written in the transactions of the log. They are no projection: rebuild and hash leave them out. They hold what
 * cannot be derived from events, that is answers to clients, leases, bytes and checkpoints.
 */
import type { EffectKind, EffectRow } from "@threadfold/contracts"
import type { ReceiptAnswer } from "@threadfold/core"
import type { BlobStore } from "./BlobStore.js"
import type { SubscriptionStore } from "./SubscriptionStore.js"

/** The stored answer to a command: a retry gets it again. */
export interface StoredReceipt {
  /** How a retry is recognised: by the client's idempotency key, else by the command's id. */
  readonly key: string
  /** SHA-256 of the content of the command: the same key with other content is a conflict. */
  readonly content: string
  readonly answer: ReceiptAnswer
  /** When it was given, ms since the epoch, our clock. */
  readonly at: number
}

/** What may change of an effect. */
export type EffectPatch = Partial<
  Pick<EffectRow, "status" | "token" | "attempts" | "message" | "sessionId" | "endedAt">
>

/** The thing by which an effect is looked up. */
export type EffectSubject = "turn" | "request" | "thread"

/** What was taken of a thread's receipts and effects. */
export interface RemovedWork {
  /** Receipts and effects that were looked at; 0: the thread has none any more. */
  readonly seen: number
  /** How many of them were removed, and about how long their texts, in bytes. */
  readonly count: number
  readonly bytes: number
}

/** Everything is synchronous; what writes runs inside the log's transaction. */
export interface WorkStore {
  /** Images and files of messages. */
  readonly blobs: BlobStore
  /** Durable places in the log, with names. */
  readonly subscriptions: SubscriptionStore
  readonly receipt: (key: string) => StoredReceipt | null
  /** `threadId`: the thread that it is about, so that a purge removes it. */
  readonly putReceipt: (receipt: StoredReceipt, threadId?: string) => void
  readonly effect: (effectId: string) => EffectRow | null
  /** Whether an effect that is about this turn is being attempted. */
  readonly attempting: (turnId: string) => boolean
  /** The call that carries a queued message into a turn; null: there is none. */
  readonly steer: (messageId: string) => EffectRow | null
  /**
   * The latest effect of a kind about a turn, a request or a thread that has been attempted: an agent's event may answer it. For
   * a thread, only one that is being attempted.
   */
  readonly latestEffect: (by: EffectSubject, id: string, kind: EffectKind) => EffectRow | null
  readonly insertEffect: (effect: EffectRow) => void
  /** Changes an effect that there is. */
  readonly patchEffect: (effectId: string, patch: EffectPatch) => void
  /** An effect of a thread that is pending or being attempted, or null. */
  readonly openEffect: (threadId: string) => EffectRow | null
  /** Whether a call to end this background task of a thread is pending or being attempted. */
  readonly stoppingTask: (threadId: string, taskId: string) => boolean
  /**
   * Takes at most `limit` receipts and ended effects of a thread, fewer where they are long: what a `Portion` takes. Effects and refusals are removed. The receipt of an accepted command
   * has ids and a digest alone: it stays, without its thread, so that a retry gets the first answer until it is pruned.
   */
  readonly removeSome: (threadId: string, limit: number) => RemovedWork
  /** Removes at most `limit` receipts given, and effects ended, before a time, fewer effects where they are long; returns how many of both. */
  readonly prune: (before: number, limit: number) => number
}
