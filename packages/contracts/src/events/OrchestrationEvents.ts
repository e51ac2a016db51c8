/** Events that Threadfold itself appends. In an imported recording the client's own messages become some of them. */
import { Schema } from "effect"
import { field, maybe, optInt, shape, text } from "../fields.js"
import { Json, TokenCounts } from "./Common.js"

/** `thread.created` */
export const ThreadCreated = shape("ThreadCreated", "A client made the thread.", {
  provider: maybe(Schema.String, "Provider kind."),
  title: maybe(Schema.String, "Display name."),
  cwd: maybe(Schema.String, "Working directory."),
  agent: maybe(Schema.String, "Name of the configured agent that works in it."),
  model: maybe(Schema.String, "Model, in the provider's words."),
  settings: maybe(Json, "Settings of its sessions, in the provider's words."),
})
/** `thread.renamed` */
export const ThreadRenamed = shape("ThreadRenamed", "The thread has another display name.", {
  title: text("New display name."),
})
/** `thread.forked` */
export const ThreadForked = shape("ThreadForked", "This thread was copied from another.", {
  fromThreadId: text("Our id of the source."),
  atTurnId: maybe(Schema.String, "Our id of the source's turn that is the last one of the copy."),
  atSequence: maybe(
    Schema.Number,
    "Sequence of the source's last event that was copied. Event n of the copy is event n of the source.",
  ),
  usage: maybe(TokenCounts, "What the source had used until then. It counts for the source alone."),
})
/** `thread.imported` */
export const ThreadImported = shape("ThreadImported", "A recording was read into this thread.", {
  source: text("Source kind, for example `codex-app-server`."),
  file: maybe(Schema.String, "File name, without its path."),
})
/** `thread.keep-alive-set` */
export const ThreadKeepAliveSet = shape("ThreadKeepAliveSet", "The reaper leaves the thread alone until then.", {
  until: optInt("Milliseconds since the epoch; null lifts it."),
})
/** `message.queued` */
export const MessageQueued = shape("MessageQueued", "An opening event.", {
  messageId: text("Our id of the message."),
  text: text("The user's text."),
  settings: maybe(Json, "Settings of its turn, in the provider's words."),
})
/** `message.dequeued`, `message.cancelled` */
export const MessageRef = shape("MessageRef", "The message left the queue.", {
  messageId: text("Our id of the message."),
})
/** `message.steered` */
export const MessageSteered = shape("MessageSteered", "A message went into the running turn.", {
  messageId: maybe(Schema.String, "Our id of the message, where it came from the queue."),
  text: maybe(Schema.String, "The user's text."),
})
/** `queue.reordered` */
export const QueueReordered = shape("QueueReordered", "Names every queued message exactly once.", {
  messageIds: field(Schema.Array(Schema.String), "Our ids of the messages, in the new order."),
})
/** `queue.resumed` */
export const QueueResumed = shape("QueueResumed", "A held queue runs again: a client let it.", {})
/** `session.start-requested` */
export const SessionStartRequested = shape("SessionStartRequested", "A session was asked for.", {
  data: maybe(Json, "What was asked for, in the provider's words."),
})
/** `session.stop-requested` */
export const SessionStopRequested = shape("SessionStopRequested", "The end of a session was asked for.", {
  reason: maybe(Schema.String, "Why."),
})
/** `session.reaped` */
export const SessionReaped = shape("SessionReaped", "The reaper stopped it.", {
  idleMs: maybe(Schema.Number, "Idle age in milliseconds."),
  reason: maybe(Schema.String, "The reaper's reason."),
})
/** `session.reconciled` */
export const SessionReconciled = shape("SessionReconciled", "After a restart we found out that the session is gone.", {
  liveness: field(Schema.Literal("alive", "gone", "unknown"), "What we found."),
  reason: maybe(Schema.String, "How."),
})
/** `effect.delivered`, `effect.failed`, `effect.uncertain` */
export const EffectOutcome = shape("EffectOutcome", "What became of a provider call.", {
  effect: text("Kind of the effect, for example `turn.start`; in a recording the call, for example `turn/start`."),
  effectId: maybe(Schema.String, "Our id of the effect."),
  message: maybe(Schema.String, "What is known about it."),
})
/** `thread.purged` */
export const ThreadPurged = shape("ThreadPurged", "The content is gone, the sealed hash stays.", {
  sealedHash: text("Canonical hash of the thread before its content went, SHA-256 hex."),
})
