/**
 * Rule 8: voice runs. One shutdown path ({@link closeRealtime}): exactly one close per started run, nothing after it;
 * a start that fails touches the pending start only. Voice never changes the session or the coding turn.
 */
import type { PayloadOf, RealtimeRunRow } from "@threadfold/contracts"
import { closeRealtime, failPendingRealtime } from "./closures.js"
import type { Step } from "./Step.js"
import { eventSession, refuseEnded } from "./standing.js"
import { realtimeSubject } from "./subjects.js"

/** Whether a voice run with this id exists; an id is used for one run only. */
const exists = (step: Step, realtimeId: string): boolean =>
  step.state.realtime?.realtimeId === realtimeId || step.find("realtime_runs", realtimeId) !== null

const blank = (step: Step, realtimeId: string): RealtimeRunRow => ({
  realtimeId,
  threadId: step.threadId,
  sessionId: step.event.sessionId,
  nativeRealtimeId: step.event.native?.realtimeId ?? null,
  callId: step.event.native?.callId ?? null,
  status: "requested",
  reason: null,
  evidence: null,
  lastError: null,
  version: null,
  stopRequested: 0,
  items: 0,
  utterances: 0,
  requestedAt: null,
  startedAt: null,
  endedAt: null,
  sequence: step.sequence,
})

/** `realtime.start-requested`. */
export const realtimeStartRequested = (step: Step): void => {
  const { realtimeId } = step.event
  if (realtimeId === null || refuseEnded(step)) return
  if (exists(step, realtimeId)) return step.note("realtime-duplicate", realtimeSubject(realtimeId))
  step.putRealtime({ ...blank(step, realtimeId), requestedAt: step.at })
}

/** `realtime.started`: the oldest pending start is live now; a run that still stands was replaced, and we close it. */
export const realtimeStarted = (step: Step, payload: PayloadOf<"realtime.started">): void => {
  const { event, state } = step
  if (event.realtimeId === null || refuseEnded(step)) return
  const pending = state.pendingRealtime.find((run) => run.realtimeId === event.realtimeId)
  if (pending === undefined && exists(step, event.realtimeId)) {
    return step.note("realtime-duplicate", realtimeSubject(event.realtimeId))
  }
  const live = state.realtime
  if (live !== null) closeRealtime(step, live, "replaced", "inferred")
  step.putRealtime({
    ...(pending ?? blank(step, event.realtimeId)),
    nativeRealtimeId: event.native?.realtimeId ?? pending?.nativeRealtimeId ?? null,
    status: "started",
    version: payload.version ?? null,
    startedAt: step.at,
  })
}

/** `realtime.error`, `realtime.failed`: a pending start fails; else the live run remembers the error and awaits its close. */
const realtimeTrouble = (step: Step, message: string): void => {
  if (refuseEnded(step)) return
  const { event, state } = step
  const pending = state.pendingRealtime.find((run) => run.realtimeId === event.realtimeId)
  if (pending !== undefined) return failPendingRealtime(step, pending, message, "observed")
  if (state.realtime === null || state.realtime.realtimeId !== event.realtimeId) {
    return step.note("realtime-error-without-run", eventSession(step), message)
  }
  step.putRealtime({ ...state.realtime, lastError: message })
}
export const realtimeError = (step: Step, payload: PayloadOf<"realtime.error">): void =>
  realtimeTrouble(step, payload.message)
export const realtimeFailed = (step: Step, payload: PayloadOf<"realtime.failed">): void =>
  realtimeTrouble(step, payload.message)

/** `realtime.closed`. */
export const realtimeClosed = (step: Step, payload: PayloadOf<"realtime.closed">): void => {
  if (refuseEnded(step)) return
  const { state } = step
  if (state.realtime !== null) return closeRealtime(step, state.realtime, payload.reason, "observed")
  const pending = state.pendingRealtime[0]
  if (pending !== undefined) return failPendingRealtime(step, pending, "closed before it started", "observed")
  step.note("realtime-close-without-run", eventSession(step), payload.reason)
}

/** `realtime.stop-requested`: a wish. */
export const realtimeStopRequested = (step: Step): void => {
  const live = step.state.realtime
  if (live !== null && !refuseEnded(step)) step.putRealtime({ ...live, stopRequested: 1 })
}

const onLive = (step: Step, change: (run: RealtimeRunRow) => RealtimeRunRow): void => {
  if (refuseEnded(step)) return
  const live = step.state.realtime
  if (live === null) return step.note("realtime-event-without-run", eventSession(step), step.event.type)
  const next = change(live)
  if (next !== live) step.putRealtime(next)
}

/** `realtime.item-added`. */
export const realtimeItemAdded = (step: Step): void => onLive(step, (run) => ({ ...run, items: run.items + 1 }))
/** `realtime.transcript.done`. */
export const realtimeTranscriptDone = (step: Step): void =>
  onLive(step, (run) => ({ ...run, utterances: run.utterances + 1 }))
/** Events that pass by: they only need a live run. */
export const realtimePassing = (step: Step): void => onLive(step, (run) => run)
/** `realtime.audio`: input is offered before a run is live (the agent refuses it itself), so only output needs one. */
export const realtimeAudio = (step: Step, payload: PayloadOf<"realtime.audio">): void => {
  if (payload.direction === "output") realtimePassing(step)
}
