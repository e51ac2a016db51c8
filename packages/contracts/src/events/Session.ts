/** Connections and sessions: who runs a thread, and whether it still does. */
import { Schema } from "effect"
import { Json, maybe, UsageMode } from "./Common.js"

/** `connection.opened`: a provider process or socket came up. Stream: the connection. */
export const ConnectionOpened = Schema.Struct({
  /** Provider kind: `codex`, `claude`, `acp`, or an adapter's own name. */
  provider: Schema.String,
  /** How the connection's events reach us. */
  mode: Schema.Literal("managed", "attached", "imported"),
  /** Provider version, where it says one. */
  version: maybe(Schema.String),
  /** Operating-system process id. */
  pid: maybe(Schema.Number),
  /** Command line that started it, without secrets. */
  command: maybe(Schema.Array(Schema.String)),
})
/** `connection.closed`: the process exited or the socket closed. Stream: the connection. */
export const ConnectionClosed = Schema.Struct({
  /** Exit code, null when a signal ended the process or none is known. */
  code: maybe(Schema.Number),
  /** Signal name, for example `SIGKILL`. */
  signal: maybe(Schema.String),
  /** Why we say that it is closed; `stopped`: we had asked the process to end. */
  reason: Schema.Literal("exit", "recording-ended", "transport-closed", "stopped"),
  /** Last words of an end that nobody asked for, for example the tail of stderr. */
  message: maybe(Schema.String),
})

/** Status of a session. Only `starting` and `running` may hold an active turn. */
export const SessionStatus = Schema.Literal("starting", "running", "ready", "interrupted", "stopped", "error")
export type SessionStatus = typeof SessionStatus.Type

/** `session.started`: an incarnation of the thread exists. In mid-turn of the same session it changes nothing. */
export const SessionStarted = Schema.Struct({
  /** Provider kind of the session. */
  provider: Schema.String,
  /** `managed`: we own the process; `attached`: an outside adapter pushes; `imported`: from a recording. */
  mode: Schema.Literal("managed", "attached", "imported"),
  /** The connection that carries it; null for an attached session. */
  connectionId: maybe(Schema.String),
  /** The provider's own session id, where it differs from its thread id. */
  nativeSessionId: maybe(Schema.String),
  /** True when an existing provider thread was taken up again. */
  resumed: maybe(Schema.Boolean),
  /** How this driver counts tokens. */
  usageMode: maybe(UsageMode),
  /** Lease of an attached session, in milliseconds. */
  leaseMs: maybe(Schema.Number),
})
/** `session.configured`: what the session runs with. Fields that are absent keep their value. */
export const SessionConfigured = Schema.Struct({
  /** Model name. */
  model: maybe(Schema.String),
  /** Working directory, as the provider names it. */
  cwd: maybe(Schema.String),
  /** Approval policy in the provider's words. */
  approvalPolicy: maybe(Json),
  /** Sandbox in the provider's words. */
  sandbox: maybe(Json),
  /** Further settings, in the provider's words. */
  settings: maybe(Json),
  /** Provider version. */
  providerVersion: maybe(Schema.String),
  /** The provider's own session id from now on, where it gives the thread another one: by it the thread is resumed. */
  nativeSessionId: maybe(Schema.String),
})
/** `session.state.changed`: the provider said what it is doing (rules 1 and 2). */
export const SessionStateChanged = Schema.Struct({
  /** The new status. */
  state: SessionStatus,
  /** The provider's word for it. */
  nativeState: maybe(Schema.String),
  /** What a person would want to know about it. */
  reason: maybe(Schema.String),
  /** What it waits for while it runs, for example `waitingOnApproval`. */
  flags: maybe(Schema.Array(Schema.String)),
})
/** `session.exited`: this incarnation is over. */
export const SessionExited = Schema.Struct({
  /** Exit code of the process, null when a signal ended it or none is known. */
  code: maybe(Schema.Number),
  /** Signal name. */
  signal: maybe(Schema.String),
  /** `exit`: the process ended; `unloaded`: the provider closed the thread; `recording-ended`: the evidence ends here. */
  reason: Schema.Literal("exit", "unloaded", "recording-ended", "transport-closed", "detached"),
  /** True when the session never came up: the session ends in `error`. */
  failedStart: maybe(Schema.Boolean),
  /** Last words, for example the tail of stderr. */
  message: maybe(Schema.String),
})
/** `session.lease-lapsed`: the adapter of an attached session went silent for longer than its lease. */
export const SessionLeaseLapsed = Schema.Struct({
  /** The lease that lapsed, in milliseconds. */
  leaseMs: Schema.Number,
})
