/** One row of the document of `thread --json`, read from the stored rows; and which of these rows a change of the fold is about. */
import type { Rows, TableName } from "@threadfold/contracts"
import type { Change } from "../Change.js"
import type { RowSource } from "../RowSource.js"
import type { JsonObject } from "./diff.js"
import { cells } from "./Layout.js"
import type { RowKind } from "./rowPath.js"
import {
  anomalyView,
  delegationView,
  inferenceView,
  itemView,
  queueView,
  realtimeRunView,
  requestView,
  sessionView,
  taskView,
  threadDetail,
  threadUsage,
  turnView,
} from "./view.js"

/** A row of the document. The key of `session` is the id of the session that it shows; it names no other row. */
export interface DocumentRow {
  readonly kind: RowKind
  readonly key: readonly string[]
}

/** The rewinds of a thread. */
const rewindsOf = (rows: RowSource, threadId: string): readonly Rows["rewinds"][] => {
  const found: Rows["rewinds"][] = []
  for (;;) {
    const row = rows.find("rewinds", "key", [threadId, found.length + 1])
    if (row === null) return found
    found.push(row)
  }
}

const chunksOf = (rows: RowSource, { chunks, itemId }: Rows["items"]): readonly Rows["item_chunks"][] => {
  const found: Rows["item_chunks"][] = []
  for (let ordinal = 0; ordinal < chunks; ordinal++) {
    const row = rows.find("item_chunks", "key", [itemId, ordinal])
    if (row !== null) found.push(row)
  }
  return found
}

const seen = <R, V>(row: R | null, view: (row: R) => V): V | null => (row === null ? null : view(row))

const views: {
  readonly [K in RowKind]: (rows: RowSource, threadId: string, key: readonly string[]) => JsonObject | null
} = {
  thread: (rows, threadId) => seen(rows.whole("threads", [threadId]), threadDetail),
  session: (rows, _, key) => seen(rows.whole("sessions", key), sessionView),
  // A turn that steered another one is not listed.
  turns: (rows, threadId, key) =>
    seen(rows.whole("turns", key), (row) =>
      row.steeredInto === null ? turnView(row, rewindsOf(rows, threadId)) : null,
    ),
  items: (rows, _, key) => seen(rows.whole("items", key), (row) => itemView(row, chunksOf(rows, row))),
  requests: (rows, _, key) => seen(rows.whole("requests", key), requestView),
  inferences: (rows, _, key) => seen(rows.whole("inferences", key), inferenceView),
  realtimeRuns: (rows, _, key) => seen(rows.whole("realtime_runs", key), realtimeRunView),
  delegations: (rows, _, key) => seen(rows.whole("delegations", key), delegationView),
  tasks: (rows, _, key) => seen(rows.whole("tasks", key), taskView),
  queue: (rows, _, key) => seen(rows.whole("queue", key), queueView),
  usage: (rows, threadId) => seen(rows.whole("usage", [threadId]), threadUsage),
  anomalies: (rows, threadId, key) => seen(rows.whole("anomalies", [threadId, ...key]), anomalyView),
}

/** The row as the document shows it; null: it is not in there. An item's text costs what the item has streamed. */
export const viewOfRow = (rows: RowSource, threadId: string, { key, kind }: DocumentRow): JsonObject | null =>
  views[kind](rows, threadId, key)

/** An item without its text: what streamed content changes beside it. */
export const lightItem = (rows: RowSource, { key }: DocumentRow): JsonObject | null =>
  seen(rows.find("items", "key", key), (row) => ({ ...itemView(row, []), text: null }))

/** Table → the kind of its rows in the document, and the columns of the key there. */
const kindOfTable: { readonly [N in TableName]?: readonly [kind: RowKind, ...key: readonly string[]] } = {
  threads: ["thread"],
  sessions: ["session", "sessionId"],
  turns: ["turns", "turnId"],
  items: ["items", "itemId"],
  item_chunks: ["items", "itemId"],
  requests: ["requests", "requestId"],
  inferences: ["inferences", "inferenceId"],
  realtime_runs: ["realtimeRuns", "realtimeId"],
  delegations: ["delegations", "delegationId"],
  tasks: ["tasks", "taskId"],
  queue: ["queue", "messageId"],
  usage: ["usage"],
}

/** The table whose rows carry the fields of a kind. */
export const tableOfKind: { readonly [K in RowKind]: TableName } = {
  thread: "threads",
  session: "sessions",
  turns: "turns",
  items: "items",
  requests: "requests",
  inferences: "inferences",
  realtimeRuns: "realtime_runs",
  delegations: "delegations",
  tasks: "tasks",
  queue: "queue",
  usage: "usage",
  anomalies: "anomalies",
}

const byTable = (table: TableName, key: (column: string) => unknown): DocumentRow | null => {
  const found = kindOfTable[table]
  if (found === undefined) return null
  const [kind, ...columns] = found
  return { kind, key: columns.map((column) => String(key(column))) }
}

/** The row of the document that a change is about; null: none, or (a rewind) any number of turns. */
export const rowOfChange = (change: Change): DocumentRow | null => {
  switch (change.op) {
    case "put":
      return byTable(change.table, (column) => cells(change.row)[column])
    case "delete":
      return byTable(change.table, () => change.key[0])
    case "append-chunk":
      return { kind: "items", key: [change.row.itemId] }
    case "clear-chunks":
      return { kind: "items", key: [change.itemId] }
    case "anomaly":
      return { kind: "anomalies", key: [change.subject, change.reason] }
  }
}

/** Whether a change may be seen in a row of the document. */
export const touches = (change: Change, { key, kind }: DocumentRow): boolean => {
  if (change.op === "put" && change.table === "rewinds") return kind === "turns"
  const row = rowOfChange(change)
  if (row?.kind !== kind) return false
  // The document has one session: the one that was written last is the thread's current one.
  return kind === "session" || row.key.every((part, at) => part === key[at])
}

const isLight = ({ data, text }: Rows["items"]): boolean => data === undefined && text === undefined

/**
 * Whether changes of an item are streamed content alone: its text grows, and the rest of its row is in {@link lightItem}.
 */
export const isStreamed = (changes: readonly Change[]): boolean =>
  changes.every((change) =>
    change.op === "put"
      ? change.table === "items" && change.row.hasFinal === 0 && isLight(change.row)
      : change.op === "append-chunk",
  )
