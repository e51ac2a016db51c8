/**
 * The pending changes of the running batch over the stored rows: the fold sees what it just decided, and the store gets
 * one write per row when the batch ends. This is the hot path: no JSON, no glued keys, no copies without need.
 */
import { type ItemChunkRow, type Rows, type TableName, tableNames } from "@threadfold/contracts"
import type { AppendChunk, Change, ClearChunks, Delete, NoteAnomaly, Put } from "../Change.js"
import { appended, counted } from "./interpret.js"
import { KeyTree } from "./KeyTree.js"
import {
  type Cells,
  cells,
  heavyKept,
  type Layout,
  layouts,
  type Scalar,
  scalar,
  toRow,
  withHeavyOf,
  withoutHeavy,
} from "./Layout.js"
import { comesFirst, RowIndex, type Slot } from "./RowIndex.js"
import { keepOwner, type RowsSource } from "./StoredRows.js"
import { wellFormed } from "./scalars.js"

interface Pending extends Slot {
  /** The change that will be written, but for `kept`. */
  change: Put | Delete
  /** Heavy columns of earlier changes of the batch that the last one leaves out, or null. */
  kept: Cells | null
  /** True: the store has no row of this key. */
  readonly isNew: boolean
}

class PendingTable {
  readonly rows: KeyTree<Pending>
  /** By other columns than the key. Most batches ask for none of them, and then nothing is put in here. */
  private readonly lookups: RowIndex<Pending>
  private isIndexed = false
  list: Pending[] = []
  /** Keys of one column that the store was found not to have. */
  private absent = new Set<Scalar>()

  constructor(readonly of: Layout) {
    this.rows = new KeyTree(of.key)
    this.lookups = new RowIndex(of)
  }

  /** The pending rows by their look-ups and lists; made when it is first asked for. */
  get index(): RowIndex<Pending> {
    if (!this.isIndexed) {
      this.isIndexed = true
      for (const pending of this.list) this.move(pending, null, pending.row)
    }
    return this.lookups
  }

  /** The store has no row of this key. */
  lacks(key: Scalar): void {
    this.absent.add(key)
  }

  /** @param minted ids that were made since the overlay was cleared, of rows of any table */
  put(change: Put, minted: ReadonlySet<Scalar>): void {
    const row = cells(change.row)
    const pending = this.rows.ofRow(row)
    if (pending === undefined) {
      const made: Pending = { row, change, kept: null, isNew: this.isAbsent(row, minted) }
      this.rows.setRow(row, made)
      this.list.push(made)
      this.move(made, null, row)
      return
    }
    const before = pending.row
    keepOwner(this.of, before, row)
    // A row that was deleted in this batch (`before` is null) comes back with its heavy columns empty, not as stored.
    pending.kept = this.of.heavy.length === 0 ? null : heavyKept(this.of, row, before, pending.kept)
    pending.row = row
    pending.change = change
    this.move(pending, before, row)
  }

  remove(change: Delete): void {
    const pending = this.rows.get(change.key)
    if (pending === undefined) {
      const made: Pending = { row: null, change, kept: null, isNew: false }
      this.rows.set(change.key, made)
      this.list.push(made)
      return
    }
    this.move(pending, pending.row, null)
    pending.row = null
    pending.change = change
    pending.kept = null
  }

  clear(): void {
    if (this.absent.size > 0) this.absent = new Set()
    if (this.list.length === 0) return
    this.rows.clear()
    if (this.isIndexed) this.lookups.clear()
    this.isIndexed = false
    this.list = []
  }

  private move(pending: Pending, before: Cells | null, after: Cells | null): void {
    if (this.isIndexed) this.lookups.move(pending, before, after)
  }

  private isAbsent(row: Cells, minted: ReadonlySet<Scalar>): boolean {
    const [column, ...others] = this.of.key
    if (column === undefined || others.length > 0) return false
    const key = scalar(row, column)
    return key !== null && (this.absent.has(key) || minted.has(key))
  }
}

const merged = (of: Layout, row: Cells, kept: Cells | null): Cells => (kept === null ? row : withHeavyOf(of, row, kept))

/** The change that writes a row; the row is of that table. */
export const putOf = (table: TableName, row: Cells): Put => {
  const change: { op: "put"; table: TableName; row: Rows[TableName] } = { op: "put", table, row: toRow(table, row) }
  return change as Put
}

type PutChunk = Extract<Put, { readonly table: "item_chunks" }>

/**
 * Pending chunks. Most of what is staged is chunks, nothing looks them up but their item, and the fold never does: two
 * maps are enough.
 */
