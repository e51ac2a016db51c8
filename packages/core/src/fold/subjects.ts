/** The subjects of anomalies. A tombstone is found by its subject, so all subjects are made in one place. */

import { strengthOf } from "@threadfold/contracts"

export const turnSubject = (turnId: string): string => `turn:${turnId}`
export const itemSubject = (itemId: string): string => `item:${itemId}`
export const requestSubject = (requestId: string): string => `request:${requestId}`
export const inferenceSubject = (inferenceId: string): string => `inference:${inferenceId}`
export const sessionSubject = (sessionId: string): string => `session:${sessionId}`
export const realtimeSubject = (realtimeId: string): string => `realtime:${realtimeId}`
export const taskSubject = (taskId: string): string => `task:${taskId}`

/** A native turn: a strong id means the same turn in every session of the thread, a weak one only in its own. */
export const nativeTurnSubject = (nativeTurnId: string, sessionId: string | null): string =>
  strengthOf(nativeTurnId) === "strong"
    ? `native-turn:${nativeTurnId}`
    : `native-turn:${sessionId ?? "-"}/${nativeTurnId}`

/** Any other thing that has only the provider's name. */
export const nativeSubject = (kind: string, nativeId: string | undefined, sessionId: string | null): string =>
  `native-${kind}:${sessionId ?? "-"}/${nativeId ?? "-"}`
