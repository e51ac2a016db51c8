/**
 * What is concluded of what an earlier run of the server left (docs/architecture.md, "Live agents"), and of what does not run in this
 * process.
 */
import type { EffectKind, EffectStatus, SessionRow } from "@threadfold/contracts"
import type { Liveness } from "./reaper.js"

/**
 * What becomes of an effect that was being attempted when the server ended. Its bytes may have reached the agent: what may not be
 * repeated is in doubt, what was meant for a process of then has lost its object, and a session's start says nothing to an agent yet.
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
  /** Its connection is one of this process. What is on its way into the log is not yet among the sessions. */
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

/** Whether what lives by its row, and is not served by this process, is ours to settle. */
export const isOursToSettle = ({ mode }: { readonly mode: string | null }): boolean => mode === "managed"
