/**
 * The rows of a thread that a client holds: the snapshot's, and what events have made of them since. Never changed: every step
 * makes new ones, which share with the old ones what did not change.
 */

import { type AnyRow, type TableName, tableNames } from "@threadfold/contracts"
import type { RowChange } from "@threadfold/contracts/api"
import {
  type Cells,
  compareKeys,
  compareText,
  keyOf,
  layout,
  type RowPlaces,
  type Scalar,
  type TableRow,
  toRow,
} from "@threadfold/core/model"
import { HashMap, HashSet, Option } from "effect"
import { isCutStream, stillTruncated } from "./truncatedRows.js"

/** Table → its column that names what its rows are parts of. Such a row is asked for by its owner. */
const partOf: { readonly [N in TableName]?: string } = { item_chunks: "itemId", inference_items: "inferenceId" }

/** Tables whose rows own parts, or lists that rules ask for: what is new is known whole. */
const owners: ReadonlySet<TableName> = new Set<TableName>(["turns", "items", "inferences"])

interface HeldTable {
  readonly rows: HashMap.HashMap<string, Cells>
  /** Keys of the rows that are open. */
  readonly open: HashSet.HashSet<string>
  /** Owner → keys of its parts. */
  readonly parts: HashMap.HashMap<string, HashSet.HashSet<string>>
}

const emptyTable: HeldTable = { rows: HashMap.empty(), open: HashSet.empty(), parts: HashMap.empty() }

type Tables = { readonly [N in TableName]?: HeldTable }

/** What is known of rows that are not held. */
export interface Missing {
  /** Table → an id: rows up to it may exist unheld; null: any may. A table that is not named is held whole. */
  readonly rest: { readonly [table: string]: string | null }
  /** Every open row is held. */
  readonly openComplete: boolean
  /** Ids of turns, items and attempts of which everything that may be asked is held. */
  readonly whole: HashSet.HashSet<string>
}

const keyText = (key: readonly (Scalar | null)[]): string => (key.length === 1 ? String(key[0]) : JSON.stringify(key))

const isOpen = (table: TableName, row: Cells): boolean => layout(table).entering.has(String(row.status))

const withRow = (held: HeldTable, table: TableName, key: string, row: Cells | null): HeldTable => {
  const owner = partOf[table]
  const before = Option.getOrNull(HashMap.get(held.rows, key))
  const named = owner === undefined ? undefined : (row ?? before)?.[owner]
  const parts =
    typeof named === "string"
      ? HashMap.modifyAt(held.parts, named, (keys) => {
          const set = Option.getOrElse(keys, () => HashSet.empty<string>())
          return Option.some(row === null ? HashSet.remove(set, key) : HashSet.add(set, key))
        })
      : held.parts
  return {
    rows: row === null ? HashMap.remove(held.rows, key) : HashMap.set(held.rows, key, row),
    open: row !== null && isOpen(table, row) ? HashSet.add(held.open, key) : HashSet.remove(held.open, key),
    parts,
  }
}

/** Rows of one thread. An instance never changes; each step returns another one. */
export class HeldRows {
  private constructor(
    private readonly tables: Tables,
    private readonly missing: Missing,
  ) {}

  /** The rows of a snapshot. */
  static of(rows: { readonly [table: string]: readonly Cells[] }, missing: Missing): HeldRows {
    const tables: { [N in TableName]?: HeldTable } = {}
    for (const table of tableNames) {
      let held = emptyTable
      for (const row of rows[table] ?? []) held = withRow(held, table, keyText(keyOf(layout(table), row)), row)
      tables[table] = held
    }
    return new HeldRows(tables, missing)
  }

  /** The row of a key; null: none is held. */
  get(table: TableName, key: readonly (Scalar | null)[]): Cells | null {
    return Option.getOrNull(HashMap.get(this.of(table).rows, keyText(key)))
  }

  /** Every row of a table, in no order. */
  all(table: TableName): Iterable<Cells> {
    return HashMap.values(this.of(table).rows)
  }

  /** The open rows of a table. */
  *open(table: TableName): Iterable<Cells> {
    const { open, rows } = this.of(table)
    for (const key of open) yield* Option.toArray(HashMap.get(rows, key))
  }

  /** The rows that are parts of something. */
  *partsOf(table: TableName, owner: string): Iterable<Cells> {
    const { parts, rows } = this.of(table)
    for (const key of Option.getOrElse(HashMap.get(parts, owner), () => HashSet.empty<string>())) {
      yield* Option.toArray(HashMap.get(rows, key))
    }
  }

