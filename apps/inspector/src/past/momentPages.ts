/** A moment of a thread as the API serves it, from the rows in memory: the header, the newest entries of each list, and older ones. */
import type { Rows, TableName, ThreadSnapshot } from "@threadfold/contracts"
import type { ThreadPage } from "@threadfold/contracts/api"
import {
  boundedRow,
  cells,
  compareTreeKeys,
  type ForkedStore,
  snapshotOf,
  type TableRow,
  type TreeKey,
} from "@threadfold/core/model"
import type { Page } from "../api/Api.js"
import type { PastList } from "./pastMessages.js"

const tableOf: { readonly [L in PastList]: TableName } = {
  turns: "turns",
  items: "items",
  requests: "requests",
  inferences: "inferences",
  realtimeRuns: "realtime_runs",
  delegations: "delegations",
  tasks: "tasks",
  queue: "queue",
  anomalies: "anomalies",
}

/** The lists of a thread, in the order of its document. */
const lists: readonly PastList[] = [
  "turns",
  "items",
  "requests",
  "inferences",
  "realtimeRuns",
  "delegations",
  "tasks",
  "queue",
  "anomalies",
]

/** A cursor of these pages; the server's look otherwise. */
const cursorStart = "past:"

/** Whether a cursor is of these pages. */
export const isPastCursor = (cursor: string): boolean => cursor.startsWith(cursorStart)

const placeOf = (cursor: string | null): TreeKey | null =>
  cursor === null ? null : JSON.parse(cursor.slice(cursorStart.length))

/** A turn that steered another one is not listed. */
const isListed = (table: TableName, row: Rows[TableName]): boolean =>
  table !== "turns" || !("steeredInto" in row) || row.steeredInto === null

interface Part {
  /** In the order of the document, oldest first. */
  readonly rows: readonly TableRow[]
  readonly next: string | null
}

/** Rows of a list. The queue is read from its first message on, everything else from its newest entry. */
const partOf = (store: ForkedStore, list: PastList, limit: number, cursor: string | null): Part => {
  const table = tableOf[list]
  const rows: TableRow[] = []
  const place = placeOf(cursor)
  const source = list === "queue" ? [...store.fromEnd(table, null)].reverse() : store.fromEnd(table, place)
  for (const row of source) {
    if (!isListed(table, row)) continue
    if (list === "queue" && place !== null && compareTreeKeys(store.placeOf(table, cells(row)), place) <= 0) continue
    if (rows.length === limit) {
      const last = rows.at(-1)
      const at = last === undefined ? [] : store.placeOf(table, cells(last.row))
      return { rows: inDocument(list, rows), next: `${cursorStart}${JSON.stringify(at)}` }
    }
    rows.push({ table, row })
  }
  return { rows: inDocument(list, rows), next: null }
}

const inDocument = (list: PastList, rows: readonly TableRow[]): readonly TableRow[] =>
  list === "queue" ? rows : rows.toReversed()

/** The rows beside which others are shown. */
const context = function* (store: ForkedStore, threadId: string, rows: readonly TableRow[]): Generator<TableRow, void> {
  const thread = store.whole("threads", [threadId])
  if (thread === null) return
  yield { table: "threads", row: thread }
  if (thread.sessionId !== null) {
    const session = store.whole("sessions", [thread.sessionId])
    if (session !== null) yield { table: "sessions", row: session }
  }
  for (const row of store.under("rewinds", threadId)) yield { table: "rewinds", row }
  for (const row of store.under("usage", threadId)) yield { table: "usage", row }
  for (const { row, table } of rows) {
    if (table !== "items" || !("hasFinal" in row) || row.hasFinal === 1) continue
    for (const chunk of store.under("item_chunks", String(cells(row).itemId))) {
      yield { table: "item_chunks", row: chunk }
    }
  }
}

const documentOf = (
  store: ForkedStore,
  threadId: string,
  sequence: number,
  rows: readonly TableRow[],
): ThreadSnapshot | null =>
  snapshotOf([...context(store, threadId, rows), ...rows], sequence, (table, row, entry) =>
    boundedRow(table, row, entry),
  )

/** The thread with the newest entries of each list; null: it is not there. */
export const threadPage = (
  store: ForkedStore,
  threadId: string,
  sequence: number,
  limit: number,
): ThreadPage | null => {
  const rows: TableRow[] = []
  const more: Record<string, string | null> = {}
  for (const list of lists) {
    const part = partOf(store, list, limit, null)
    rows.push(...part.rows)
    more[list] = part.next
  }
  const document = documentOf(store, threadId, sequence, rows)
  return document === null ? null : { ...document, more }
}

/** Older entries of a list, the newest of them first. */
export const listPage = (
  store: ForkedStore,
  threadId: string,
  sequence: number,
  { cursor, limit, list }: { readonly list: PastList; readonly limit: number; readonly cursor: string | null },
): Page<unknown> => {
  const { next, rows } = partOf(store, list, limit, cursor)
  const items = documentOf(store, threadId, sequence, rows)?.[list] ?? []
  return { items: list === "queue" ? items : [...items].reverse(), next, previous: null, sequence }
}
