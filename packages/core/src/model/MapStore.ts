/**
 * The projections in Maps: for verify, time travel, tests and servers without a disk. It gives the same rows and the
 * same finds as `SqlStore`, which a contract suite holds both to.
 */
import { type Rows, type TableName, tableNames } from "@threadfold/contracts"
import type { Change } from "../Change.js"
import { Portion } from "../Portion.js"
import { interpret } from "./interpret.js"
import { KeyTree } from "./KeyTree.js"
import { type Cells, keyOf, type Layout, layouts, type Scalar, toRow, withoutHeavy } from "./Layout.js"
import { comesFirst, RowIndex, type Slot } from "./RowIndex.js"
import {
  type FoldStateRow,
  type RemovedRows,
  type RowsSource,
  type ServedSession,
  type TableRow,
  tombstoneTables,
} from "./StoredRows.js"
import { compareKeys, compareText, wellFormedAll } from "./scalars.js"

/** Name of the look-up for the rows of one stream; no table has one of that name. */
const byOwner = "byOwner"

/** Name of the look-up for the sessions of one connection. */
const byConnection = "byConnection"

/** Name of the look-up for the connections that were opened for one thread. */
const byOpener = "byOpener"

/** Look-ups that only this store needs. */
const ownLookups = (of: Layout): readonly (readonly [string, readonly string[]])[] => [
  [byOwner, [of.owner]],
  ...(of.table === "sessions" ? [[byConnection, ["connectionId"]] as const] : []),
  ...(of.table === "connections" ? [[byOpener, ["openedFor"]] as const] : []),
]

class MapTable {
  readonly rows: KeyTree<Slot>
  readonly index: RowIndex<Slot>

  constructor(readonly of: Layout) {
    this.rows = new KeyTree(of.key)
    this.index = new RowIndex(of, new Map([...of.lookups, ...ownLookups(of)]))
  }

  /** Sets or (null) removes the row of a key; returns what was there. */
  set(keyed: Cells, row: Cells | null): Cells | null {
    const slot = this.rows.ofRow(keyed)
    const before = slot?.row ?? null
    if (row === null) {
      if (slot !== undefined) {
        this.index.move(slot, before, null)
        this.rows.deleteRow(keyed)
      }
    } else if (slot === undefined) {
      const made: Slot = { row }
      this.rows.setRow(row, made)
      this.index.move(made, null, row)
    } else {
      this.index.move(slot, before, row)
      slot.row = row
    }
    return before
  }

  get(values: readonly (Scalar | null)[]): Cells | null {
    return this.rows.get(values)?.row ?? null
  }

  matches(lookup: string, values: readonly (Scalar | null)[]): readonly Cells[] {
    const found: Cells[] = []
    for (const { row } of this.index.match(lookup, values)) if (row !== null) found.push(row)
    return found
  }
}

/** Rows and open states of any number of streams, in memory. */
export class MapStore implements RowsSource {
  private readonly tables: ReadonlyMap<TableName, MapTable> = new Map(
    [...layouts].map(([table, of]) => [table, new MapTable(of)]),
  )
  private readonly states = new Map<string, FoldStateRow>()
  private readonly meta = new Map<string, string>()
  private readonly places = {
    get: (table: TableName, key: readonly Scalar[]) => this.table(table).get(key),
    set: (table: TableName, keyed: Cells, row: Cells | null) => this.set(table, keyed, row),
    chunksOf: (itemId: string) =>
      [...this.table("item_chunks").rows.under(itemId)].flatMap(({ row }) => (row === null ? [] : [row])),
  }
  /** Told of every row that a change sets or (null) removes, with what was there before; null: no reader wants it. */
  onMove: ((table: TableName, before: Cells | null, after: Cells | null) => void) | null = null
  /** How to take back what was done since the outermost `atomically` began; null outside of one. */
  private undo: (() => void)[] | null = null

  find = <N extends TableName>(table: N, lookup: string, values: readonly (Scalar | null)[]): Rows[N] | null => {
    const wanted = wellFormedAll(values)
    const found = this.table(table)
    const row = lookup === "key" ? found.get(wanted) : (found.index.best(lookup, wanted)?.row ?? null)
    return row === null ? null : toRow(table, withoutHeavy(found.of, row))
  }

  whole = <N extends TableName>(table: N, key: readonly Scalar[]): Rows[N] | null => {
    const row = this.table(table).get(wellFormedAll(key))
    return row === null ? null : toRow(table, row)
  }

  findAll = <N extends TableName>(table: N, lookup: string, values: readonly (Scalar | null)[]): readonly Rows[N][] => {
    const { of } = this.table(table)
    return [...this.matches(table, lookup, values)]
      .sort((a, b) => (comesFirst(of, a, b) ? -1 : 1))
      .map((row) => toRow(table, withoutHeavy(of, row)))
  }

  list = <N extends TableName>(table: N, name: string, values: readonly (Scalar | null)[]): readonly Rows[N][] => {
    const { of } = this.table(table)
    return this.table(table)
      .matches(name, wellFormedAll(values))
      .map((row) => toRow(table, withoutHeavy(of, row)))
  }

  apply = (changes: readonly Change[]): void => interpret(this.places, changes)

  loadFoldState = (streamId: string): FoldStateRow | null => this.states.get(streamId) ?? null

