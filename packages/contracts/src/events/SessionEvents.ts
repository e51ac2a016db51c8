/** Connections and sessions: which process runs a thread, and whether it still does. */
import { Schema } from "effect"
import { Configuration } from "../entities/Configuration.js"
import { SourceMode } from "../entities/shared.js"
import { field, int, listed, maybe, shape, text } from "../fields.js"
import { Json, UsageMode } from "./Common.js"

/** `connection.opened` */
export const ConnectionOpened = shape(
  "ConnectionOpened",
  "A provider process or socket came up. Stream: the connection.",
  {
    provider: text("Provider kind: `codex`, `claude`, `acp`, or an adapter's own name."),
    mode: field(SourceMode, "How the connection's events reach us."),
    version: maybe(Schema.String, "Provider version, where it reports one."),
    pid: maybe(Schema.Number, "Operating-system process id."),
    command: maybe(Schema.Array(Schema.String), "Command line that started it, without secrets."),
    threadId: maybe(Schema.String, "Our id of the thread that it was opened for; it may serve others, too."),
  },
)
const ConnectionCloseReason = listed(
  "ConnectionCloseReason",
  "Why a connection is closed. `stopped`: Threadfold had asked the process to end.",
  "exit",
  "recording-ended",
  "transport-closed",
  "stopped",
)

/** `connection.closed` */
export const ConnectionClosed = shape(
  "ConnectionClosed",
  "The process exited or the socket closed. Stream: the connection.",
  {
    code: maybe(Schema.Number, "Exit code, null when a signal ended the process or none is known."),
    signal: maybe(Schema.String, "Signal name, for example `SIGKILL`."),
    reason: field(ConnectionCloseReason, "Why it is closed."),
    message: maybe(Schema.String, "Last words of an end that was not asked for, for example the tail of stderr."),
  },
)

/** What a session is doing. */
export const SessionStatus = listed(
  "SessionStatus",
  "Status of a session. Only `starting` and `running` may hold an active turn.",
  "starting",
  "running",
  "ready",
  "interrupted",
  "stopped",
  "error",
)
export type SessionStatus = typeof SessionStatus.Type

/** `session.started` */
export const SessionStarted = shape(
  "SessionStarted",
  "An incarnation of the thread exists. In mid-turn of the same session it changes nothing.",
  {
    provider: text("Provider kind of the session."),
    mode: field(
      SourceMode,
      "`managed`: we own the process; `attached`: an outside adapter pushes; `imported`: from a recording; `forked`: copied from a " +
        "managed or attached session of another thread.",
    ),
    connectionId: maybe(Schema.String, "The connection that carries it; null for an attached session."),
    nativeSessionId: maybe(Schema.String, "The provider's own session id, where it differs from its thread id."),
    resumed: maybe(Schema.Boolean, "True when an existing provider thread was taken up again."),
    usageMode: maybe(UsageMode, "How this driver counts tokens."),
    leaseMs: maybe(Schema.Number, "Lease of an attached session, in milliseconds."),
  },
)
/** `session.configured` */
export const SessionConfigured = shape(
  "SessionConfigured",
  "What the session runs with. Fields that are absent keep their value.",
  {
    model: maybe(Schema.String, "Model name."),
    cwd: maybe(Schema.String, "Working directory, as the provider names it."),
    approvalPolicy: maybe(Json, "Approval policy in the provider's words."),
    sandbox: maybe(Json, "Sandbox in the provider's words."),
    settings: maybe(Json, "Further settings, in the provider's words."),
    chosen: maybe(Configuration, "What a client has chosen, as the agent has taken it."),
    providerVersion: maybe(Schema.String, "Provider version."),
    nativeSessionId: maybe(
      Schema.String,
      "The provider's own session id from now on, where it gives the thread another one: by it the thread is resumed.",
    ),
  },
)
/** `session.state.changed` */
export const SessionStateChanged = shape(
  "SessionStateChanged",
  "The provider reported what it is doing (rules 1 and 2).",
  {
    state: field(SessionStatus, "The new status."),
    nativeState: maybe(Schema.String, "The provider's word for it."),
    reason: maybe(Schema.String, "What a person would want to know about it."),
    flags: maybe(Schema.Array(Schema.String), "What it waits for while it runs, for example `waitingOnApproval`."),
  },
)
const SessionExitReason = listed(
  "SessionExitReason",
  "Why a session is over. `exit`: the process ended; `unloaded`: the provider closed the thread; `recording-ended`: the evidence ends here.",
  "exit",
  "unloaded",
  "recording-ended",
  "transport-closed",
  "detached",
)

/** `session.exited` */
export const SessionExited = shape("SessionExited", "This incarnation is over.", {
  code: maybe(Schema.Number, "Exit code of the process, null when a signal ended it or none is known."),
  signal: maybe(Schema.String, "Signal name."),
  reason: field(SessionExitReason, "Why it is over."),
  failedStart: maybe(Schema.Boolean, "True when the session never came up: the session ends in `error`."),
  message: maybe(Schema.String, "Last words, for example the tail of stderr."),
})
/** `session.lease-lapsed` */
export const SessionLeaseLapsed = shape(
  "SessionLeaseLapsed",
  "The adapter of an attached session went silent for longer than its lease.",
  {
    leaseMs: int("The lease that lapsed, in milliseconds."),
  },
)
