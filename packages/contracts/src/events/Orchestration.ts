/** Events that Threadfold itself appends. In an imported recording the client's own messages become some of them. */
import { Schema } from "effect"
import { Json, maybe } from "./Common.js"

/** `thread.created`: a client made the thread. */
export const ThreadCreated = Schema.Struct({
  /** Provider kind. */
  provider: maybe(Schema.String),
  /** Display name. */
  title: maybe(Schema.String),
  /** Working directory. */
  cwd: maybe(Schema.String),
  /** Name of the configured agent that works in it. */
  agent: maybe(Schema.String),
  /** Model, in the provider's words. */
  model: maybe(Schema.String),
  /** Settings of its sessions, in the provider's words. */
  settings: maybe(Json),
})
/** `thread.renamed`. */
export const ThreadRenamed = Schema.Struct({
  /** New display name. */
  title: Schema.String,
})
/** `thread.forked`: this thread was copied from another. */
export const ThreadForked = Schema.Struct({
  /** Our id of the source. */
  fromThreadId: Schema.String,
})
/** `thread.imported`: a recording was read into this thread. */
export const ThreadImported = Schema.Struct({
  /** Source kind, for example `codex-app-server`. */
  source: Schema.String,
  /** File name, without its path. */
  file: maybe(Schema.String),
})
/** `thread.keep-alive-set`: the reaper leaves the thread alone until then. */
export const ThreadKeepAliveSet = Schema.Struct({
  /** Milliseconds since the epoch; null lifts it. */
  until: Schema.NullOr(Schema.Number),
})
/** `message.queued`: an opening event. */
export const MessageQueued = Schema.Struct({
  /** Our id of the message. */
  messageId: Schema.String,
  /** The user's text. */
  text: Schema.String,
  /** Settings of its turn, in the provider's words. */
  settings: maybe(Json),
})
/** `message.dequeued`, `message.cancelled`: the message left the queue. */
export const MessageRef = Schema.Struct({
  /** Our id of the message. */
  messageId: Schema.String,
})
/** `message.steered`: a message went into the running turn. */
export const MessageSteered = Schema.Struct({
  /** Our id of the message, where it came from the queue. */
  messageId: maybe(Schema.String),
  /** The user's text. */
  text: maybe(Schema.String),
})
/** `queue.reordered`: names every queued message exactly once. */
export const QueueReordered = Schema.Struct({
  /** Our ids of the messages, in the new order. */
  messageIds: Schema.Array(Schema.String),
})
/** `queue.resumed`: somebody let a held queue run. */
export const QueueResumed = Schema.Struct({})
/** `session.start-requested`: somebody wants a session. */
export const SessionStartRequested = Schema.Struct({
  /** What was asked for, in the provider's words. */
  data: maybe(Json),
})
/** `session.stop-requested`: somebody wants it gone. */
export const SessionStopRequested = Schema.Struct({
  /** Why. */
  reason: maybe(Schema.String),
})
/** `session.reaped`: the reaper stopped it. */
export const SessionReaped = Schema.Struct({
  /** Idle age in milliseconds. */
  idleMs: maybe(Schema.Number),
  /** The reaper's reason. */
  reason: maybe(Schema.String),
})
/** `session.reconciled`: after a restart we found out that the session is gone. */
export const SessionReconciled = Schema.Struct({
  /** What we found. */
  liveness: Schema.Literal("alive", "gone", "unknown"),
  /** How. */
  reason: maybe(Schema.String),
})
/** `effect.delivered`, `effect.failed`, `effect.uncertain`: what became of a provider call. */
export const EffectOutcome = Schema.Struct({
  /** Kind of the effect, for example `turn.start`; in a recording the call, for example `turn/start`. */
  effect: Schema.String,
  /** Our id of the effect. */
  effectId: maybe(Schema.String),
  /** What is known about it. */
  message: maybe(Schema.String),
})
/** `thread.purged`: the content is gone, the sealed hash stays. */
export const ThreadPurged = Schema.Struct({
  /** Canonical hash of the thread before its content went, SHA-256 hex. */
  sealedHash: Schema.String,
})
