/** Why commands are refused. */

/** What a reason means for the sender and for the receipt. */
interface RefusalFacts {
  /**
   * Whether the receipt of the command remembers it. A reason that is about the command is remembered, so that a retry gets the
   * same answer whatever has happened since. A fault of Threadfold is no answer to the command: the same one may be accepted
   * next time.
   */
  readonly remembered: boolean
  /** True: the sender decided on a version of the resource that is not the current one. */
  readonly isOutdated?: true
}

const reasons = {
  "thread-not-found": { remembered: true },
  "thread-conflict": { remembered: true },
  "thread-busy": { remembered: true },
  "thread-not-run": { remembered: true },
  /** It is a fork. */
  "thread-read-only": { remembered: true },
  /** Its content is gone for good: a retry is refused again, and nothing of the thread is kept. */
  "thread-purged": { remembered: false },
  "session-not-found": { remembered: true },
  "session-conflict": { remembered: true },
  /** There is no such turn, request or message in the thread. */
  "resource-not-found": { remembered: true },
  "turn-active": { remembered: true },
  "request-ended": { remembered: true },
  "answer-not-taken": { remembered: true },
  "queue-conflict": { remembered: true },
  /** The caller may send its bytes, and the same command again. */
  "blob-not-found": { remembered: false },
  /** It says nothing. */
  "invalid-request": { remembered: true },
  "voice-busy": { remembered: true },
  /** The resource has changed since its sender read it. */
  "precondition-failed": { remembered: true, isOutdated: true },
  /** A message that waits has no row: the state and the rows contradict each other. */
  "message-lost": { remembered: false },
} as const satisfies Readonly<Record<string, RefusalFacts>>

/** The name of a reason for which a command is refused. */
export type RefusalReason = keyof typeof reasons

/** Every reason that there is. */
export const refusalReasons: { readonly [Reason in RefusalReason]: RefusalFacts } = reasons

/** A refusal as a value: it rolls back nothing. */
export interface Refusal {
  readonly reason: RefusalReason
  /** What stood in the way, in whole sentences. */
  readonly detail: string
}
