/** What changed of a thread between two copies of its rows: as {@link diffSnapshots} tells it, without making both documents. */
import type { TableName, ThreadSnapshot } from "@threadfold/contracts"
import { diffSnapshots, type RowChange } from "./diff.js"
import { ForkedStore } from "./ForkedStore.js"
import { cells, keyOf, layout, type Scalar } from "./Layout.js"
import type { TreeKey } from "./SortedTree.js"
import type { TableRow } from "./StoredRows.js"
import { snapshotOf } from "./snapshotOf.js"

type Differences = ReadonlyMap<TableName, readonly TreeKey[]>

const presentOnly = (key: TreeKey): readonly Scalar[] => key.flatMap((value) => value ?? [])

/** The part of a document that is made of these rows; null: the thread is not there. */
const partOf = (store: ForkedStore, keys: Differences, threadId: string): ThreadSnapshot | null => {
  const rows = new Map<string, TableRow>()
  const add = (table: TableName, key: readonly Scalar[]): void => {
    const row = store.whole(table, key)
    if (row !== null && "threadId" in row && row.threadId === threadId)
      rows.set(JSON.stringify([table, ...key]), { table, row })
  }
  const thread = store.whole("threads", [threadId])
  if (thread === null) return null
  add("threads", [threadId])
  if (thread.sessionId !== null) add("sessions", [thread.sessionId])
  for (const { ordinal } of store.under("rewinds", threadId)) add("rewinds", [threadId, ordinal])
  // A rewind rewrites no turn, but what is shown of it is another.
  if (keys.has("rewinds")) for (const { turnId } of store.all("turns")) add("turns", [turnId])
  for (const [table, found] of keys) {
    for (const key of found) {
      if (table === "item_chunks") add("items", presentOnly(key).slice(0, 1))
      else if (table !== "connections") add(table, presentOnly(key))
    }
  }
  for (const { row, table } of [...rows.values()]) {
    if (table !== "items") continue
    const [itemId = ""] = keyOf(layout(table), cells(row))
    for (const chunk of store.under("item_chunks", itemId)) add("item_chunks", [chunk.itemId, chunk.ordinal])
  }
  return snapshotOf(rows.values(), 0)
}

/** The rows of the document that differ between two copies of a thread's rows. */
export const diffStores = (threadId: string, before: ForkedStore, after: ForkedStore): readonly RowChange[] => {
  const isNew = before.whole("threads", [threadId]) === null
  // Rows without their thread are in no document: with it, all of them come.
  const keys = after.differences(isNew ? new ForkedStore() : before)
  const is = partOf(after, keys, threadId)
  const was = partOf(before, keys, threadId)
  if (is !== null) return diffSnapshots(was, is).rows
  // Back before the thread's first event.
  if (was === null) return []
  return diffSnapshots(null, was).rows.map((one) => ({
    ...one,
    change: "removed",
    fields: one.fields.map(({ after: value, field }) => ({ field, before: value, after: null })),
  }))
}
