/**
 * What the fold's changes mean for rows in memory, defined once for everything that keeps rows: the store in Maps, and a client that
 * holds a part of a thread.
 */
import type { ItemChunkRow, Rows, TableName } from "@threadfold/contracts"
import type { AppendChunk, Change, NoteAnomaly } from "../Change.js"
import { type Cells, cells, keyOf, type Layout, layout, type Scalar, toRow } from "./Layout.js"
import { keepOwner } from "./StoredRows.js"
import { wellFormed, wellFormedAll } from "./scalars.js"

/** Where rows are kept. They are replaced, never changed. */
export interface RowPlaces {
  /** The whole row of a key, or null. */
  readonly get: (table: TableName, key: readonly Scalar[]) => Cells | null
  /** Puts `row` in the place of the row that has the key columns of `keyed`; null: that row is removed. */
  readonly set: (table: TableName, keyed: Cells, row: Cells | null) => void
  /** The chunks of an item. */
  readonly chunksOf: (itemId: string) => readonly Cells[]
}

/** A value as a database gives it back: absent is null, text is well-formed. */
const stored = (json: boolean, value: unknown): unknown => {
  if (value === undefined) return null
  return !json && typeof value === "string" ? wellFormed(value) : value
}

/** A row as a database gives it back; heavy columns that it leaves out stay absent. */
export const storedRow = (of: Layout, row: Cells): Record<string, unknown> => {
  const out: Record<string, unknown> = {}
  for (const { name, json, heavy } of of.columns) {
    if (!heavy || row[name] !== undefined) out[name] = stored(json, row[name])
  }
  return out
}

const put = (rows: RowPlaces, table: TableName, given: Cells): void => {
  const of = layout(table)
  const row = storedRow(of, given)
  const before = rows.get(table, keyOf(of, row))
  keepOwner(of, before, row)
  // The row is a copy of this function's own. Nine of ten events put rows, so a second copy of each would show.
  for (const name of of.heavy) {
    const kept = before === null ? null : before[name]
    if (row[name] === undefined && kept !== undefined) row[name] = kept
  }
  rows.set(table, row, row)
}

/** Carries out changes in their order. Throws `ForeignRow` where one would take another stream's row. */
export const interpret = (rows: RowPlaces, changes: readonly Change[]): void => {
  for (const change of changes) {
    switch (change.op) {
      case "put":
        put(rows, change.table, cells(change.row))
        break
      case "delete": {
        const found = rows.get(change.table, wellFormedAll(change.key))
        if (found !== null) rows.set(change.table, found, null)
        break
      }
      case "append-chunk": {
        const earlier = rows.get("item_chunks", [change.row.itemId, change.row.ordinal])
        const chunk = appended(earlier === null ? null : toRow("item_chunks", earlier), change)
        put(rows, "item_chunks", cells(chunk))
        break
      }
      case "clear-chunks":
        for (const row of rows.chunksOf(change.itemId)) rows.set("item_chunks", row, null)
        break
      case "anomaly": {
        const earlier = rows.get("anomalies", [change.threadId, wellFormed(change.subject), change.reason])
        put(rows, "anomalies", cells(counted(earlier === null ? null : toRow("anomalies", earlier), change)))
        break
      }
    }
  }
}

/** A chunk after more text came for it. */
export const appended = (
  earlier: ItemChunkRow | null,
  { drop, row }: Pick<AppendChunk, "drop" | "row">,
): ItemChunkRow =>
  earlier === null
    ? row
    : {
        ...earlier,
        text: earlier.text.slice(0, earlier.text.length - (drop ?? 0)) + row.text,
        sequence: row.sequence,
      }

/** The row of an anomaly after one more of it. */
export const counted = (earlier: Rows["anomalies"] | null, change: NoteAnomaly): Rows["anomalies"] => ({
  threadId: change.threadId,
  subject: wellFormed(change.subject),
  reason: change.reason,
  count: (earlier?.count ?? 0) + 1,
  firstSequence: earlier?.firstSequence ?? change.sequence,
  lastSequence: change.sequence,
  detail: change.detail,
})