  saveFoldState = (row: FoldStateRow): void => {
    remember(this.undo, this.states, row.streamId)
    this.states.set(row.streamId, row)
  }

  clearStream = (streamId: string): void => {
    for (const table of tableNames) {
      for (const row of this.table(table).matches(byOwner, [streamId])) this.set(table, row, null)
    }
    remember(this.undo, this.states, streamId)
    this.states.delete(streamId)
  }

  removeSome = (streamId: string, limit: number): RemovedRows => {
    const keys: RemovedRows["keys"][number][] = []
    const portion = new Portion(limit)
    for (const table of [...tableNames].reverse()) {
      if (tombstoneTables.has(table)) continue
      const { of } = this.table(table)
      for (const row of this.table(table).matches(byOwner, [streamId])) {
        if (!portion.takes(Object.values(row).reduce((sum: number, value) => sum + textLength(value), 0))) break
        keys.push({ table, key: keyOf(of, row) })
        this.set(table, row, null)
      }
    }
    return { keys, bytes: portion.bytes }
  }

  sessionsAfter = (threadId: string, epoch: number, limit: number): readonly ServedSession[] =>
    this.table("sessions")
      .matches(byOwner, [threadId])
      .map((row) => toRow("sessions", row))
      .filter((session) => session.epoch > epoch)
      .sort((a, b) => a.epoch - b.epoch)
      .slice(0, limit)
      .map((session) => ({ epoch: session.epoch, connectionId: session.connectionId }))

  openedFor = (threadId: string, after: string, limit: number): readonly string[] =>
    this.table("connections")
      .matches(byOpener, [threadId])
      .map((row) => String(row.connectionId))
      .filter((connectionId) => compareText(connectionId, after) > 0)
      .sort(compareText)
      .slice(0, limit)

  servesOther = (connectionId: string, threadId: string): boolean => {
    const opener = this.find("connections", "key", [connectionId])?.openedFor ?? null
    const isLive = (other: string): boolean => (this.find("threads", "key", [other])?.status ?? "purged") !== "purged"
    return (
      (opener !== null && opener !== threadId && isLive(opener)) ||
      this.table("sessions")
        .matches(byConnection, [connectionId])
        .some((row) => row.threadId !== threadId)
    )
  };

  *rowsOf(streamId: string): Iterable<TableRow> {
    for (const table of tableNames) {
      const { of } = this.table(table)
      const rows = this.table(table)
        .matches(byOwner, [streamId])
        .map((row) => ({ row, key: keyOf(of, row) }))
        .sort((a, b) => compareKeys(a.key, b.key))
      for (const { row } of rows) yield { table, row: toRow(table, row) }
    }
  }

  streams = (after: string | null, limit: number): readonly FoldStateRow[] =>
    [...this.states.values()]
      .filter(({ streamId }) => after === null || compareText(streamId, after) > 0)
      .sort((a, b) => compareText(a.streamId, b.streamId))
      .slice(0, limit)

  owners = (after: string | null, limit: number): readonly string[] => {
    const found = new Set(this.states.keys())
    for (const { of, rows } of this.tables.values()) {
      for (const { row } of rows.values()) if (row !== null) found.add(String(row[of.owner]))
    }
    return [...found]
      .filter((streamId) => after === null || compareText(streamId, after) > 0)
      .sort(compareText)
      .slice(0, limit)
  }

  getMeta = (key: string): string | null => this.meta.get(key) ?? null

  setMeta = (key: string, value: string | null): void => {
    remember(this.undo, this.meta, key)
    if (value === null) this.meta.delete(key)
    else this.meta.set(key, value)
  }

  atomically = <A>(body: () => A): A => {
    const outer = this.undo
    const undo = outer ?? []
    const mark = undo.length
    this.undo = undo
    try {
      return body()
    } catch (error) {
      for (const step of undo.splice(mark).reverse()) step()
      throw error
    } finally {
      this.undo = outer
    }
  }

  /** The rows whose key begins with this, such as the chunks of an item, whole and in no particular order. */
  under = <N extends TableName>(table: N, first: Scalar): readonly Rows[N][] =>
    [...this.table(table).rows.under(first)].flatMap(({ row }) => (row === null ? [] : [toRow(table, row)]))

  private table(name: TableName): MapTable {
    const found = this.tables.get(name)
    if (found === undefined) throw new Error(`There is no table ${name}.`)
    return found
  }

  private matches(table: TableName, lookup: string, values: readonly (Scalar | null)[]): readonly Cells[] {
    const wanted = wellFormedAll(values)
    if (lookup !== "key") return this.table(table).matches(lookup, wanted)
    const row = this.table(table).get(wanted)
    return row === null ? [] : [row]
  }

  private set(table: TableName, keyed: Cells, row: Cells | null): void {
    const before = this.table(table).set(keyed, row)
    this.onMove?.(table, before, row)
    this.undo?.push(() => {
      this.table(table).set(keyed, before)
    })
  }
}

const textLength = (value: unknown): number => {
  if (typeof value === "string") return value.length
  return typeof value === "object" && value !== null ? JSON.stringify(value).length : 0
}

/** Notes how to bring back what a map holds under a key. */
const remember = <V>(undo: (() => void)[] | null, map: Map<string, V>, key: string): void => {
  const before = map.get(key)
  undo?.push(() => {
    if (before === undefined) map.delete(key)
    else map.set(key, before)
  })
}
