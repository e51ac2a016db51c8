/** A thread's snapshot from its rows: those of a `MapStore`, of a client's copy, or of the queries. */
import type { Rows, TableName, ThreadSnapshot } from "@threadfold/contracts"
import { type Cells, cells, toRow } from "./Layout.js"
import type { TableRow } from "./StoredRows.js"
import { compareKeys } from "./scalars.js"
import {
  anomalyView,
  delegationView,
  inferenceView,
  itemViewer,
  queueView,
  realtimeRunView,
  requestView,
  sessionView,
  taskView,
  threadDetail,
  threadUsage,
  turnView,
} from "./view.js"

/** How an entry of a snapshot is shown that was made of a row. */
type Show = <A extends object>(table: TableName, row: Cells, entry: A) => A

/**
 * The snapshot of a thread whose rows (in canonical order, as `rowsOf` gives them) are `rows`, or null where no thread row
 * is among them. Lists are in order, oldest first, as in `threadSnapshot` of the queries.
 *
 * @param show what each entry becomes; absent: it stays as it is
 */
export const snapshotOf = (
  rows: Iterable<TableRow>,
  sequence: number,
  show: Show = (_table, _row, entry) => entry,
): ThreadSnapshot | null => {
  const byTable = new Map<TableName, TableRow["row"][]>()
  for (const { table, row } of rows) {
    const list = byTable.get(table)
    if (list === undefined) byTable.set(table, [row])
    else list.push(row)
  }
  const of = <N extends TableName>(table: N): Rows[N][] =>
    (byTable.get(table) ?? []).map((row) => toRow(table, cells(row)))
  const shown = <N extends TableName, A extends object>(
    table: N,
    found: readonly Rows[N][],
    view: (row: Rows[N]) => A,
  ): readonly A[] => found.map((row) => show(table, cells(row), view(row)))
  const thread = of("threads")[0]
  if (thread === undefined) return null
  const session = of("sessions").find(({ sessionId }) => sessionId === thread.sessionId)
  const turns = of("turns").filter(({ steeredInto }) => steeredInto === null)
  const rewinds = of("rewinds")
  const anomalies = of("anomalies").sort((a, b) =>
    compareKeys([a.lastSequence, a.subject, a.reason], [b.lastSequence, b.subject, b.reason]),
  )
  return {
    sequence,
    thread: show("threads", cells(thread), threadDetail(thread)),
    session: session === undefined ? null : show("sessions", cells(session), sessionView(session)),
    turns: shown("turns", turns.sort(byOrdinal), (row) => turnView(row, rewinds)),
    items: shown("items", of("items").sort(byOrdinal), itemViewer(of("item_chunks"))),
    requests: shown("requests", of("requests"), requestView),
    inferences: shown("inferences", of("inferences"), inferenceView),
    realtimeRuns: shown("realtime_runs", of("realtime_runs"), realtimeRunView),
    delegations: shown("delegations", of("delegations"), delegationView),
    tasks: shown("tasks", of("tasks"), taskView),
    queue: shown(
      "queue",
      of("queue").sort((a, b) => a.position - b.position),
      queueView,
    ),
    usage: threadUsage(of("usage")[0] ?? null),
    anomalies: shown("anomalies", anomalies, anomalyView),
  }
}

const byOrdinal = (a: { readonly ordinal: number }, b: { readonly ordinal: number }): number => a.ordinal - b.ordinal
