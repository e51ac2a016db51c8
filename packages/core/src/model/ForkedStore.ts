/**
 * The rows of one thread in memory, of which a copy costs nothing: for going back and forth in a thread. It gives the same rows and the
 * same finds as `MapStore`, which a property test holds it to; each look-up takes a little longer.
 */
import { type Rows, type TableName, tableNames } from "@threadfold/contracts"
import type { Change } from "../Change.js"
import { interpret } from "./interpret.js"
import { type Cells, keyOf, type Layout, layouts, type Scalar, scalar, toRow, withoutHeavy } from "./Layout.js"
import type { RowMove } from "./rowMoves.js"
import { SortedTree, type TreeKey } from "./SortedTree.js"
import type { RowsSource, TableRow } from "./StoredRows.js"
import { wellFormedAll } from "./scalars.js"

/** How rows of a table are found other than by their key. */
interface Index {
  readonly name: string
  readonly columns: readonly string[]
  /** Column → values that the rows in it have; null: a row is in it unless one of its columns is null. */
  readonly where: readonly (readonly [column: string, values: readonly unknown[]])[] | null
}

/** The order of a document, where it is another than that of the keys. */
const documentOrder: { readonly [N in TableName]?: readonly string[] } = {
  turns: ["ordinal"],
  items: ["ordinal"],
  queue: ["position"],
  anomalies: ["lastSequence", "subject", "reason"],
}

/** Name of the index in the order of the document; no look-up has one of that name. */
const inOrder = "inOrder"

const indexesOf = (of: Layout): readonly Index[] => {
  const order = documentOrder[of.table]
  return [
    ...[...of.lookups].map(([name, columns]) => ({ name, columns, where: null })),
    ...[...of.lists].map(([name, { columns, where }]) => ({ name, columns, where: Object.entries(where) })),
    ...(order === undefined ? [] : [{ name: inOrder, columns: order, where: null }]),
  ]
}

const indexes: ReadonlyMap<TableName, readonly Index[]> = new Map(
  [...layouts].map(([table, of]) => [table, indexesOf(of)]),
)

/** The key of a row in an index: its columns, then what comes first among the same. Null: the row is not in it. */
const entryKey = (of: Layout, { columns, name, where }: Index, row: Cells): TreeKey | null => {
  if (where === null) {
    if (columns.some((column) => scalar(row, column) === null)) return null
  } else if (!where.every(([column, values]) => values.includes(row[column]))) return null
  const values: (Scalar | null)[] = columns.map((column) => scalar(row, column))
  if (of.ordinal && name !== inOrder) values.push(-Number(scalar(row, "ordinal") ?? 0))
  return [...values, ...keyOf(of, row)]
}

/** A table with its indexes, which lead to keys: a row that is replaced stays where it is in most of them. */
interface Table {
  readonly of: Layout
  readonly rows: SortedTree<Cells>
  readonly byIndex: ReadonlyMap<string, SortedTree<TreeKey>>
}

type Tables = ReadonlyMap<TableName, Table>

const emptyTables = (): Tables =>
  new Map(
    [...layouts].map(([table, of]) => [
      table,
      {
        of,
        rows: new SortedTree<Cells>(),
        byIndex: new Map((indexes.get(table) ?? []).map(({ name }) => [name, new SortedTree<TreeKey>()])),
      },
    ]),
  )

/** Rows of one stream. */
export class ForkedStore implements RowsSource {
  /** Told of every row that a change sets or (null) removes, with what was there before; null: no reader wants it. */
  onMove: ((move: RowMove) => void) | null = null
  private readonly places = {
    get: (table: TableName, key: readonly Scalar[]) => this.table(table).rows.get(key) ?? null,
    set: (table: TableName, keyed: Cells, row: Cells | null) => this.set(table, keyed, row),
    chunksOf: (itemId: string) => [...this.table("item_chunks").rows.under([itemId])].map(([, row]) => row),
  }

  constructor(private readonly tables: Tables = emptyTables()) {}

  /** A copy. What is done to one of the two is not seen in the other. */
  fork(): ForkedStore {
    return new ForkedStore(
      new Map(
        [...this.tables].map(([name, { byIndex, of, rows }]) => [
          name,
          { of, rows: rows.fork(), byIndex: new Map([...byIndex].map(([index, tree]) => [index, tree.fork()])) },
        ]),
      ),
    )
  }

  apply = (changes: readonly Change[]): void => interpret(this.places, changes)

  find = <N extends TableName>(table: N, lookup: string, values: readonly (Scalar | null)[]): Rows[N] | null => {
    for (const row of this.matches(table, lookup, wellFormedAll(values))) return this.light(table, row)
    return null
  }

