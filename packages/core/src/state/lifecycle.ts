/** Words for the two halves of a session's status (docs/rules.md). */
import type { SessionRow, SessionStatus } from "@threadfold/contracts"

/** Only an active session can hold an active turn. */
export const isActive = (status: SessionStatus): boolean => status === "starting" || status === "running"

/** Whether the session's incarnation is over: nothing it says is live any more. */
export const hasEnded = (session: SessionRow): boolean => session.endedAt !== null
