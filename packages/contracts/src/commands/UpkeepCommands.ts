/**
 * Commands of the orchestrator to itself: what follows from the rows. Each names the state that it expects, and is refused or does
 * nothing where that is no longer so; deriving one again after a crash is harmless.
 */
import { Schema } from "effect"
import { UnattendedRule } from "../events/RequestEvents.js"
import { field, int, maybe, shape, text } from "../fields.js"
import { RequestId, SessionId, TurnId } from "../Ids.js"
import { ofThread } from "./ThreadCommands.js"

export const DrainQueue = shape(
  "DrainQueue",
  "Starts the turn of the first queued message, if nothing runs and the queue is not held.",
  { ...ofThread("queue.drain") },
)

export const SettleTurn = shape("SettleTurn", "Takes an inferred end of a turn as final.", {
  ...ofThread("turn.settle"),
  turnId: field(TurnId, "The turn."),
})

export const TimeOutStart = shape(
  "TimeOutStart",
  "Ends a turn that the agent accepted and has not started, if nothing has changed its row since that was decided.",
  {
    ...ofThread("turn.time-out-start"),
    turnId: field(TurnId, "The turn."),
    ifSequence: int("Sequence of the turn's row when it was decided."),
    waitedMs: int("For how long it has waited, ms."),
  },
)

export const SettleAfterEnd = shape(
  "SettleAfterEnd",
  "Ends what the agent did after its turn's end, if nothing has happened in the thread since that was decided.",
  {
    ...ofThread("turn.settle-after-end"),
    turnId: field(TurnId, "The turn that has ended."),
    ifSequence: int("Sequence of the thread's row when it was decided."),
    silentMs: int("For how long nothing was heard, ms."),
  },
)

export const StallTurn = shape("StallTurn", "Shows that nothing is heard of a running turn.", {
  ...ofThread("turn.stall"),
  turnId: field(TurnId, "The turn."),
  silentMs: int("For how long nothing was heard, ms."),
})

export const ReapSession = shape(
  "ReapSession",
  "Stops a session that is not used, if its thread is as it was when that was decided.",
  {
    ...ofThread("session.reap"),
    sessionId: field(SessionId, "The session."),
    ifSequence: int("Sequence of the thread's row when the reaper looked: any event since then refuses the reap."),
    idleMs: int("Idle age, ms."),
    reason: text("The reaper's reason."),
  },
)

export const ReconcileSession = shape("ReconcileSession", "Settles a session whose process is gone.", {
  ...ofThread("session.reconcile"),
  sessionId: field(SessionId, "The session."),
  liveness: field(Schema.Literal("alive", "gone", "unknown"), "What we found: only `gone` settles."),
  reason: text("How we know."),
})

export const ExpireRequest = shape("ExpireRequest", "Ends a question that cannot be answered any more.", {
  ...ofThread("request.expire"),
  requestId: field(RequestId, "The question."),
  reason: maybe(Schema.String, "Why."),
})

export const PurgeThread = shape(
  "PurgeThread",
  "Leaves a tombstone with a sealed hash in place of the thread, whose content then goes. Refused while anything of it lives.",
  {
    ...ofThread("thread.purge"),
    sealedHash: text("Canonical hash of the thread's rows, SHA-256 hex."),
    streamVersion: int(
      "Version of the thread's stream that the hash was taken at: an event since then refuses the purge.",
    ),
  },
)

export const DeclineRequest = shape(
  "DeclineRequest",
  "Answers a question with `decline`, because no answer came in time. One that is answered: no change.",
  {
    ...ofThread("request.decline"),
    requestId: field(RequestId, "The question."),
  },
)

export const FollowRule = shape(
  "FollowRule",
  "Answers a question as a rule of its thread says, because no answer came in time. Where another rule counts by now, where there is an answer, or where the question takes no such answer: no change.",
  {
    ...ofThread("request.follow-rule"),
    requestId: field(RequestId, "The question."),
    rule: field(UnattendedRule, "The rule that counted when it was decided."),
  },
)
