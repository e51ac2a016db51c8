/** Words for what of a thread is still going on: its session's status (docs/rules.md), its session, its turns. */
import type { SessionRow, SessionStatus, TurnRow } from "@threadfold/contracts"
import type { FoldState } from "./FoldState.js"

/** Only an active session can hold an active turn. */
export const isActive = (status: SessionStatus): boolean => status === "starting" || status === "running"

/** Whether the session's incarnation is over: nothing it says is live any more. */
export const hasEnded = (session: SessionRow): boolean => session.endedAt !== null

/** The session that lives, or null. */
export const livingSession = ({ session }: Pick<FoldState, "session">): SessionRow | null =>
  session !== null && !hasEnded(session) ? session : null

/** Turns that were asked for and will still start. An uncertain one was handed to a session and never answered. */
export const waitingTurns = ({ requested }: Pick<FoldState, "requested">): readonly TurnRow[] =>
  requested.filter((turn) => turn.uncertain === 0)
