/** Events that Threadfold itself appends. In an imported recording the client's own messages become some of them. */
import { Schema } from "effect"
import { Configuration } from "../entities/Configuration.js"
import { field, json, maybe, optInt, optText, shape, text } from "../fields.js"
import { Json, Settings, TokenCounts } from "./Common.js"
import { MessageParts } from "./MessageParts.js"
import { UnattendedRules } from "./RequestEvents.js"

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
  agent: maybe(
    Schema.String,
    "The configured agent that goes on in this thread, with a conversation that it forks; absent: none does.",
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
/** `thread.unattended-set` */
export const ThreadUnattendedSet = shape(
  "ThreadUnattendedSet",
  "What follows from now on when no person answers a question of the thread's agent.",
  {
    rules: field(Schema.NullOr(UnattendedRules), "The rules, in order; null: the thread has none of its own any more."),
  },
)
/** `thread.read` */
export const ThreadRead = shape("ThreadRead", "A person has seen the thread.", {
  version: field(Schema.Number, "Version of the thread up to which it was seen."),
})
/** `message.queued` */
export const MessageQueued = shape("MessageQueued", "An opening event.", {
  messageId: text("Our id of the message."),
  text: text("The user's text; empty where it has none."),
  parts: maybe(MessageParts, "Its parts, where it is more than one text."),
  settings: maybe(Json, "Settings of its turn, in the provider's words."),
})
/** `message.dequeued`, `message.cancelled` */
export const MessageRef = shape("MessageRef", "The message left the queue.", {
  messageId: text("Our id of the message."),
})
/** `message.edited` */
export const MessageEdited = shape("MessageEdited", "A message was written again while it waits in the queue.", {
  messageId: text("Our id of the message."),
  text: text("The user's text from now on; empty where it has none."),
  parts: maybe(MessageParts, "Its parts from now on, where it is more than one text."),
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
/** `session.configure-requested` */
export const SessionConfigureRequested = shape(
  "SessionConfigureRequested",
  "A client chose what the agent of the thread works with: from the next session on and, where one lives, in that one.",
  {
    chosen: field(Configuration, "The choices."),
    settings: field(
      Settings,
      "The same as settings that a session is started with, in the provider's words, beside its model.",
    ),
  },
)
/** `session.configure-failed` */
export const SessionConfigureFailed = shape(
  "SessionConfigureFailed",
  "The agent did not take what a client chose. What the thread had before holds again, unless it was changed since.",
  {
    effectId: maybe(Schema.String, "Our id of the effect."),
    message: text("Why, for people."),
    chosen: field(Configuration, "The choices."),
    settings: field(Settings, "The same as settings of a session."),
    before: field(
      shape("ConfiguredBefore", "What a thread had before a client chose something.", {
        model: optText("Model of the thread before; null: none."),
        settings: json("Settings of the thread before; null: none."),
      }),
      "What the thread had before.",
    ),
  },
)
/** `session.stop-requested` */
export const SessionStopRequested = shape("SessionStopRequested", "The end of a session was asked for.", {
  reason: maybe(Schema.String, "Why."),
  cause: maybe(
    Schema.String,
    "Cause of the turns that it cancels: `forked` or `imported` where a copied stream is settled; absent: `stop-requested`.",
  ),
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
  data: maybe(
    Json,
    "What the agent answered: `{files: {paths, insertions, deletions, skipped}}` of a rewind that restored files.",
  ),
})
/** `connection.purged` */
export const ConnectionPurged = shape(
  "ConnectionPurged",
  "The last thread that the connection had served was purged: what its events said is gone. Stream: the connection.",
  {
    sealedHash: text("Canonical hash of the connection's rows before its content went, SHA-256 hex."),
    provider: maybe(Schema.String, "Provider kind."),
    mode: maybe(Schema.String, "How its events reached us."),
    version: maybe(Schema.String, "Provider version."),
    pid: maybe(Schema.Number, "Operating-system process id."),
    code: maybe(Schema.Number, "Exit code."),
    signal: maybe(Schema.String, "Signal that ended it."),
    reason: maybe(Schema.String, "Why it closed, a short token."),
    openedAt: maybe(Schema.Number, "When it was opened, ms since the epoch, source clock."),
    closedAt: maybe(Schema.Number, "When it closed, ms since the epoch, source clock."),
  },
)
/** `thread.purged` */
export const ThreadPurged = shape("ThreadPurged", "The content is gone, the sealed hash stays.", {
  sealedHash: text("Canonical hash of the thread before its content went, SHA-256 hex."),
  provider: maybe(Schema.String, "Provider kind of the thread."),
  createdAt: maybe(Schema.Number, "When the thread began, ms since the epoch, source clock."),
})
