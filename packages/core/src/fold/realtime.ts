/**
 * Rule 8: voice runs. One shutdown path ({@link closeRealtime}): exactly one close per started run, nothing after it;
 * a start that fails touches the pending start only. Voice never changes the session or the coding turn.
 */

import { type PayloadOf, type RealtimeRunRow, voiceStartLimit } from "@threadfold/contracts"
import { closeRealtime, failPendingRealtime } from "./closures.js"
import { eventSession, refuseEnded, type Step } from "./Step.js"
import { realtimeSubject } from "./subjects.js"

/** The subject of a refused event of a voice run: the run that it is about, else its session. */
const subjectOf = (step: Step): string =>
  step.event.realtimeId === null ? eventSession(step) : realtimeSubject(step.event.realtimeId)

/** Whether a voice run with this id exists; an id is used for one run only. */
const exists = (step: Step, realtimeId: string): boolean => step.find("realtime_runs", realtimeId) !== null

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
  if (realtimeId === null) return step.note("realtime-event-without-run", subjectOf(step), step.event.type)
  if (refuseEnded(step)) return
  if (exists(step, realtimeId)) return step.note("realtime-duplicate", realtimeSubject(realtimeId))
  if (step.state.pendingRealtime.length >= voiceStartLimit) {
    return step.note("limit-reached", "voice-starts", `${voiceStartLimit} have not started`)
  }
  step.putRealtime({ ...blank(step, realtimeId), requestedAt: step.at })
}

/** `realtime.started`: the oldest pending start is live now; a run that still stands was replaced, and we close it. */
export const realtimeStarted = (step: Step, payload: PayloadOf<"realtime.started">): void => {
  const { event, state } = step
  if (event.realtimeId === null) return step.note("realtime-event-without-run", subjectOf(step), event.type)
  if (refuseEnded(step)) return
  const pending = state.pendingRealtime.find((run) => run.realtimeId === event.realtimeId)
  if (pending === undefined && exists(step, event.realtimeId)) {
    return step.note("realtime-duplicate", realtimeSubject(event.realtimeId))
  }
  const live = state.realtime
  if (live !== null) closeRealtime(step, live, "replaced", "inferred")
  const run = pending ?? blank(step, event.realtimeId)
  step.putRealtime({
    ...run,
    sessionId: event.sessionId ?? run.sessionId,
    nativeRealtimeId: event.native?.realtimeId ?? run.nativeRealtimeId,
    status: "started",
    version: payload.version ?? null,
    startedAt: step.at,
  })
}

/**
 * Whether the event may be about the run. `resolve` finds the run by its name; logs of an older version have events that it
 * assigned to the live run although they name another one.
 */
const isOf = ({ event }: Step, run: RealtimeRunRow): boolean => {
  const name = event.native?.realtimeId
  return (
    run.realtimeId === event.realtimeId &&
    (name === undefined || run.nativeRealtimeId === null || run.nativeRealtimeId === name)
  )
}

/** The live run, when the event is about it. */
const liveOf = (step: Step): RealtimeRunRow | null => {
  const { realtime } = step.state
  return realtime !== null && isOf(step, realtime) ? realtime : null
}

/** The pending start that the event is about. */
const pendingOf = (step: Step): RealtimeRunRow | null =>
  step.state.pendingRealtime.find((run) => isOf(step, run)) ?? null

/** `realtime.error`, `realtime.failed`: a pending start fails; else the live run remembers the error and awaits its close. */
const realtimeTrouble = (step: Step, message: string): void => {
  if (refuseEnded(step)) return
  const pending = pendingOf(step)
  if (pending !== null) return failPendingRealtime(step, pending, message, "observed")
  const live = liveOf(step)
  if (live === null) return step.note("realtime-error-without-run", subjectOf(step), message)
  step.putRealtime({ ...live, lastError: message })
}
export const realtimeError = (step: Step, payload: PayloadOf<"realtime.error">): void =>
  realtimeTrouble(step, payload.message)
export const realtimeFailed = (step: Step, payload: PayloadOf<"realtime.failed">): void =>
  realtimeTrouble(step, payload.message)

/** `realtime.closed`. */
export const realtimeClosed = (step: Step, payload: PayloadOf<"realtime.closed">): void => {
  if (refuseEnded(step)) return
  const live = liveOf(step)
  if (live !== null) return closeRealtime(step, live, payload.reason, "observed")
  const [oldest = null] = step.state.pendingRealtime
  // Logs of an older version have closes that were not assigned to the start that they end.
  const isUnresolved = step.event.realtimeId === null && step.event.native?.realtimeId === undefined
  const pending = isUnresolved && step.state.realtime === null ? oldest : pendingOf(step)
  if (pending === null) return step.note("realtime-close-without-run", subjectOf(step), payload.reason)
  failPendingRealtime(step, pending, "closed before it started", "observed")
}

/** `realtime.stop-requested`: only recorded; the close follows from the provider. */
export const realtimeStopRequested = (step: Step): void => {
  const live = liveOf(step)
  if (live !== null && !refuseEnded(step)) step.putRealtime({ ...live, stopRequested: 1 })
}

const onLive = (step: Step, change: (run: RealtimeRunRow) => RealtimeRunRow): void => {
  if (refuseEnded(step)) return
  const live = liveOf(step)
  if (live === null) return step.note("realtime-event-without-run", subjectOf(step), step.event.type)
  const next = change(live)
  if (next !== live) step.putRealtime(next)
}

/** `realtime.item-added`. */
export const realtimeItemAdded = (step: Step): void => onLive(step, (run) => ({ ...run, items: run.items + 1 }))
/** `realtime.transcript.done`. */
export const realtimeTranscriptDone = (step: Step): void =>
  onLive(step, (run) => ({ ...run, utterances: run.utterances + 1 }))
/** Events that change no row: they only need their run to be live. */
export const realtimePassing = (step: Step): void => onLive(step, (run) => run)
/** `realtime.audio`: input may come before a run is live (the agent refuses it), so only output needs a live run. */
export const realtimeAudio = (step: Step, payload: PayloadOf<"realtime.audio">): void => {
  if (payload.direction === "output") realtimePassing(step)
}
