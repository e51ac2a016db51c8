/**
 * Which rule each event type follows. The record is exhaustive by type: an event type without an entry does not compile, so that
 * no event type is forgotten.
 */

import type { EventType, PayloadOf } from "@threadfold/contracts"
import { isPayload } from "../payload/guard.js"
import { byRule, type RuleNumber } from "./byRule.js"
import { sessionConfigureFailed, sessionConfigureRequested } from "./configuration.js"
import { connectionClosed, connectionOpened, connectionPurged } from "./connection.js"
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
import { messageEdited, messageLeft, messageQueued, messageSteered, queueReordered, queueResumed } from "./queue.js"
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
  threadPinned,
  threadPurged,
  threadRead,
  threadRenamed,
  threadRestored,
  threadStarted,
  threadUnarchived,
  threadUnattendedSet,
  threadUnpinned,
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

/** The rule of an event type, by its number, and what carries it out. */
const rule = <T extends EventType>(
  type: T,
  number: RuleNumber,
  apply: (step: Step, payload: PayloadOf<T>) => void,
): Rule => {
  const registered = byRule(number, apply)
  return (step, payload) => {
    if (!isPayload(type, payload)) return false
    if (step.trace !== null) step.trace.ofType = number
    registered(step, payload)
    return true
  }
}

/** An event that is stored and shown, and changes no row. */
const kept = (type: EventType): Rule => rule(type, 18, () => undefined)

/** A rule for every event type. */
export type RuleBook = { readonly [T in EventType]: Rule }

