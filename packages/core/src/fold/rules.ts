/**
 * Which rule each event type follows. The record is exhaustive by type: an event type without an entry does not compile, so that
 * no event type is forgotten.
 */
import type { EventType, PayloadOf } from "@threadfold/contracts"
import { isPayload } from "../payload/guard.js"
import { connectionClosed, connectionOpened } from "./connection.js"
import { delegationClosed, delegationOpened, realtimeHandoff } from "./delegation.js"
import { turnStartTimedOut } from "./earlyEnd.js"
import { effectDelivered, effectUncertain } from "./effect.js"
import {
  inferenceCancelled,
  inferenceCompleted,
  inferenceFailed,
  inferenceItem,
  inferenceStarted,
} from "./inference.js"
import { contentDelta, itemCompleted, itemStarted, itemUpdated } from "./item.js"
import { messageLeft, messageQueued, messageSteered, queueReordered, queueResumed } from "./queue.js"
import {
  realtimeAudio,
  realtimeClosed,
  realtimeError,
  realtimeFailed,
  realtimeItemAdded,
  realtimePassing,
  realtimeStarted,
  realtimeStartRequested,
  realtimeStopRequested,
  realtimeTranscriptDone,
} from "./realtime.js"
import {
  requestAnswered,
  requestAnswerFailed,
  requestAnswering,
  requestExpired,
  requestOpened,
  requestResolved,
} from "./request.js"
import { threadRewound } from "./rewind.js"
import type { Step } from "./Step.js"
import {
  runtimeError,
  sessionConfigured,
  sessionExited,
  sessionLeaseLapsed,
  sessionReaped,
  sessionReconciled,
  sessionStarted,
  sessionStateChanged,
  sessionStopRequested,
} from "./session.js"
import { taskCompleted, taskProgress, taskStarted } from "./task.js"
import {
  threadArchived,
  threadCreated,
  threadDeleted,
  threadForked,
  threadImported,
  threadKeepAliveSet,
  threadMetadataUpdated,
  threadRenamed,
  threadRestored,
  threadStarted,
  threadUnarchived,
} from "./thread.js"
import {
  turnAborted,
  turnAfterEndSettled,
  turnCompleted,
  turnDiffUpdated,
  turnInterruptRequested,
  turnPlanUpdated,
  turnProposedCompleted,
  turnSettled,
  turnStalled,
} from "./turn.js"
import { turnAccepted, turnRequested, turnStarted, turnStartFailed } from "./turnStart.js"
import { tokenUsageUpdated } from "./usage.js"

/** Applies an event's payload to a step; false when the payload does not fit its type. */
export type Rule = (step: Step, payload: unknown) => boolean

const rule =
  <T extends EventType>(type: T, apply: (step: Step, payload: PayloadOf<T>) => void): Rule =>
  (step, payload) => {
    if (!isPayload(type, payload)) return false
    apply(step, payload)
    return true
  }

/** An event that is stored and shown, and changes no row. */
const kept = (type: EventType): Rule => rule(type, () => undefined)

/** A rule for every event type. */
export type RuleBook = { readonly [T in EventType]: Rule }

