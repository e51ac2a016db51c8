/** The look-ups of one table over rows in memory: the same answers as SQL gives with its indexes. */
import type { RowList } from "@threadfold/contracts"
import { KeyTree } from "./KeyTree.js"
import { type Cells, keyOf, type Layout, type Scalar, scalar } from "./Layout.js"
import { compareKeys } from "./order.js"

/** The place of a row: it stays when the row is replaced. Null: the row is gone. */
export interface Slot {
  row: Cells | null
}

interface Tree<S> {
  readonly name: string
  readonly columns: readonly string[]
  readonly tree: KeyTree<Set<S>>
  /** Column → values that the rows in it have; null: every row is in it. */
  readonly where: readonly (readonly [column: string, values: readonly unknown[]])[] | null
}

const holds = ({ where }: Tree<unknown>, row: Cells): boolean => {
  if (where === null) return true
  for (const [column, values] of where) if (!values.includes(row[column])) return false
  return true
}

export class RowIndex<S extends Slot> {
  private readonly trees: readonly Tree<S>[]

  constructor(lookups: ReadonlyMap<string, readonly string[]>, lists: ReadonlyMap<string, RowList>) {
    this.trees = [
      ...[...lookups].map(([name, columns]) => ({ name, columns, tree: new KeyTree<Set<S>>(columns), where: null })),
      ...[...lists].map(([name, { columns, where }]) => ({
        name,
        columns,
        tree: new KeyTree<Set<S>>(columns, true),
        where: Object.entries(where),
      })),
    ]
  }

  /** The slot's row changed from `before` to `after`; null stands for no row. */
  move(slot: S, before: Cells | null, after: Cells | null): void {
    for (const each of this.trees) {
      const { columns, tree } = each
      const was = before !== null && holds(each, before)
      const is = after !== null && holds(each, after)
      if (was && is && columns.every((column) => before[column] === after[column])) continue
      if (was) {
        const found = tree.ofRow(before)
        found?.delete(slot)
        if (found?.size === 0) tree.deleteRow(before)
      }
      if (is) {
        const found = tree.ofRow(after)
        if (found === undefined) tree.setRow(after, new Set([slot]))
        else found.add(slot)
      }
    }
  }

  /** Slots whose row matches a look-up (a null among the values matches nothing, as in SQL) or is in a list. */
  match(name: string, values: readonly (Scalar | null)[]): Iterable<S> {
    for (const each of this.trees) if (each.name === name) return each.tree.get(values) ?? []
    return []
  }

  clear(): void {
    for (const { tree } of this.trees) tree.clear()
  }
}

/** Whether `a` comes before `b` among the matches of a look-up: the higher ordinal first, then the lower key. */
export const comesFirst = (of: Layout, a: Cells, b: Cells): boolean => {
  if (of.ordinal) {
    const difference = Number(scalar(a, "ordinal") ?? 0) - Number(scalar(b, "ordinal") ?? 0)
    if (difference !== 0) return difference > 0
  }
  return compareKeys(keyOf(of, a), keyOf(of, b)) < 0
}
