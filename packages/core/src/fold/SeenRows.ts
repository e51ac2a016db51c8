/**
 * The rows that one step has looked up or written: no row is looked up twice, and lists show what the step wrote. The source of
 * rows shows the rows as they were before the event.
 */

import { type Rows, tables } from "@threadfold/contracts"
import type { EntityTable } from "../RowSource.js"

class SeenTable<R extends object> {
  /** Row by id; null: there is none. */
  readonly known = new Map<string, R | null>()
  /** Those of them that the step wrote. */
  readonly written = new Map<string, R>()
}

type Tables = { [N in EntityTable]?: SeenTable<Rows[N]> }

/** A column of a row. */
const cell = (row: object, column: string): unknown => Reflect.get(row, column)

export class SeenRows {
  private readonly tables: Tables = {}

  /** The row as the step has seen it; null: there is none; undefined: the step has not looked. */
  get<N extends EntityTable>(table: N, id: string): Rows[N] | null | undefined {
    return this.tables[table]?.known.get(id)
  }

  /** A look-up gave this. */
  found<N extends EntityTable>(table: N, id: string, row: Rows[N] | null): void {
    this.of(table).known.set(id, row)
  }

  /** The step wrote this, without its heavy columns. */
  put<N extends EntityTable>(table: N, id: string, row: Rows[N]): void {
    const seen = this.of(table)
    seen.known.set(id, row)
    seen.written.set(id, row)
  }

  /** What the step wrote of a table. */
  written<N extends EntityTable>(table: N): Iterable<Rows[N]> {
    return this.tables[table]?.written.values() ?? []
  }

  /** The rows of a list, by their ids, after what the step wrote; `stored`: before it. */
  listed<N extends EntityTable>(
    table: N,
    name: string,
    values: readonly (string | null)[],
    stored: readonly Rows[N][],
  ): readonly Rows[N][] {
    const { key, lists } = tables[table]
    const list = lists[name]
    const [id = ""] = key
    const seen = this.of(table)
    const found = stored.filter((row) => !seen.written.has(String(cell(row, id))))
    // Listed rows are usually written next, so they are remembered.
    for (const row of found) seen.known.set(String(cell(row, id)), row)
    for (const row of seen.written.values()) {
      if (list === undefined || !list.columns.every((column, index) => cell(row, column) === values[index])) continue
      if (Object.entries(list.where).every(([column, allowed]) => allowed.some((one) => one === cell(row, column)))) {
        found.push(row)
      }
    }
    return found.sort((a, b) => (String(cell(a, id)) < String(cell(b, id)) ? -1 : 1))
  }

  private of<N extends EntityTable>(table: N): SeenTable<Rows[N]> {
    const known: SeenTable<Rows[N]> | undefined = this.tables[table]
    if (known !== undefined) return known
    const made = new SeenTable<Rows[N]>()
    const all: { [T in N]?: SeenTable<Rows[T]> } = this.tables
    all[table] = made
    return made
  }
}
