/** A thread's snapshot from its rows: those of a `MapStore`, of a client's copy, or of the queries. */
import type { Rows, TableName, ThreadSnapshot } from "@threadfold/contracts"
import { cells, toRow } from "./Layout.js"
import type { TableRow } from "./StoredRows.js"
import { compareKeys } from "./scalars.js"
import {
  anomalyView,
  delegationView,
  inferenceView,
  itemViews,
  queueView,
  realtimeRunView,
  requestView,
  sessionView,
  taskView,
  threadDetail,
  threadUsage,
  turnView,
} from "./view.js"

/**
 * The snapshot of a thread whose rows (in canonical order, as `rowsOf` gives them) are `rows`, or null where no thread row
 * is among them. Lists are in order, oldest first, as in `threadSnapshot` of the queries.
 */
export const snapshotOf = (rows: Iterable<TableRow>, sequence: number): ThreadSnapshot | null => {
  const byTable = new Map<TableName, TableRow["row"][]>()
  for (const { table, row } of rows) {
    const list = byTable.get(table)
    if (list === undefined) byTable.set(table, [row])
    else list.push(row)
  }
  const of = <N extends TableName>(table: N): Rows[N][] =>
    (byTable.get(table) ?? []).map((row) => toRow(table, cells(row)))
  const thread = of("threads")[0]
  if (thread === undefined) return null
  const rewinds = of("rewinds")
  const session = of("sessions").find(({ sessionId }) => sessionId === thread.sessionId)
  return {
    sequence,
    thread: threadDetail(thread),
    session: session === undefined ? null : sessionView(session),
    turns: of("turns")
      .filter(({ steeredInto }) => steeredInto === null)
      .sort((a, b) => a.ordinal - b.ordinal)
      .map((row) => turnView(row, rewinds)),
    items: itemViews(
      of("items").sort((a, b) => a.ordinal - b.ordinal),
      of("item_chunks"),
    ),
    requests: of("requests").map(requestView),
    inferences: of("inferences").map(inferenceView),
    realtimeRuns: of("realtime_runs").map(realtimeRunView),
    delegations: of("delegations").map(delegationView),
    tasks: of("tasks").map(taskView),
    queue: of("queue")
      .sort((a, b) => a.position - b.position)
      .map(queueView),
    usage: threadUsage(of("usage")[0] ?? null),
    anomalies: of("anomalies")
      .sort((a, b) => compareKeys([a.lastSequence, a.subject, a.reason], [b.lastSequence, b.subject, b.reason]))
      .map(anomalyView),
  }
}
