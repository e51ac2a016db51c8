/**
 * The open state as a snapshot of rows shows it. It holds whole rows: of one whose texts are cut in the snapshot it has the same
 * beginnings, so that a reducer goes on with the row that it was given.
 */
import { type AnyRow, longestPageBytes, type TableName } from "@threadfold/contracts"
import type { FoldState } from "@threadfold/core"
import { type Cells, cells, fits, keyOf, layout } from "@threadfold/core/model"

/** Longest state, bytes of its JSON. */
const longestState = longestPageBytes / 2

type Shown = { readonly [N in TableName]?: readonly Cells[] }

/** The row with the columns that are cut in the snapshot. */
const asShown =
  (rows: Shown) =>
  <R extends AnyRow>(table: TableName, row: R): R => {
    const key = JSON.stringify(keyOf(layout(table), cells(row)))
    const shown = rows[table]?.find((one) => JSON.stringify(keyOf(layout(table), one)) === key)
    const cut = Object.keys(Object(shown?.truncated)).map((column) => [column, shown?.[column]])
    return cut.length === 0 ? row : { ...row, ...Object.fromEntries(cut) }
  }

/** The state as it rides along; null: it does not, so that a reducer asks for another snapshot after each event. */
export const shownState = (state: FoldState | null, rows: Shown): FoldState | null => {
  if (state === null || fits(state, longestState)) return state
  const as = asShown(rows)
  const cut: FoldState = {
    ...state,
    thread: state.thread && as("threads", state.thread),
    session: state.session && as("sessions", state.session),
    active: state.active && as("turns", state.active),
    requested: state.requested.map((row) => as("turns", row)),
    recentItems: state.recentItems.map((row) => as("items", row)),
    pendingRealtime: state.pendingRealtime.map((row) => as("realtime_runs", row)),
    realtime: state.realtime && as("realtime_runs", state.realtime),
  }
  return fits(cut, longestState) ? cut : null
}