export const rules: RuleBook = {
  "connection.opened": rule("connection.opened", 17, connectionOpened),
  "connection.closed": rule("connection.closed", 17, connectionClosed),
  "session.started": rule("session.started", 4, sessionStarted),
  "session.configured": rule("session.configured", 15, sessionConfigured),
  "session.state.changed": rule("session.state.changed", 1, sessionStateChanged),
  "session.exited": rule("session.exited", 1, sessionExited),
  "session.lease-lapsed": rule("session.lease-lapsed", 1, sessionLeaseLapsed),
  "thread.started": rule("thread.started", 15, threadStarted),
  "thread.metadata.updated": rule("thread.metadata.updated", 15, threadMetadataUpdated),
  "thread.token-usage.updated": rule("thread.token-usage.updated", 10, tokenUsageUpdated),
  "thread.rewound": rule("thread.rewound", 13, threadRewound),
  "turn.accepted": rule("turn.accepted", 2, turnAccepted),
  "turn.started": rule("turn.started", 3, turnStarted),
  "turn.completed": rule("turn.completed", 2, turnCompleted),
  "turn.aborted": rule("turn.aborted", 2, turnAborted),
  "turn.plan.updated": rule("turn.plan.updated", 15, turnPlanUpdated),
  "turn.proposed.delta": kept("turn.proposed.delta"),
  "turn.proposed.completed": rule("turn.proposed.completed", 15, turnProposedCompleted),
  "turn.diff.updated": rule("turn.diff.updated", 15, turnDiffUpdated),
  "item.started": rule("item.started", 5, itemStarted),
  "item.updated": rule("item.updated", 5, itemUpdated),
  "item.completed": rule("item.completed", 5, itemCompleted),
  "content.delta": rule("content.delta", 5, contentDelta),
  "request.opened": rule("request.opened", 6, requestOpened),
  "request.resolved": rule("request.resolved", 6, requestResolved),
  "user-input.requested": rule("user-input.requested", 6, requestOpened),
  "user-input.resolved": rule("user-input.resolved", 6, requestResolved),
  "task.started": rule("task.started", 5, taskStarted),
  "task.progress": rule("task.progress", 5, taskProgress),
  "task.completed": rule("task.completed", 5, taskCompleted),
  "inference.started": rule("inference.started", 7, inferenceStarted),
  "inference.item": rule("inference.item", 7, inferenceItem),
  "inference.completed": rule("inference.completed", 7, inferenceCompleted),
  "inference.failed": rule("inference.failed", 7, inferenceFailed),
  "inference.cancelled": rule("inference.cancelled", 7, inferenceCancelled),
  "compaction.installed": kept("compaction.installed"),
  "realtime.started": rule("realtime.started", 8, realtimeStarted),
  "realtime.item-added": rule("realtime.item-added", 8, realtimeItemAdded),
  "realtime.transcript.delta": rule("realtime.transcript.delta", 8, realtimePassing),
  "realtime.transcript.done": rule("realtime.transcript.done", 8, realtimeTranscriptDone),
  "realtime.audio": rule("realtime.audio", 8, realtimeAudio),
  "realtime.sdp": rule("realtime.sdp", 8, realtimePassing),
  "realtime.handoff": rule("realtime.handoff", 9, realtimeHandoff),
  "realtime.error": rule("realtime.error", 8, realtimeError),
  "realtime.closed": rule("realtime.closed", 8, realtimeClosed),
  "account.updated": kept("account.updated"),
  "account.rate-limits.updated": kept("account.rate-limits.updated"),
  "mcp.status.updated": kept("mcp.status.updated"),
  "model.rerouted": kept("model.rerouted"),
  "config.warning": kept("config.warning"),
  "deprecation.notice": kept("deprecation.notice"),
  "runtime.warning": kept("runtime.warning"),
  "runtime.error": rule("runtime.error", 1, runtimeError),
  "provider.unmapped": rule("provider.unmapped", 18, (step, payload) => {
    const { conflict } = payload
    if (conflict !== undefined && conflict !== null) {
      const channel = `channel:${step.event.sessionId ?? step.event.streamId}/${conflict.channel}`
      step.note("seq-conflict", channel, `${conflict.seq} came again with other content`)
    } else if (!payload.known || (payload.problem !== undefined && payload.problem !== null)) {
      step.note("unmapped", `method:${payload.method}`, payload.problem ?? null)
    }
  }),
  "thread.created": rule("thread.created", 15, threadCreated),
  "thread.renamed": rule("thread.renamed", 15, threadRenamed),
  "thread.archived": rule("thread.archived", 15, threadArchived),
  "thread.unarchived": rule("thread.unarchived", 15, threadUnarchived),
  "thread.deleted": rule("thread.deleted", 15, threadDeleted),
  "thread.restored": rule("thread.restored", 15, threadRestored),
  "thread.forked": rule("thread.forked", 15, threadForked),
  "thread.imported": rule("thread.imported", 15, threadImported),
  "thread.purged": rule("thread.purged", 19, threadPurged),
  "connection.purged": rule("connection.purged", 19, connectionPurged),
  "thread.keep-alive-set": rule("thread.keep-alive-set", 15, threadKeepAliveSet),
  "thread.unattended-set": rule("thread.unattended-set", 15, threadUnattendedSet),
  "thread.read": rule("thread.read", 15, threadRead),
  "thread.pinned": rule("thread.pinned", 15, threadPinned),
  "thread.unpinned": rule("thread.unpinned", 15, threadUnpinned),
  "message.queued": rule("message.queued", 14, messageQueued),
  "message.edited": rule("message.edited", 14, messageEdited),
  "message.dequeued": rule("message.dequeued", 14, (step, { messageId }) => messageLeft(step, messageId, "dequeued")),
  "message.cancelled": rule("message.cancelled", 14, (step, { messageId }) =>
    messageLeft(step, messageId, "cancelled"),
  ),
  "message.steered": rule("message.steered", 14, messageSteered),
  "queue.reordered": rule("queue.reordered", 14, queueReordered),
  "queue.resumed": rule("queue.resumed", 14, queueResumed),
  "turn.requested": rule("turn.requested", 2, turnRequested),
  "turn.start-failed": rule("turn.start-failed", 2, turnStartFailed),
  "turn.start-timed-out": rule("turn.start-timed-out", 2, turnStartTimedOut),
  "turn.interrupt-requested": rule("turn.interrupt-requested", 2, turnInterruptRequested),
  "turn.settled": rule("turn.settled", 2, turnSettled),
  "turn.after-end-settled": rule("turn.after-end-settled", 5, turnAfterEndSettled),
  "turn.stalled": rule("turn.stalled", 2, turnStalled),
  "request.answering": rule("request.answering", 6, requestAnswering),
  "request.answered": rule("request.answered", 6, requestAnswered),
  "request.answer-failed": rule("request.answer-failed", 6, requestAnswerFailed),
  "task.stop-requested": kept("task.stop-requested"),
  "request.expired": rule("request.expired", 6, requestExpired),
  "session.start-requested": kept("session.start-requested"),
  "session.configure-requested": rule("session.configure-requested", 15, sessionConfigureRequested),
  "session.configure-failed": rule("session.configure-failed", 15, sessionConfigureFailed),
  "session.stop-requested": rule("session.stop-requested", 2, sessionStopRequested),
  "session.reaped": rule("session.reaped", 1, sessionReaped),
  "session.reconciled": rule("session.reconciled", 1, sessionReconciled),
  "effect.delivered": rule("effect.delivered", 2, effectDelivered),
  "effect.failed": kept("effect.failed"),
  "effect.uncertain": rule("effect.uncertain", 2, effectUncertain),
  "realtime.start-requested": rule("realtime.start-requested", 8, realtimeStartRequested),
  "realtime.stop-requested": rule("realtime.stop-requested", 8, realtimeStopRequested),
  "realtime.failed": rule("realtime.failed", 8, realtimeFailed),
  "delegation.opened": rule("delegation.opened", 9, delegationOpened),
  "delegation.closed": rule("delegation.closed", 9, delegationClosed),
}
