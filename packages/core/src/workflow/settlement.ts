/**
 * How a copied stream is settled, one that was imported from another log or that forks a thread: what lived there does not live here, so
 * that nothing of it may go on by itself. What nothing would act on stays as it is, so that a stream without anything alive gets no event.
 */
import type { EventType, PayloadOf } from "@threadfold/contracts"
import type { FoldState } from "../state/FoldState.js"
import { livingSession } from "../state/lifecycle.js"

/** An event that settles. */
export interface Settling<T extends EventType = EventType> {
  readonly type: T
  /** The session that it ends; null: it is about the stream as a whole. */
  readonly sessionId: string | null
  readonly payload: PayloadOf<T>
}

const settling = <T extends EventType>(type: T, sessionId: string | null, payload: PayloadOf<T>): Settling<T> => ({
  type,
  sessionId,
  payload,
})

/** Why a stream is settled: the events name it, and what they close has it as its cause. */
export type SettlingReason = "imported" | "forked"

/**
 * The events that settle a stream, in order: rules for questions which nobody answers are taken back, turns that wait are cancelled and
 * the queue is held, the session that lives ends (and with it its running turn, its requests and its voice run), an open connection is
 * closed. In a fork nothing can run later: what waits in its queue is cancelled.
 *
 * @param hasRules whether its thread has such rules, which are no part of its open state; those of a fork do not come along
 */
export const settlementOf = (
  state: Pick<FoldState, "connection" | "queue" | "requested" | "session" | "thread">,
  reason: SettlingReason = "imported",
  hasRules = false,
): readonly Settling[] => {
  const { connection, queue, requested, thread } = state
  const session = livingSession(state)
  const cancelled = reason === "forked" ? queue : []
  const wouldRun = requested.length > 0 || (queue.length > cancelled.length && thread?.queueHeld === 0)
  return [
    // What a person allowed elsewhere was not allowed here.
    ...(hasRules ? [settling("thread.unattended-set", null, { rules: null })] : []),
    ...cancelled.map((messageId) => settling("message.cancelled", null, { messageId })),
    ...(wouldRun ? [settling("session.stop-requested", null, { reason, cause: reason })] : []),
    ...(session === null ? [] : [settling("session.reconciled", session.sessionId, { liveness: "gone", reason })]),
    ...(connection?.status === "open"
      ? [
          settling("connection.closed", null, {
            reason: "recording-ended",
            message: "It was imported from another log.",
          }),
        ]
      : []),
  ]
}