export const rules: RuleBook = {
  "connection.opened": rule("connection.opened", connectionOpened),
  "connection.closed": rule("connection.closed", connectionClosed),
  "session.started": rule("session.started", sessionStarted),
  "session.configured": rule("session.configured", sessionConfigured),
  "session.state.changed": rule("session.state.changed", sessionStateChanged),
  "session.exited": rule("session.exited", sessionExited),
  "session.lease-lapsed": rule("session.lease-lapsed", sessionLeaseLapsed),
  "thread.started": rule("thread.started", threadStarted),
  "thread.metadata.updated": rule("thread.metadata.updated", threadMetadataUpdated),
  "thread.token-usage.updated": rule("thread.token-usage.updated", tokenUsageUpdated),
  "thread.rewound": rule("thread.rewound", threadRewound),
  "turn.accepted": rule("turn.accepted", turnAccepted),
  "turn.started": rule("turn.started", turnStarted),
  "turn.completed": rule("turn.completed", turnCompleted),
  "turn.aborted": rule("turn.aborted", turnAborted),
  "turn.plan.updated": rule("turn.plan.updated", turnPlanUpdated),
  "turn.proposed.delta": kept("turn.proposed.delta"),
  "turn.proposed.completed": rule("turn.proposed.completed", turnProposedCompleted),
  "turn.diff.updated": rule("turn.diff.updated", turnDiffUpdated),
  "item.started": rule("item.started", itemStarted),
  "item.updated": rule("item.updated", itemUpdated),
  "item.completed": rule("item.completed", itemCompleted),
  "content.delta": rule("content.delta", contentDelta),
  "request.opened": rule("request.opened", requestOpened),
  "request.resolved": rule("request.resolved", requestResolved),
  "user-input.requested": rule("user-input.requested", requestOpened),
  "user-input.resolved": rule("user-input.resolved", requestResolved),
  "task.started": rule("task.started", taskStarted),
  "task.progress": rule("task.progress", taskProgress),
  "task.completed": rule("task.completed", taskCompleted),
  "inference.started": rule("inference.started", inferenceStarted),
  "inference.item": rule("inference.item", inferenceItem),
  "inference.completed": rule("inference.completed", inferenceCompleted),
  "inference.failed": rule("inference.failed", inferenceFailed),
  "inference.cancelled": rule("inference.cancelled", inferenceCancelled),
  "compaction.installed": kept("compaction.installed"),
  "realtime.started": rule("realtime.started", realtimeStarted),
  "realtime.item-added": rule("realtime.item-added", realtimeItemAdded),
  "realtime.transcript.delta": rule("realtime.transcript.delta", realtimePassing),
  "realtime.transcript.done": rule("realtime.transcript.done", realtimeTranscriptDone),
  "realtime.audio": rule("realtime.audio", realtimeAudio),
  "realtime.sdp": rule("realtime.sdp", realtimePassing),
  "realtime.handoff": rule("realtime.handoff", realtimeHandoff),
  "realtime.error": rule("realtime.error", realtimeError),
  "realtime.closed": rule("realtime.closed", realtimeClosed),
  "account.updated": kept("account.updated"),
  "account.rate-limits.updated": kept("account.rate-limits.updated"),
  "mcp.status.updated": kept("mcp.status.updated"),
  "model.rerouted": kept("model.rerouted"),
  "config.warning": kept("config.warning"),
  "deprecation.notice": kept("deprecation.notice"),
  "runtime.warning": kept("runtime.warning"),
  "runtime.error": rule("runtime.error", runtimeError),
  "provider.unmapped": rule("provider.unmapped", (step, payload) => {
    const { conflict } = payload
    if (conflict !== undefined && conflict !== null) {
      const channel = `channel:${step.event.sessionId ?? step.event.streamId}/${conflict.channel}`
      step.note("seq-conflict", channel, `${conflict.seq} came again with other content`)
    } else if (!payload.known || (payload.problem !== undefined && payload.problem !== null)) {
      step.note("unmapped", `method:${payload.method}`, payload.problem ?? null)
    }
  }),
  "thread.created": rule("thread.created", threadCreated),
  "thread.renamed": rule("thread.renamed", threadRenamed),
  "thread.archived": rule("thread.archived", threadArchived),
  "thread.unarchived": rule("thread.unarchived", threadUnarchived),
  "thread.deleted": rule("thread.deleted", threadDeleted),
  "thread.restored": rule("thread.restored", threadRestored),
  "thread.forked": rule("thread.forked", threadForked),
  "thread.imported": rule("thread.imported", threadImported),
  "thread.purged": kept("thread.purged"),
  "thread.keep-alive-set": rule("thread.keep-alive-set", threadKeepAliveSet),
  "message.queued": rule("message.queued", messageQueued),
  "message.dequeued": rule("message.dequeued", (step, payload) => messageLeft(step, payload.messageId)),
  "message.cancelled": rule("message.cancelled", (step, payload) => messageLeft(step, payload.messageId)),
  "message.steered": rule("message.steered", messageSteered),
  "queue.reordered": rule("queue.reordered", queueReordered),
  "queue.resumed": rule("queue.resumed", queueResumed),
  "turn.requested": rule("turn.requested", turnRequested),
  "turn.start-failed": rule("turn.start-failed", turnStartFailed),
  "turn.start-timed-out": rule("turn.start-timed-out", turnStartTimedOut),
  "turn.interrupt-requested": rule("turn.interrupt-requested", turnInterruptRequested),
  "turn.settled": rule("turn.settled", turnSettled),
  "turn.after-end-settled": rule("turn.after-end-settled", turnAfterEndSettled),
  "turn.stalled": rule("turn.stalled", turnStalled),
  "request.answering": rule("request.answering", requestAnswering),
  "request.answered": rule("request.answered", requestAnswered),
  "request.answer-failed": rule("request.answer-failed", requestAnswerFailed),
  "request.expired": rule("request.expired", requestExpired),
  "session.start-requested": kept("session.start-requested"),
  "session.stop-requested": rule("session.stop-requested", sessionStopRequested),
  "session.reaped": rule("session.reaped", sessionReaped),
  "session.reconciled": rule("session.reconciled", sessionReconciled),
  "effect.delivered": rule("effect.delivered", effectDelivered),
  "effect.failed": kept("effect.failed"),
  "effect.uncertain": rule("effect.uncertain", effectUncertain),
  "realtime.start-requested": rule("realtime.start-requested", realtimeStartRequested),
  "realtime.stop-requested": rule("realtime.stop-requested", realtimeStopRequested),
  "realtime.failed": rule("realtime.failed", realtimeFailed),
  "delegation.opened": rule("delegation.opened", delegationOpened),
  "delegation.closed": rule("delegation.closed", delegationClosed),
}
