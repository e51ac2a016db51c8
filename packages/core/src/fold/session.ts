/** Sessions: epochs (rule 4), the status that the provider reports (rules 1 and 2), and every way to an end. */

import type { PayloadOf, SessionRow, TurnRow } from "@threadfold/contracts"
import { isObject } from "../canonicalJson.js"
import { hasEnded, isActive } from "../state/lifecycle.js"
import { interruptAfterEnd } from "./closures.js"
import { checkNumber } from "./numbering.js"
import { endSession, leaveStarting, moveSession } from "./pointer.js"
import { holdQueue } from "./queue.js"
import { eventSession, refuseEnded, refuseStale, type Step } from "./Step.js"
import { endTurn } from "./turnEnd.js"

/** `session.started`: the same session again keeps what runs; a new one first ends the old (rule 4). */
export const sessionStarted = (step: Step, payload: PayloadOf<"session.started">): void => {
  const { event, state } = step
  if (event.sessionId === null) return
  const current = state.session
  if (current !== null && current.sessionId === event.sessionId) {
    if (hasEnded(current)) return step.note("session-event-after-exit", eventSession(step), event.type)
    if (state.active === null) moveSession(step, "ready")
    return
  }
  if (refuseStale(step)) return
  if (step.rows.find("sessions", "key", [event.sessionId]) !== null) {
    return step.note("session-unknown", eventSession(step), "the session belongs to another thread")
  }
  endSession(step, { status: "stopped", cause: "replaced", evidence: "inferred" })
  state.channels = {}
  step.relation = "current"
  checkNumber(step)
  const chosen = state.thread?.chosen ?? null
  const row: SessionRow = {
    sessionId: event.sessionId,
    threadId: step.threadId,
    connectionId: payload.connectionId ?? null,
    epoch: (current?.epoch ?? 0) + 1,
    provider: payload.provider,
    mode: payload.mode,
    nativeSessionId: payload.nativeSessionId ?? null,
    // Stryker disable next-line StringLiteral: the move that follows gives it its status
    status: "ready",
    activeTurnId: null,
    pendingTurnId: null,
    lastError: null,
    cause: null,
    evidence: null,
    usageMode: payload.usageMode ?? null,
    model: null,
    cwd: null,
    // It was opened with what a client chose before.
    config: payload.mode === "managed" && chosen !== null ? { chosen } : null,
    leaseMs: payload.leaseMs ?? null,
    code: null,
    signal: null,
    startedAt: step.at,
    endedAt: null,
    lastActivityAt: event.recordedAt,
    sequence: step.sequence,
  }
  step.putSession(row)
  moveSession(step, "ready")
  step.amendThread((thread) => ({ ...thread, provider: thread.provider ?? payload.provider }))
}

/** What a client has chosen for the session, with what it chooses now. */
const chosenBeside = (
  { config }: SessionRow,
  chosen: PayloadOf<"session.configured">["chosen"],
): { readonly chosen?: object } => {
  if (chosen === null || chosen === undefined) return {}
  const before = isObject(config) ? config.chosen : null
  return { chosen: { ...(isObject(before) ? before : {}), ...chosen } }
}

/** `session.configured`. */
export const sessionConfigured = (step: Step, payload: PayloadOf<"session.configured">): void => {
  if (refuseEnded(step)) return
  const { session } = step.state
  if (session === null) return
  const { model, cwd, nativeSessionId, chosen, ...config } = payload
  step.putSession({
    ...session,
    nativeSessionId: nativeSessionId ?? session.nativeSessionId,
    model: model ?? session.model,
    cwd: cwd ?? session.cwd,
    // Stryker disable next-line ConditionalExpression: a config that is no object is null, of which nothing is copied either
    config: {
      ...(typeof session.config === "object" ? session.config : {}),
      ...config,
      ...chosenBeside(session, chosen),
    },
  })
  step.amendThread((thread) => ({ ...thread, model: model ?? thread.model, cwd: cwd ?? thread.cwd }))
}

/**
 * `session.state.changed`. `stopped` ends the session. The exit, with its code, may still follow; it is then the observed end.
 */
export const sessionStateChanged = (step: Step, payload: PayloadOf<"session.state.changed">): void => {
  if (refuseEnded(step)) return
  const { session, active } = step.state
  if (session === null) return
  // A session that runs for work after its turn's end is already shown by the thread's status.
  if (isActive(payload.state) && (active !== null || step.state.open.afterEnd > 0)) return
  if (payload.state === "stopped") {
    return endSession(step, { status: "stopped", cause: "session-stopped", evidence: "inferred" })
  }
  interruptAfterEnd(step, `session-${payload.state}`)
  moveSession(step, payload.state, {
    lastError: payload.state === "error" ? (payload.reason ?? session.lastError) : session.lastError,
  })
}

