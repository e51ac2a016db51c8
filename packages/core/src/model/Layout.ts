/**
 * What the interpreters need to know of a table, computed once from the tables of the contract: column lists, keys, and
 * which rows take a unique place that another row may have to leave first.
 */
import { type AnyRow, type RowList, type Rows, type TableName, tableNames, tables } from "@threadfold/contracts"

/** A value that may stand in a key or a look-up. */
export type Scalar = string | number

/** A row seen as column → value: what code that serves every table reads. */
export type Cells = { readonly [column: string]: unknown }

/** One column. */
export interface LayoutColumn {
  /** Property of the row. */
  readonly name: string
  readonly json: boolean
  readonly heavy: boolean
  readonly derived: boolean
}

/** A table as the interpreters see it. */
export interface Layout {
  readonly table: TableName
  readonly columns: readonly LayoutColumn[]
  /** Key columns. */
  readonly key: readonly string[]
  /** Names of the heavy columns. */
  readonly heavy: readonly string[]
  /** Look-up name → columns. */
  readonly lookups: ReadonlyMap<string, readonly string[]>
  /** List name → the rows that it holds, and the columns that it is asked by. */
  readonly lists: ReadonlyMap<string, RowList>
  /** Column that names the stream a row belongs to. */
  readonly owner: string
  /**
   * True where a row of one stream could take the place of another's: its key does not hold the stream. Not chunks: they
   * go where their item goes, and as the hottest table they would pay most for a check.
   */
  readonly guarded: boolean
  /** True where a look-up may match several rows: the highest ordinal wins. Elsewhere the lowest key does. */
  readonly ordinal: boolean
  /** Values of `status` that take a unique place; rows with another value are written before these. */
  readonly entering: ReadonlySet<string>
}

/** Table → values of `status` for which a partial unique index (or a place in a queue) lets only so many rows be. */
const entering: { readonly [N in TableName]?: readonly string[] } = {
  connections: ["open"],
  sessions: ["starting", "running"],
  turns: ["running"],
  items: ["open"],
  requests: ["open", "answering"],
  inferences: ["running"],
  realtime_runs: ["requested", "started"],
  delegations: ["open"],
  tasks: ["running"],
}

const layoutOf = (table: TableName): Layout => {
  const { columns, key, lists, lookups } = tables[table]
  const listed = Object.entries(columns).map(([name, column]) => ({
    name,
    json: column.type === "json",
    heavy: column.heavy === true,
    derived: column.derived === true,
  }))
  const owner = table === "connections" ? "connectionId" : "threadId"
  return {
    table,
    columns: listed,
    key,
    heavy: listed.filter((column) => column.heavy).map((column) => column.name),
    lookups: new Map(Object.entries(lookups)),
    lists: new Map(Object.entries(lists)),
    owner,
    guarded: !key.includes(owner) && table !== "item_chunks",
    ordinal: "ordinal" in columns && table !== "item_chunks",
    entering: new Set(entering[table] ?? []),
  }
}

/** Every table's layout. */
export const layouts: ReadonlyMap<TableName, Layout> = new Map(tableNames.map((table) => [table, layoutOf(table)]))

/** The layout of one table. */
export const layout = (table: TableName): Layout => layouts.get(table) ?? layoutOf(table)

/** A row as its columns. The two casts between typed rows and columns are here and in {@link toRow}. */
export const cells = (row: AnyRow): Cells => row as unknown as Cells

/** Columns as the row of a table: the caller took them from that table, whose schema the types repeat. */
export const toRow = <N extends TableName>(_table: N, columns: Cells): Rows[N] => columns as unknown as Rows[N]

/** A key or look-up column of a row; null stands for what is absent, too. */
export const scalar = (row: Cells, column: string): Scalar | null => {
  const value = row[column]
  return typeof value === "string" || typeof value === "number" ? value : null
}

/** The values of the key columns. */
export const keyOf = (of: Layout, row: Cells): readonly Scalar[] => of.key.map((column) => scalar(row, column) ?? "")

/** The row without its heavy columns; the row itself where it carries none. */
export const withoutHeavy = (of: Layout, row: Cells): Cells => {
  for (const name of of.heavy) if (row[name] !== undefined) return lightCopy(of, row)
  return row
}

/** Put together anew: an object that loses members becomes a dictionary, which all that reads it later pays for. */
const lightCopy = (of: Layout, row: Cells): Cells => {
  const copy: Record<string, unknown> = {}
  for (const name in row) if (!of.heavy.includes(name)) copy[name] = row[name]
  return copy
}

/**
 * The heavy columns that rows before `row` had and `row` leaves out, one by one of each of them: a row that is replaced many times is
 * put together once, by {@link withHeavyOf}. Null: there are none. @param before the row before; null: it was deleted
 * @param kept what the rows before that one had
 */
export const heavyKept = (of: Layout, row: Cells, before: Cells | null, kept: Cells | null): Cells | null => {
  let found: Record<string, unknown> | null = null
  for (const name of of.heavy) {
    if (row[name] !== undefined) continue
    const own = before === null ? null : before[name]
    const value = own === undefined ? kept?.[name] : own
    if (value === undefined) continue
    found ??= {}
    found[name] = value
  }
  return found
}

/** The row with those heavy columns that it leaves out taken from `earlier`, or null where there is no earlier one. */
export const withHeavyOf = (of: Layout, row: Cells, earlier: Cells | null): Cells => {
  let copy: Record<string, unknown> | undefined
  for (const name of of.heavy) {
    if (row[name] === undefined) {
      const kept = earlier === null ? null : earlier[name]
      if (kept === undefined) continue
      copy ??= { ...row }
      copy[name] = kept
    }
  }
  return copy ?? row
}
