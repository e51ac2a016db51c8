/** The input of the workflow's rules: a thread with all that is open in it, read at one moment. */
import type { RequestRow, SessionRow, ThreadRow, TurnRow } from "@threadfold/contracts"

export interface ThreadWork {
  readonly thread: ThreadRow
  /** The session that lives, or null. */
  readonly session: SessionRow | null
  /** The newest session, ended or not; null: there was none. */
  readonly last: SessionRow | null
  /** Turns that run or wait, and those whose end is not final yet; oldest first. */
  readonly turns: readonly TurnRow[]
  /** Requests that are open or being answered. */
  readonly requests: readonly RequestRow[]
}
