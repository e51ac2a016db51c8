/**
 * Which threads `retain` archives: pure and total, from rows. It takes what nobody works in and nobody waits for. Every thread that
 * stays has a reason out of a closed list.
 */
import type { Bit, ThreadRow } from "@threadfold/contracts"
import type { MirrorCandidate } from "./mirrors.js"

/** A thread, as its rows are at one moment. Times are ms since the epoch. */
export interface RetentionFacts
  extends MirrorCandidate,
    Pick<
      ThreadRow,
      "activeTurnId" | "lastActivityAt" | "updatedAt" | "keepAliveUntil" | "openRequests" | "runningTasks" | "queued"
    > {
  /** 1: a session of it lives. */
  readonly sessionLives: Bit
  /** Turns that were asked for and have not ended; those in doubt, which wait for a person, are among them. */
  readonly requestedTurns: number
  /** Calls to its agent that have not ended. */
  readonly openEffects: number
  /** 1: a session of a thread that was opened or spawned from it lives. */
  readonly childLives: Bit
  /** 1: the database has refused rows of it, so that they are not what its events lead to. */
  readonly frozen: Bit
  /** 1: an import of it has not come to its end. */
  readonly importing: Bit
}

/** Why a thread stays, and what it means. The first one that holds is told. */
export const retentionReasons = {
  recent: "Something happened in it within the time.",
  "session-lives": "A session of it lives.",
  "turn-open": "A turn runs, waits to start, or is in doubt.",
  "call-open": "A call to its agent has not ended.",
  "request-open": "A question waits for an answer.",
  "task-running": "A background task has not ended.",
  "queue-waits": "Messages are in its queue.",
  "keep-alive": "A keep-alive has been set until a later time.",
  "child-lives": "A thread that was spawned from it lives.",
  importing: "An import of it was stopped before its end.",
  frozen: "The database refused rows of it: rebuild it first.",
  mirrored: "A thread that is a mirror of it stays.",
} as const

/** Why a thread stays. */
export type RetentionReason = keyof typeof retentionReasons

/** What becomes of a thread. */
export type RetentionVerdict =
  | { readonly decision: "archive" }
  | { readonly decision: "keep"; readonly reason: RetentionReason }

/** What is asked for. */
export interface RetentionPolicy {
  /** Our wall clock, ms since the epoch. */
  readonly now: number
  /** Threads are taken whose last activity is longer ago than this, ms. */
  readonly olderMs: number
}

/** A thread without any activity that is known has its last event for it. Without a time it is not known to be old. */
const isOlder = (
  { createdAt, lastActivityAt, updatedAt }: RetentionFacts,
  { now, olderMs }: RetentionPolicy,
): boolean => {
  const at = lastActivityAt ?? updatedAt ?? createdAt
  return at !== null && now - at > olderMs
}

const ownReason = (facts: RetentionFacts, policy: RetentionPolicy): RetentionReason | null => {
  if (!isOlder(facts, policy)) return "recent"
  if (facts.sessionLives === 1) return "session-lives"
  if (facts.activeTurnId !== null || facts.requestedTurns > 0) return "turn-open"
  if (facts.openEffects > 0) return "call-open"
  if (facts.openRequests > 0) return "request-open"
  if (facts.runningTasks > 0) return "task-running"
  if (facts.queued > 0) return "queue-waits"
  if ((facts.keepAliveUntil ?? 0) > policy.now) return "keep-alive"
  if (facts.childLives === 1) return "child-lives"
  if (facts.importing === 1) return "importing"
  return facts.frozen === 1 ? "frozen" : null
}

/**
 * Decides on one thread. Lists leave a mirror out because its primary is there: the primary goes with the last of them, or after it.
 *
 * @param mirrors the threads that are mirrors of it (`isMirrorOf`) and were not purged
 */
export const decideRetention = (
  facts: RetentionFacts,
  mirrors: readonly RetentionFacts[],
  policy: RetentionPolicy,
): RetentionVerdict => {
  const reason =
    ownReason(facts, policy) ?? (mirrors.some((one) => ownReason(one, policy) !== null) ? ("mirrored" as const) : null)
  return reason === null ? { decision: "archive" } : { decision: "keep", reason }
}
