/** The input of the workflow's rules: a thread with all that is open in it, read at one moment. */
import type { SessionRow, ThreadRow, TurnRow } from "@threadfold/contracts"

/** A thread with all that is open in it, read at one moment. */
export interface ThreadWork {
  readonly thread: ThreadRow
  /** The session that lives, or null. */
  readonly session: SessionRow | null
  /** The newest session, ended or not; null: there was none. */
  readonly last: SessionRow | null
  /** Turns that run or wait, and those whose end is not final yet; oldest first. */
  readonly turns: readonly TurnRow[]
  /** There are newer ones than those. They may run or wait, so nothing starts before they are read. */
  readonly hasMoreTurns: boolean
}