class PendingChunks {
  private puts = new Map<string, Map<number, PutChunk | AppendChunk>>()
  private cleared = new Map<string, ClearChunks>()
  private readonly removed: Delete[] = []
  private last: { readonly itemId: string; readonly puts: Map<number, PutChunk | AppendChunk> } | null = null

  get isEmpty(): boolean {
    return this.puts.size === 0 && this.cleared.size === 0 && this.removed.length === 0
  }

  put(change: PutChunk): void {
    this.of(change.row.itemId).set(change.row.ordinal, change)
  }

  append(change: AppendChunk): void {
    const { itemId, ordinal } = change.row
    const puts = this.of(itemId)
    const pending = puts.get(ordinal)
    if (pending === undefined) puts.set(ordinal, change)
    // Nothing of the stored chunk is taken off but by the first piece that has text.
    else if (pending.op === "append-chunk" && pending.row.text === "" && change.drop !== undefined) {
      puts.set(ordinal, change)
    } else puts.set(ordinal, { ...pending, row: appended(pending.row, change) })
  }

  private of(itemId: string): Map<number, PutChunk | AppendChunk> {
    if (this.last?.itemId !== itemId) {
      const puts = this.puts.get(itemId) ?? new Map<number, PutChunk | AppendChunk>()
      this.puts.set(itemId, puts)
      this.last = { itemId, puts }
    }
    return this.last.puts
  }

  remove(change: Delete): void {
    const [itemId, ordinal] = change.key
    this.puts.get(String(itemId))?.delete(Number(ordinal))
    this.removed.push(change)
  }

  clearItem(change: ClearChunks): void {
    this.puts.delete(change.itemId)
    this.last = null
    this.cleared.set(change.itemId, change)
  }

  /** The row of a key with what is pending for it; `stored`: what the row is without. */
  get(itemId: string, ordinal: number, stored: () => ItemChunkRow | null): ItemChunkRow | null {
    const pending = this.puts.get(itemId)?.get(ordinal)
    if (pending?.op === "put") return pending.row
    const gone = this.cleared.has(itemId) || this.removed.some(({ key }) => key[0] === itemId && key[1] === ordinal)
    const earlier = gone ? null : stored()
    return pending === undefined ? earlier : appended(earlier, pending)
  }

  /** What is to be written: removals first. */
  net(out: Change[]): void {
    for (const change of this.cleared.values()) out.push(change)
    for (const change of this.removed) out.push(change)
    for (const puts of this.puts.values()) for (const put of puts.values()) out.push(put)
  }

  clear(): void {
    if (this.isEmpty) return
    // New maps, as in KeyTree.
    this.puts = new Map()
    this.cleared = new Map()
    this.removed.length = 0
    this.last = null
  }
}

/** Pending changes over stored rows. Finds see the changes; `net` gives one change for each row. */
export class Overlay implements RowsSource {
  private readonly tables: ReadonlyMap<TableName, PendingTable>
  private readonly chunks = new PendingChunks()
  private ids = new Set<string>()

  /** `base`: the stored rows. */
  constructor(private readonly base: RowsSource) {
    this.tables = new Map([...layouts].map(([table, of]) => [table, new PendingTable(of)]))
  }

  /** True while nothing is pending. */
  get isEmpty(): boolean {
    if (!this.chunks.isEmpty) return false
    for (const { list } of this.tables.values()) if (list.length > 0) return false
    return true
  }

  /** Takes changes of one fold step; the next step sees them. Throws `ForeignRow` for a pending row of another stream. */
  stage(changes: readonly Change[]): void {
    for (const change of changes) {
      switch (change.op) {
        case "put":
          if (change.table === "item_chunks") this.chunks.put(change)
          else this.table(change.table).put(change, this.ids)
          break
        case "append-chunk":
          this.chunks.append(change)
          break
        case "delete":
          if (change.table === "item_chunks") this.chunks.remove(change)
          else this.table(change.table).remove(change)
          break
        case "clear-chunks":
          this.chunks.clearItem(change)
          break
        case "anomaly":
          this.note(change)
          break
      }
    }
  }

  find = <N extends TableName>(table: N, lookup: string, values: readonly (Scalar | null)[]): Rows[N] | null => {
    if (table === "item_chunks") {
      const stored = () => this.base.find("item_chunks", lookup, values)
      const chunk = this.chunks.get(String(values[0]), Number(values[1]), stored)
      return chunk === null ? null : toRow(table, cells(chunk))
    }
    const pending = this.table(table)
    if (lookup === "key") {
      const slot = pending.rows.get(values)
      if (slot !== undefined) return slot.row === null ? null : toRow(table, withoutHeavy(pending.of, slot.row))
      const stored = this.base.find(table, lookup, values)
      const [key] = values
      if (stored === null && key !== undefined && key !== null) pending.lacks(key)
      return stored
    }
    let best: Cells | null = pending.list.length === 0 ? null : (pending.index.best(lookup, values)?.row ?? null)
    const stored = this.bestStored(table, lookup, values, best)
    if (stored !== null && (best === null || comesFirst(pending.of, stored, best))) best = stored
    return best === null ? null : toRow(table, withoutHeavy(pending.of, best))
  }

