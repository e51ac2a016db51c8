import { Schema } from "effect"
import { SessionStatus } from "../events/SessionEvents.js"
import { field, growing, int, json, optInt, optText, optTime, retyped, shape, text } from "../fields.js"
import { Evidence, SourceMode, sequence, servedEvidence, span, threadId } from "./shared.js"
import { truncated } from "./Truncated.js"
import { type RowOf, table } from "./table.js"

/** Every field of a session. */
export const Session = shape("SessionRow", "One incarnation of a thread on a connection.", {
  sessionId: text("Our id."),
  threadId,
  connectionId: optText("Our id of its connection; null: an adapter outside feeds it."),
  epoch: int("1, 2, 3 … per thread."),
  provider: optText("Provider kind, for example `codex`; null: not known."),
  mode: field(
    SourceMode,
    "`managed`: we own the process; `attached`: an adapter pushes; `imported`: from a recording; `forked`: copied from another thread.",
  ),
  nativeSessionId: optText(
    "The provider's own session id, where it differs from its thread id: by it the thread is resumed.",
  ),
  status: field(SessionStatus, "What it is doing. Only `starting` and `running` may hold an active turn."),
  activeTurnId: optText("The running turn; null unless the status is `starting` or `running`."),
  pendingTurnId: optText("The oldest requested turn; null: none waits."),
  lastError: optText("Last error message, fatal or not; null: none."),
  cause: optText("Why it ended, a short token; null while it lives."),
  evidence: field(
    Schema.NullOr(Evidence),
    "How its end is known. `observed`: the provider reported it; `inferred`: we concluded it; null while it lives.",
  ),
  usageMode: optText("How its driver counts tokens; null: not known."),
  model: optText("Model name."),
  cwd: optText("Working directory, as the provider names it."),
  config: json("What else it runs with, in the provider's words: approval policy, sandbox, version."),
  leaseMs: optInt("Lease of an attached session, in ms; null: it needs none."),
  code: optInt("Exit code of its process; null: it runs, or a signal ended it."),
  signal: optText("Signal that ended its process; null: none did."),
  ...span,
  lastActivityAt: optTime("Our clock at its last event", "it has none"),
  sequence,
})

/** Its table. */
export const sessions = table("sessions", "One row per incarnation of a thread.", Session, {
  key: ["sessionId"],
  derived: ["lastActivityAt", "sequence"],
})
/** A row of `sessions`. */
export type SessionRow = RowOf<typeof sessions>

/** A session as it is served. */
export const SessionView = shape("Session", "One incarnation of a thread on a connection.", {
  ...Session.pick(
    "sessionId",
    "threadId",
    "connectionId",
    "epoch",
    "provider",
    "mode",
    "nativeSessionId",
    "model",
    "cwd",
    "config",
    "status",
    "activeTurnId",
    "pendingTurnId",
    "lastError",
    "cause",
    "evidence",
    "startedAt",
    "endedAt",
    "lastActivityAt",
  ).fields,
  mode: retyped(Session.fields.mode, growing(SourceMode)),
  evidence: servedEvidence(Session.fields.evidence),
  truncated,
})
export type SessionView = typeof SessionView.Type
