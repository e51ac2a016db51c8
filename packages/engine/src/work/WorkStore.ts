/**
 * The working tables of orchestration: receipts of commands, and effects that wait for their delivery to a provider. They are
 * written in the transactions of the log. They are no projection: rebuild and hash leave them out. They hold what cannot be
 * derived from events, that is answers to clients and leases.
 */
import type { EffectKind, EffectRow } from "@threadfold/contracts"
import type { ReceiptAnswer } from "@threadfold/core"

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

/** Everything is synchronous; what writes runs inside the log's transaction. */
export interface WorkStore {
  readonly receipt: (key: string) => StoredReceipt | null
  readonly putReceipt: (receipt: StoredReceipt) => void
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
  /** Removes at most `limit` receipts given, and effects ended, before a time; returns how many of both. */
  readonly prune: (before: number, limit: number) => number
}