  minted = (id: string): void => {
    this.ids.add(id)
  }

  whole = <N extends TableName>(table: N, key: readonly Scalar[]): Rows[N] | null => {
    if (table === "item_chunks") return this.find(table, "key", key)
    const { of, rows } = this.table(table)
    const slot = rows.get(key)
    if (slot === undefined) return this.base.whole(table, key)
    if (slot.row === null) return null
    const stored = this.base.whole(table, key)
    return toRow(table, withHeavyOf(of, merged(of, slot.row, slot.kept), stored === null ? null : cells(stored)))
  }

  findAll = <N extends TableName>(table: N, lookup: string, values: readonly (Scalar | null)[]): readonly Rows[N][] => {
    const pending = this.table(table)
    if (lookup === "key") {
      const found = this.find(table, lookup, values)
      return found === null ? [] : [found]
    }
    const found: Cells[] = []
    for (const { row } of pending.index.match(lookup, values)) {
      if (row !== null) found.push(withoutHeavy(pending.of, row))
    }
    for (const row of this.base.findAll(table, lookup, values)) {
      if (pending.rows.ofRow(cells(row)) === undefined) found.push(cells(row))
    }
    return found.sort((a, b) => (comesFirst(pending.of, a, b) ? -1 : 1)).map((row) => toRow(table, row))
  }

  list = <N extends TableName>(table: N, name: string, values: readonly (Scalar | null)[]): readonly Rows[N][] => {
    const pending = this.table(table)
    const stored = this.base.list(table, name, values)
    if (pending.list.length === 0) return stored
    const found = stored.filter((row) => pending.rows.ofRow(cells(row)) === undefined)
    for (const { row } of pending.index.match(name, values)) {
      if (row !== null) found.push(toRow(table, withoutHeavy(pending.of, row)))
    }
    return found
  }

  /**
   * What is to be written: one change per row, in table order; within a table deletes, then rows that leave an active
   * state, then rows that enter one, then rows that the store does not have: a new row may take a name that a stored one gave up.
   */
  net(): readonly Change[] {
    const out: Change[] = []
    for (const table of tableNames) {
      if (table === "item_chunks") this.chunks.net(out)
      const { list, of } = this.table(table)
      if (list.length === 0) continue
      for (const { change } of list) if (change.op === "delete") out.push(change)
      const entering: Change[] = []
      const made: Change[] = []
      for (const { change, isNew, kept, row } of list) {
        if (change.op !== "put" || row === null) continue
        const whole = kept === null ? change : putOf(change.table, merged(of, row, kept))
        if (isNew) made.push({ ...whole, isNew })
        else if (of.entering.size > 0 && of.entering.has(String(row.status))) entering.push(whole)
        else out.push(whole)
      }
      for (const change of entering) out.push(change)
      for (const change of made) out.push(change)
    }
    return out
  }

  /** Forgets everything that is pending: after it was written, or because it never will be. */
  clear(): void {
    for (const table of this.tables.values()) table.clear()
    this.chunks.clear()
    if (this.ids.size > 0) this.ids = new Set()
  }

  /** The first of the stored matches that has no pending change; `pending`: the first of those that have one. */
  private bestStored(
    table: TableName,
    lookup: string,
    values: readonly (Scalar | null)[],
    pending: Cells | null,
  ): Cells | null {
    const { of, rows } = this.table(table)
    const first = this.base.find(table, lookup, values)
    if (first === null) return null
    const change = rows.ofRow(cells(first))
    // A stored row with a pending change is judged by that change alone; the next match takes its place.
    if (change === undefined) return cells(first)
    // Behind the first one comes no other that could win: not to be looked for, however many there are.
    if (pending !== null && !comesFirst(of, cells(first), pending)) return null
    for (const row of this.base.findAll(table, lookup, values)) {
      if (rows.ofRow(cells(row)) === undefined) return cells(row)
    }
    return null
  }

  private note(change: NoteAnomaly): void {
    const earlier = this.find("anomalies", "key", [change.threadId, wellFormed(change.subject), change.reason])
    this.table("anomalies").put({ op: "put", table: "anomalies", row: counted(earlier, change) }, this.ids)
  }

  private table(name: TableName): PendingTable {
    const found = this.tables.get(name)
    if (found === undefined) throw new Error(`There is no table ${name}.`)
    return found
  }
}
