/**
 * The catalogue of event types: literal name → payload schema. Additions are additive; a changed payload gets a new
 * `v` and an upcaster in `core`.
 */
import { Schema } from "effect"
import { Empty } from "./events/Common.js"
import * as Diagnostics from "./events/DiagnosticsEvents.js"
import * as Inference from "./events/InferenceEvents.js"
import * as Item from "./events/ItemEvents.js"
import * as Task from "./events/ItemEvents.js"
import * as Orchestration from "./events/OrchestrationEvents.js"
import * as Realtime from "./events/RealtimeEvents.js"
import * as Request from "./events/RequestEvents.js"
import * as Session from "./events/SessionEvents.js"
import * as Thread from "./events/ThreadEvents.js"
import * as Turn from "./events/TurnEvents.js"

/** Events of agents. Each carries `(sessionId | connectionId, channel, seq)`. */
export const providerEvents = {
  "connection.opened": Session.ConnectionOpened,
  "connection.closed": Session.ConnectionClosed,
  "session.started": Session.SessionStarted,
  "session.configured": Session.SessionConfigured,
  "session.state.changed": Session.SessionStateChanged,
  "session.exited": Session.SessionExited,
  "session.lease-lapsed": Session.SessionLeaseLapsed,
  "thread.started": Thread.ThreadStarted,
  "thread.metadata.updated": Thread.ThreadMetadataUpdated,
  "thread.token-usage.updated": Thread.ThreadTokenUsageUpdated,
  "thread.rewound": Thread.ThreadRewound,
  "turn.accepted": Turn.TurnAccepted,
  "turn.started": Turn.TurnStarted,
  "turn.completed": Turn.TurnCompleted,
  "turn.aborted": Turn.TurnAborted,
  "turn.plan.updated": Turn.TurnPlanUpdated,
  "turn.proposed.delta": Turn.TurnProposedDelta,
  "turn.proposed.completed": Turn.TurnProposedCompleted,
  "turn.diff.updated": Turn.TurnDiffUpdated,
  "item.started": Item.ItemStarted,
  "item.updated": Item.ItemUpdated,
  "item.completed": Item.ItemCompleted,
  "content.delta": Item.ContentDelta,
  "request.opened": Request.RequestOpened,
  "request.resolved": Request.RequestResolved,
  "user-input.requested": Request.UserInputRequested,
  "user-input.resolved": Request.UserInputResolved,
  "task.started": Task.TaskStarted,
  "task.progress": Task.TaskProgress,
  "task.completed": Task.TaskCompleted,
  "inference.started": Inference.InferenceStarted,
  "inference.item": Inference.InferenceItem,
  "inference.completed": Inference.InferenceCompleted,
  "inference.failed": Inference.InferenceFailed,
  "inference.cancelled": Inference.InferenceCancelled,
  "compaction.installed": Thread.CompactionInstalled,
  "realtime.started": Realtime.RealtimeStarted,
  "realtime.item-added": Realtime.RealtimeItemAdded,
  "realtime.transcript.delta": Realtime.RealtimeTranscriptDelta,
  "realtime.transcript.done": Realtime.RealtimeTranscriptDone,
  "realtime.audio": Realtime.RealtimeAudio,
  "realtime.sdp": Realtime.RealtimeSdp,
  "realtime.handoff": Realtime.RealtimeHandoff,
  "realtime.error": Realtime.RealtimeError,
  "realtime.closed": Realtime.RealtimeClosed,
  "account.updated": Diagnostics.ProviderData,
  "account.rate-limits.updated": Diagnostics.ProviderData,
  "mcp.status.updated": Diagnostics.ProviderData,
  "model.rerouted": Diagnostics.ModelRerouted,
  "config.warning": Diagnostics.Notice,
  "deprecation.notice": Diagnostics.Notice,
  "runtime.warning": Diagnostics.Notice,
  "runtime.error": Diagnostics.RuntimeError,
  "provider.unmapped": Diagnostics.ProviderUnmapped,
} as const

