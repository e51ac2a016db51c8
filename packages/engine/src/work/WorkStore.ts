/**
 * The working tables of orchestration: receipts of commands, and effects that wait to be handed to a provider. They are
 * written in the transactions of the log, are no projection (no rebuild and no hash touches them), and hold what cannot be
 * derived from events: what was promised to a client, and who holds which lease.
 */
import type { EffectKind, EffectRow, Receipt } from "@threadfold/contracts"
import type { Refusal } from "@threadfold/core"

/** The answer to a command, as it is remembered: a retry gets it again. */
export interface StoredReceipt {
  /** What a retry is known by: the client's idempotency key, else the command's id. */
  readonly key: string
  /** SHA-256 of what the command said: the same key with other content is a conflict. */
  readonly content: string
  readonly answer: { readonly accepted: Receipt } | { readonly refused: Refusal }
  /** When it was given, ms since the epoch, our clock. */
  readonly at: number
}

/** What may change of an effect. */
export type EffectPatch = Partial<
  Pick<EffectRow, "status" | "token" | "attempts" | "message" | "sessionId" | "endedAt">
>

/** What an effect is looked up by. */
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
   * The latest effect of a kind about a turn, a request or a thread that was begun: what an agent's answer may answer. Of a
   * thread only one that is being attempted.
   */
  readonly latestEffect: (by: EffectSubject, id: string, kind: EffectKind) => EffectRow | null
  readonly insertEffect: (effect: EffectRow) => void
  /** Changes an effect that there is. */
  readonly patchEffect: (effectId: string, patch: EffectPatch) => void
  /** Removes at most `limit` receipts given, and effects ended, before a time; returns how many of both. */
  readonly prune: (before: number, limit: number) => number
}