  /** All rows of a table are held. */
  isWhole(table: TableName): boolean {
    return !(table in this.missing.rest)
  }

  /** Every open row is held. */
  get hasAllOpen(): boolean {
    return this.missing.openComplete
  }

  /** Everything that may be asked of a turn, an item or an attempt is held. */
  knows(id: string): boolean {
    return HashSet.has(this.missing.whole, id)
  }

  /** A row of this key that is not held does not exist either. */
  isAbsent(table: TableName, key: readonly (Scalar | null)[]): boolean {
    const rest = this.missing.rest[table]
    if (rest === undefined) return true
    if (rest !== null) return compareText(String(key[0]), rest) > 0
    const at = layout(table).key.indexOf(partOf[table] ?? "")
    return at !== -1 && this.knows(String(key[at]))
  }

  /** The rows in canonical order: by table, then by key. */
  *inOrder(): Iterable<TableRow> {
    for (const table of tableNames) {
      const of = layout(table)
      const rows = [...this.all(table)].sort((a, b) => compareKeys(keyOf(of, a), keyOf(of, b)))
      for (const row of rows) yield { table, row: rowOf(table, row) }
    }
  }

  /** These rows with others in the place of some. */
  with(tables: Tables, whole: HashSet.HashSet<string>): HeldRows {
    return new HeldRows({ ...this.tables, ...tables }, { ...this.missing, whole })
  }

  /** A table as it is. */
  of(table: TableName): HeldTable {
    return this.tables[table] ?? emptyTable
  }

  /** Ids of which everything is held. */
  get whole(): HashSet.HashSet<string> {
    return this.missing.whole
  }
}

const rowOf = (table: TableName, row: Cells): AnyRow => toRow(table, row)

/** Rows in the making: what one event changes. */
export class Draft implements RowPlaces {
  private readonly tables: { [N in TableName]?: HeldTable } = {}
  private readonly changed = new Map<string, RowChange>()
  private whole: HashSet.HashSet<string>
  /** A row was asked for that is not held and may exist; null: none was. */
  unknown: string | null = null

  constructor(private readonly held: HeldRows) {
    this.whole = held.whole
  }

  get = (table: TableName, key: readonly Scalar[]): Cells | null => {
    if (table === "item_chunks" && this.isCut(key[0])) return null
    const found = Option.getOrNull(HashMap.get(this.of(table).rows, keyText(key)))
    if (found === null && !this.isAbsent(table, key)) this.unknown ??= `${table} ${keyText(key)}`
    return found
  }

  set = (table: TableName, keyed: Cells, given: Cells | null): void => {
    const key = keyOf(layout(table), keyed)
    // What streams on behind a text that is cut is not held.
    if (table === "item_chunks" && given !== null && this.isCut(key[0])) return
    const text = keyText(key)
    const held = this.of(table)
    const before = Option.getOrNull(HashMap.get(held.rows, text))
    const row = given === null ? null : stillTruncated(before, given)
    if (owners.has(table) && row !== null && before === null) this.whole = HashSet.add(this.whole, text)
    this.tables[table] = withRow(held, table, text, row)
    this.changed.set(
      `${table} ${text}`,
      row === null ? { table, key: [...key], deleted: true } : { table, key: [...key], row },
    )
  }

  chunksOf = (itemId: string): readonly Cells[] => {
    const { parts, rows } = this.of("item_chunks")
    const keys = Option.getOrElse(HashMap.get(parts, itemId), () => HashSet.empty<string>())
    return [...keys].flatMap((key) => Option.toArray(HashMap.get(rows, key)))
  }

  /** The rows with everything that was set, and what that was. */
  done(): { readonly rows: HeldRows; readonly changes: readonly RowChange[] } {
    return { rows: this.held.with(this.tables, this.whole), changes: [...this.changed.values()] }
  }

  private of(table: TableName): HeldTable {
    return this.tables[table] ?? this.held.of(table)
  }

  /** Of the streamed content of this item a part is held. */
  private isCut(itemId: unknown): boolean {
    return isCutStream(Option.getOrNull(HashMap.get(this.of("items").rows, String(itemId))))
  }

  /** Not held before the event, and not by what it brought either. */
  private isAbsent(table: TableName, key: readonly Scalar[]): boolean {
    // A row that was held before the event and is not now was removed by it.
    if (this.held.get(table, key) !== null || this.held.isAbsent(table, key)) return true
    const owner = layout(table).key.indexOf(partOf[table] ?? "")
    return owner !== -1 && HashSet.has(this.whole, String(key[owner]))
  }
}
