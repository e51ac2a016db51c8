/**
 * What recovery concludes about effects and sessions that an earlier run of the server left (docs/architecture.md, "Live
 * agents").
 */
import type { EffectKind, EffectStatus, SessionRow } from "@threadfold/contracts"
import type { Liveness } from "./reaper.js"

/**
 * What becomes of an effect that was being attempted when the server ended. Its bytes may have reached the agent: a call that
 * must not be repeated is uncertain. A call to a process of that run has no object any more. A session's start has not reached an
 * agent yet.
 */
export const endingsAtRecovery: {
  readonly [K in EffectKind]: Extract<EffectStatus, "pending" | "retired" | "uncertain">
} = {
  "session.start": "pending",
  "turn.start": "uncertain",
  "turn.steer": "uncertain",
  "session.configure": "retired",
  "turn.interrupt": "retired",
  "request.answer": "retired",
  "session.stop": "retired",
  "thread.rewind": "uncertain",
  "task.stop": "retired",
}

/** What this process knows of a session's process. */
export interface Serving {
  /** The session is open on a connection of this process. */
  readonly hasSession: boolean
  /** Its connection is one of this process. A session whose start is not yet in the log is found by its connection only. */
  readonly isConnected: boolean
  /** Processes of an earlier run, which could not be ended, still serve its connection. */
  readonly isServedElsewhere: boolean
}

/** Whether the process of a session runs. Attached sessions end by their lease, imported ones with their recording. */
export const livenessOf = (
  { mode, connectionId }: Pick<SessionRow, "mode" | "connectionId">,
  { hasSession, isConnected, isServedElsewhere }: Serving,
): Liveness => {
  if (mode !== "managed" || hasSession) return "alive"
  if (connectionId === null) return "gone"
  if (isConnected) return "alive"
  return isServedElsewhere ? "unknown" : "gone"
}

/** Whether sessions and connections of this mode are ours to settle: we ran their processes. Others end by what feeds them. */
export const isOursToSettle = ({ mode }: { readonly mode: string | null }): boolean => mode === "managed"

/** What is known at the start of the server of what an earlier run left. */
export interface LeftBehind {
  /** The session is open on a connection of this process. */
  readonly isServed: boolean
  /** Processes of earlier runs that could not be ended. */
  readonly processesLeft: number
}

/**
 * Whether a start settles a session or connection whose row says that it is open. While processes of earlier runs are left, one of
 * them may still serve it: then nothing is settled, and the sweeps of the reaper look again.
 */
export const isSettledAtStart = (
  row: { readonly mode: string | null },
  { isServed, processesLeft }: LeftBehind,
): boolean => isOursToSettle(row) && !isServed && processesLeft === 0
