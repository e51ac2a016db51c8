/**
 * Which voice run an event is about (rule 8). An event with the name of a run belongs to that run only; an event without a name
 * belongs to the live run, or to the oldest pending start.
 */
import type { EventEnvelope, RealtimeRunRow } from "@threadfold/contracts"
import type { RowSource } from "../RowSource.js"
import type { FoldState } from "../state/FoldState.js"

type Runs = Pick<FoldState, "pendingRealtime" | "realtime">

/** Open runs of the session that carry the name. A pending start comes first: a name may be used again for the next run. */
const openByName = (
  { pendingRealtime, realtime }: Runs,
  name: string,
  sessionId: string | null,
  liveFirst: boolean,
) => {
  const carries = (run: RealtimeRunRow): boolean =>
    run.nativeRealtimeId === name && (sessionId === null || run.sessionId === null || run.sessionId === sessionId)
  const pending = pendingRealtime.find(carries) ?? null
  const live = realtime !== null && carries(realtime) ? realtime : null
  return liveFirst ? (live ?? pending) : (pending ?? live)
}

/** Event types that are about a pending start first, and about the live run second. */
const speaksOfStart = (type: string): boolean =>
  type === "realtime.started" || type === "realtime.error" || type === "realtime.failed"

/** The run that a named event is about, or null. A start whose name is new begins the oldest pending run without one. */
const named = (state: FoldState, rows: RowSource, event: EventEnvelope, name: string): string | null => {
  const { sessionId, type } = event
  const open = openByName(state, name, sessionId, !speaksOfStart(type))
  if (open !== null) return open.realtimeId
  const over = sessionId === null ? null : rows.find("realtime_runs", "byNativeInSession", [sessionId, name])
  if (over !== null) return over.realtimeId
  if (type !== "realtime.started") return null
  return state.pendingRealtime.find((run) => run.nativeRealtimeId === null)?.realtimeId ?? null
}

/** The run that an unnamed event is about, or null. */
const unnamed = ({ pendingRealtime, realtime }: Runs, type: string): string | null => {
  const [pending] = pendingRealtime
  if (type === "realtime.started") return pending?.realtimeId ?? null
  if (speaksOfStart(type)) return (pending ?? realtime)?.realtimeId ?? null
  // A start with a name is closed by its name: a stop of nothing is answered by a close that names no run.
  const isUnnamed = pending?.nativeRealtimeId === null
  return (realtime ?? (type === "realtime.closed" && isUnnamed ? pending : undefined))?.realtimeId ?? null
}

/** Our id of the voice run that an event is about. Null: it is about none, or a start opens a run that was not requested. */
export const findRealtimeRun = (state: FoldState, rows: RowSource, event: EventEnvelope): string | null => {
  const { native, type } = event
  const name = native?.realtimeId
  // The answer to a call of ours is about the start that the call requested.
  if (native?.callId !== undefined && (type === "realtime.error" || type === "realtime.failed")) {
    const ofCall = state.pendingRealtime.find((run) => run.callId === native.callId)
    if (ofCall !== undefined) return ofCall.realtimeId
  }
  return name === undefined ? unnamed(state, type) : named(state, rows, event, name)
}
