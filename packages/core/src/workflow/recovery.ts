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
  "turn.interrupt": "retired",
  "request.answer": "retired",
  "session.stop": "retired",
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

/** Whether we settle a session whose row says that it lives, and that this process does not serve. */
export const isOursToSettle = ({ mode }: { readonly mode: string | null }): boolean => mode === "managed"
