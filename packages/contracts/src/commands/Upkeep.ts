/**
 * Commands of the orchestrator to itself: what follows from the rows. Each says what it believes, and is refused or does
 * nothing where that is no longer so; deriving one again after a crash is harmless.
 */
import { Schema } from "effect"
import { maybe } from "../events/Common.js"
import { RequestId, SessionId, TurnId } from "../Ids.js"
import { ofThread } from "./Thread.js"

/** Starts the turn of the first queued message, if nothing runs and the queue is not held. */
export const DrainQueue = Schema.Struct({ type: Schema.Literal("queue.drain"), ...ofThread })

/** Takes an inferred end of a turn as final. */
export const SettleTurn = Schema.Struct({
  type: Schema.Literal("turn.settle"),
  ...ofThread,
  /** The turn. */
  turnId: TurnId,
})

/** Ends a turn that the agent accepted and has not started, if nothing has changed its row since that was decided. */
export const TimeOutStart = Schema.Struct({
  type: Schema.Literal("turn.time-out-start"),
  ...ofThread,
  /** The turn. */
  turnId: TurnId,
  /** Sequence of the turn's row when it was decided. */
  ifSequence: Schema.Number,
  /** For how long it has waited, ms. */
  waitedMs: Schema.Number,
})

/** Ends what the agent did after its turn's end, if nothing has happened in the thread since that was decided. */
export const SettleAfterEnd = Schema.Struct({
  type: Schema.Literal("turn.settle-after-end"),
  ...ofThread,
  /** The turn that has ended. */
  turnId: TurnId,
  /** Sequence of the thread's row when it was decided. */
  ifSequence: Schema.Number,
  /** For how long nothing was heard, ms. */
  silentMs: Schema.Number,
})

/** Shows that nothing is heard of a running turn. */
export const StallTurn = Schema.Struct({
  type: Schema.Literal("turn.stall"),
  ...ofThread,
  /** The turn. */
  turnId: TurnId,
  /** For how long nothing was heard, ms. */
  silentMs: Schema.Number,
})

/** Stops a session that nobody uses, if its thread is as it was when that was decided. */
export const ReapSession = Schema.Struct({
  type: Schema.Literal("session.reap"),
  ...ofThread,
  /** The session. */
  sessionId: SessionId,
  /** Sequence of the thread's row when the reaper looked: any event since then refuses the reap. */
  ifSequence: Schema.Number,
  /** Idle age, ms. */
  idleMs: Schema.Number,
  /** The reaper's reason. */
  reason: Schema.String,
})

/** Settles a session whose process is gone. */
export const ReconcileSession = Schema.Struct({
  type: Schema.Literal("session.reconcile"),
  ...ofThread,
  /** The session. */
  sessionId: SessionId,
  /** What we found: only `gone` settles. */
  liveness: Schema.Literal("alive", "gone", "unknown"),
  /** How we know. */
  reason: Schema.String,
})

/** Ends a question that nobody can answer any more. */
export const ExpireRequest = Schema.Struct({
  type: Schema.Literal("request.expire"),
  ...ofThread,
  /** The question. */
  requestId: RequestId,
  /** Why. */
  reason: maybe(Schema.String),
})

/** Answers a question with `decline`, because nobody has answered it in time. One that somebody has answered: no change. */
export const DeclineRequest = Schema.Struct({
  type: Schema.Literal("request.decline"),
  ...ofThread,
  /** The question. */
  requestId: RequestId,
})