/** `exit code=1`, `exit signal=SIGKILL`, or the bare reason. */
const exitCause = (payload: PayloadOf<"session.exited">): string => {
  if (payload.signal !== undefined && payload.signal !== null) return `${payload.reason} signal=${payload.signal}`
  if (payload.code !== undefined && payload.code !== null) return `${payload.reason} code=${payload.code}`
  return payload.reason
}

/** `session.exited`. An inferred end only becomes observed. */
export const sessionExited = (step: Step, payload: PayloadOf<"session.exited">): void => {
  if (refuseStale(step)) return
  const { session } = step.state
  if (session === null) return step.note("session-unknown", eventSession(step), step.event.type)
  if (hasEnded(session)) {
    if (session.evidence === "observed") return step.note("session-exit-duplicate", eventSession(step))
    return step.putSession({
      ...session,
      evidence: "observed",
      code: payload.code ?? null,
      signal: payload.signal ?? null,
    })
  }
  endSession(step, {
    status: payload.failedStart === true ? "error" : "stopped",
    cause: payload.failedStart === true ? "start-failed" : exitCause(payload),
    evidence: "observed",
    code: payload.code ?? null,
    signal: payload.signal ?? null,
    message: payload.message ?? null,
  })
}

/** `session.lease-lapsed`. */
export const sessionLeaseLapsed = (step: Step): void => {
  if (refuseEnded(step)) return
  endSession(step, { status: "stopped", cause: "lease-lapsed", evidence: "inferred" })
}

/** `session.reaped`. */
export const sessionReaped = (step: Step): void => {
  if (refuseEnded(step)) return
  endSession(step, { status: "stopped", cause: "reaped", evidence: "inferred" })
}

/** `session.reconciled`: only `gone` settles anything. */
export const sessionReconciled = (step: Step, payload: PayloadOf<"session.reconciled">): void => {
  if (refuseEnded(step) || payload.liveness !== "gone") return
  endSession(step, { status: "stopped", cause: payload.reason ?? "reconciled", evidence: "inferred" })
}

/**
 * `session.stop-requested`: what has not started is cancelled and what waits in the queue is held, at once; the session
 * ends with its process.
 */
export const sessionStopRequested = (step: Step, payload: PayloadOf<"session.stop-requested">): void => {
  if (refuseStale(step)) return
  for (const turn of step.state.requested) {
    endTurn(step, turn, { outcome: "cancelled", cause: payload.cause ?? "stop-requested", evidence: "inferred" })
  }
  holdQueue(step)
  leaveStarting(step)
}

/** The provider gives up a turn that has not started: it will not start, and the session continues. */
const startRefused = (
  step: Step,
  turn: TurnRow,
  { willRetry: _w, fatal: _f, ...error }: PayloadOf<"runtime.error">,
): void => {
  endTurn(step, turn, { outcome: "failed", cause: "start-failed", evidence: "inferred", error })
  leaveStarting(step, { lastError: error.message })
}

/**
 * `runtime.error`: ends the running turn when the provider gives up that turn, or reports a fatal error. An error that is
 * retried, of another turn or of no turn is only recorded.
 */
export const runtimeError = (step: Step, payload: PayloadOf<"runtime.error">): void => {
  if (refuseEnded(step)) return
  const { session, active } = step.state
  if (session === null) return
  const waiting = step.state.requested.find((turn) => turn.turnId === step.event.turnId)
  if (waiting !== undefined && !payload.willRetry && payload.fatal !== true) return startRefused(step, waiting, payload)
  const namesActive = step.event.turnId === active?.turnId
  const fatal = payload.fatal === true || (!payload.willRetry && namesActive)
  if (!fatal) return step.putSession({ ...session, lastError: payload.message })
  if (active !== null) {
    endTurn(step, active, {
      outcome: "failed",
      cause: "runtime-error",
      evidence: "inferred",
      error: {
        message: payload.message,
        code: payload.code ?? null,
        httpStatus: payload.httpStatus ?? null,
        details: payload.details ?? null,
      },
    })
  }
  interruptAfterEnd(step, "runtime-error")
  moveSession(step, "error", { lastError: payload.message })
}
