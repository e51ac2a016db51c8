/** A thread as a client holds it: rows of a snapshot, and the open state from which the fold goes on. */
import type { ThreadSnapshot } from "@threadfold/contracts"
import type { RowsSnapshot } from "@threadfold/contracts/api"
import { FOLD_VERSION, type FoldState, readState } from "@threadfold/core"
import { snapshotOf } from "@threadfold/core/model"
import { HashSet } from "effect"
import { HeldRows } from "./HeldRows.js"
import { truncatedOf } from "./truncatedRows.js"

/** A thread in a client. A value never changes; each event leads to another one. */
export interface ThreadState {
  readonly threadId: string
  /** Sequence of the last event that is in it. */
  readonly sequence: number
  /** The fold's open state; null: the thread waits to be folded again, or the server has another version of the fold. */
  readonly open: FoldState | null
  readonly rows: HeldRows
}

/** The state that a snapshot begins. */
export const stateOf = (snapshot: RowsSnapshot): ThreadState => ({
  threadId: snapshot.threadId,
  sequence: snapshot.sequence,
  open: snapshot.foldVersion === FOLD_VERSION ? readState(snapshot.state) : null,
  rows: HeldRows.of(snapshot.rows, {
    rest: snapshot.rest,
    openComplete: snapshot.openComplete,
    whole: HashSet.fromIterable(snapshot.whole),
  }),
})

/**
 * The thread as the server shows it, with those entries of its lists that are held; null: no thread is held. An entry of which a text is
 * cut says so in `truncated`.
 */
export const viewOf = (state: ThreadState): ThreadSnapshot | null =>
  snapshotOf(state.rows.inOrder(), state.sequence, (_table, row, entry) => {
    const cut = truncatedOf(row)
    return cut === null ? entry : { ...entry, truncated: cut }
  })