  findAll = <N extends TableName>(table: N, lookup: string, values: readonly (Scalar | null)[]): readonly Rows[N][] =>
    [...this.matches(table, lookup, wellFormedAll(values))].map((row) => this.light(table, row))

  list = <N extends TableName>(table: N, name: string, values: readonly (Scalar | null)[]): readonly Rows[N][] =>
    [...this.entries(table, name, wellFormedAll(values))].map((row) => this.light(table, row))

  whole = <N extends TableName>(table: N, key: readonly Scalar[]): Rows[N] | null => {
    const row = this.table(table).rows.get(wellFormedAll(key))
    return row === undefined ? null : toRow(table, row)
  }

  /** The rows whose key begins with this, such as the chunks of an item, whole and in order. */
  under<N extends TableName>(table: N, first: Scalar): readonly Rows[N][] {
    return [...this.table(table).rows.under([first])].map(([, row]) => toRow(table, row))
  }

  /** All rows in canonical order: by table, then by key. */
  *rows(): Generator<TableRow, void> {
    for (const name of tableNames) for (const row of this.all(name)) yield { table: name, row }
  }

  /** The rows of a table by their keys. */
  *all<N extends TableName>(table: N): Generator<Rows[N], void> {
    for (const [, row] of this.table(table).rows.from([])) yield toRow(table, row)
  }

  /**
   * The rows of a table from the end of the document on, the last one first.
   *
   * @param before the place that an earlier row had, in {@link placeOf}; null: from the end
   */
  *fromEnd<N extends TableName>(table: N, before: TreeKey | null): Generator<Rows[N], void> {
    const { byIndex, rows } = this.table(table)
    const order = byIndex.get(inOrder)
    if (order === undefined) {
      for (const [, row] of rows.before(before)) yield toRow(table, row)
      return
    }
    for (const [, key] of order.before(before)) {
      const row = rows.get(key)
      if (row !== undefined) yield toRow(table, row)
    }
  }

  /** Where a row stands in its list of the document. */
  placeOf<N extends TableName>(table: N, row: Cells): TreeKey {
    const { of } = this.table(table)
    return [...(documentOrder[table] ?? []).map((column) => scalar(row, column)), ...keyOf(of, row)]
  }

  /**
   * Keys of the rows that are not the same here and there, by table. Rows that both took from one copy are passed over by their
   * identity; tables that nothing was changed in are not looked at.
   */
  differences(other: ForkedStore): ReadonlyMap<TableName, readonly TreeKey[]> {
    const found = new Map<TableName, TreeKey[]>()
    for (const name of tableNames) {
      const here = this.table(name).rows
      const there = other.table(name).rows
      if (here.shares(there)) continue
      const keys: TreeKey[] = []
      for (const [key, row] of here.from([])) if (there.get(key) !== row) keys.push(key)
      for (const [key] of there.from([])) if (here.get(key) === undefined) keys.push(key)
      if (keys.length > 0) found.set(name, keys)
    }
    return found
  }

  private light<N extends TableName>(table: N, row: Cells): Rows[N] {
    return toRow(table, withoutHeavy(this.table(table).of, row))
  }

  private *matches(table: TableName, lookup: string, values: readonly (Scalar | null)[]): Generator<Cells, void> {
    // As in SQL, an unknown value equals nothing.
    if (values.includes(null)) return
    if (lookup !== "key") return yield* this.entries(table, lookup, values)
    const row = this.table(table).rows.get(values)
    if (row !== undefined) yield row
  }

  private *entries(table: TableName, name: string, values: readonly (Scalar | null)[]): Generator<Cells, void> {
    const { byIndex, rows } = this.table(table)
    for (const [, key] of byIndex.get(name)?.under(values) ?? []) {
      const row = rows.get(key)
      if (row !== undefined) yield row
    }
  }

  private table(name: TableName): Table {
    const found = this.tables.get(name)
    if (found === undefined) throw new Error(`There is no table ${name}.`)
    return found
  }

  private set(name: TableName, keyed: Cells, row: Cells | null): void {
    const { byIndex, of, rows } = this.table(name)
    const key = keyOf(of, keyed)
    const before = rows.get(key) ?? null
    if (row === null) rows.delete(key)
    else rows.set(key, row)
    for (const index of indexes.get(name) ?? []) {
      const tree = byIndex.get(index.name)
      const was = before === null ? null : entryKey(of, index, before)
      const is = row === null ? null : entryKey(of, index, row)
      if (was !== null && is !== null && was.every((value, at) => value === is[at])) continue
      if (was !== null) tree?.delete(was)
      if (is !== null) tree?.set(is, key)
    }
    this.onMove?.({ table: name, before, after: row })
  }
}