/** Events of Threadfold; in an imported recording, those of the client. */
export const orchestrationEvents = {
  "thread.created": Orchestration.ThreadCreated,
  "thread.renamed": Orchestration.ThreadRenamed,
  "thread.archived": Empty,
  "thread.unarchived": Empty,
  "thread.deleted": Empty,
  "thread.restored": Empty,
  "thread.forked": Orchestration.ThreadForked,
  "thread.imported": Orchestration.ThreadImported,
  "thread.purged": Orchestration.ThreadPurged,
  "connection.purged": Orchestration.ConnectionPurged,
  "thread.keep-alive-set": Orchestration.ThreadKeepAliveSet,
  "thread.unattended-set": Orchestration.ThreadUnattendedSet,
  "thread.read": Orchestration.ThreadRead,
  "thread.pinned": Empty,
  "thread.unpinned": Empty,
  "message.queued": Orchestration.MessageQueued,
  "message.edited": Orchestration.MessageEdited,
  "message.dequeued": Orchestration.MessageRef,
  "message.cancelled": Orchestration.MessageRef,
  "message.steered": Orchestration.MessageSteered,
  "queue.reordered": Orchestration.QueueReordered,
  "queue.resumed": Orchestration.QueueResumed,
  "turn.requested": Turn.TurnRequested,
  "turn.start-failed": Turn.TurnStartFailed,
  "turn.start-timed-out": Turn.TurnStartTimedOut,
  "turn.interrupt-requested": Turn.TurnInterruptRequested,
  "turn.settled": Turn.TurnSettled,
  "turn.after-end-settled": Turn.TurnAfterEndSettled,
  "turn.stalled": Turn.TurnStalled,
  "request.answering": Request.RequestAnswering,
  "request.answered": Request.RequestAnswered,
  "request.answer-failed": Request.RequestAnswerFailed,
  "request.expired": Request.RequestExpired,
  "task.stop-requested": Task.TaskStopRequested,
  "session.start-requested": Orchestration.SessionStartRequested,
  "session.configure-requested": Orchestration.SessionConfigureRequested,
  "session.configure-failed": Orchestration.SessionConfigureFailed,
  "session.stop-requested": Orchestration.SessionStopRequested,
  "session.reaped": Orchestration.SessionReaped,
  "session.reconciled": Orchestration.SessionReconciled,
  "effect.delivered": Orchestration.EffectOutcome,
  "effect.failed": Orchestration.EffectOutcome,
  "effect.uncertain": Orchestration.EffectOutcome,
  "realtime.start-requested": Realtime.RealtimeStartRequested,
  "realtime.stop-requested": Realtime.RealtimeStopRequested,
  "realtime.failed": Realtime.RealtimeFailed,
  "delegation.opened": Realtime.DelegationOpened,
  "delegation.closed": Realtime.DelegationClosed,
} as const

/** All event types, name → payload schema. */
export const events = { ...providerEvents, ...orchestrationEvents } as const

/** The name of an event type that agents send. */
export type ProviderEventType = keyof typeof providerEvents
/** The name of an event type that Threadfold appends. */
export type OrchestrationEventType = keyof typeof orchestrationEvents
/** The name of an event type known to this version. */
export type EventType = keyof typeof events
/** The decoded payload of an event type. */
export type PayloadOf<T extends EventType> = Schema.Schema.Type<(typeof events)[T]>

/** Current schema version of every type; the writer stamps it, upcasters lift older ones to it. */
export const eventVersions: { readonly [T in EventType]: number } = Object.freeze(
  Object.fromEntries(Object.keys(events).map((type) => [type, 1])) as { [T in EventType]: number },
)

/** Whether this version knows the type. */
export const isEventType = (type: string): type is EventType => Object.hasOwn(events, type)
/** The types of tombstones: each is the last event of a purged stream, of a thread or of a connection. */
export const tombstoneTypes: ReadonlySet<string> = new Set<EventType>(["thread.purged", "connection.purged"])
/** Whether it is a type that agents send. */
export const isProviderEventType = (type: string): type is ProviderEventType => Object.hasOwn(providerEvents, type)

/**
 * Which of our ids an *opening* event mints (`resolve` in `core`). A few others mint one where no opening event came before them: a
 * whole item, a delta with its item's kind, the end of an inference (`mints` in `core`). Every other event only looks ids up.
 */
export const openingEvents = {
  "turn.started": "turnId",
  "turn.requested": "turnId",
  "item.started": "itemId",
  "request.opened": "requestId",
  "user-input.requested": "requestId",
  "task.started": "taskId",
  "inference.started": "inferenceId",
  "realtime.start-requested": "realtimeId",
  "realtime.started": "realtimeId",
  "realtime.handoff": "delegationId",
  "delegation.opened": "delegationId",
} as const satisfies { readonly [T in EventType]?: string }

/** Decodes a payload of a known type; the trust boundary for pushed events and translators. */
export const decodePayload = (type: EventType) => Schema.decodeUnknownEither(events[type] as Schema.Schema<unknown>)
