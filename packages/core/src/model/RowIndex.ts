/** The look-ups of one table over rows in memory: the same answers as SQL gives with its indexes. */
import { KeyTree } from "./KeyTree.js"
import { type Cells, keyOf, type Layout, type Scalar, scalar } from "./Layout.js"
import { compareKeys } from "./scalars.js"

/** The place of a row: it stays when the row is replaced. Null: the row is gone. */
export interface Slot {
  row: Cells | null
}

/**
 * Slots with the same elements, and the first of them in the order of {@link comesFirst} (null: not known), in which a row keeps its
 * place: neither its key nor its ordinal changes.
 */
class Matches<S extends Slot> {
  readonly slots = new Set<S>()
  private first: S | null = null

  constructor(private readonly of: Layout) {}

  add(slot: S, row: Cells): void {
    if (this.slots.size === 0 || (this.first?.row != null && comesFirst(this.of, row, this.first.row)))
      this.first = slot
    this.slots.add(slot)
  }

  delete(slot: S): void {
    this.slots.delete(slot)
    if (this.first === slot) this.first = null
  }

  /** The first one. Looked for only where the one that was the first has gone. */
  get best(): S | null {
    if (this.first === null) {
      for (const slot of this.slots) {
        if (slot.row === null) continue
        if (this.first?.row == null || comesFirst(this.of, slot.row, this.first.row)) this.first = slot
      }
    }
    return this.first
  }
}

interface Tree<S extends Slot> {
  readonly name: string
  readonly columns: readonly string[]
  readonly tree: KeyTree<Matches<S>>
  /** Column → values that the rows in it have; null: every row is in it. */
  readonly where: readonly (readonly [column: string, values: readonly unknown[]])[] | null
}

const holds = ({ where }: Tree<Slot>, row: Cells): boolean => {
  if (where === null) return true
  for (const [column, values] of where) if (!values.includes(row[column])) return false
  return true
}

export class RowIndex<S extends Slot> {
  private readonly trees: readonly Tree<S>[]

  /** `lookups`: by other columns than the key, if others than the layout's. */
  constructor(
    private readonly of: Layout,
    lookups: ReadonlyMap<string, readonly string[]> = of.lookups,
  ) {
    this.trees = [
      ...[...lookups].map(([name, columns]) => ({
        name,
        columns,
        tree: new KeyTree<Matches<S>>(columns),
        where: null,
      })),
      ...[...of.lists].map(([name, { columns, where }]) => ({
        name,
        columns,
        tree: new KeyTree<Matches<S>>(columns, true),
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
        if (found?.slots.size === 0) tree.deleteRow(before)
      }
      if (is) {
        const found = tree.ofRow(after) ?? new Matches<S>(this.of)
        if (found.slots.size === 0) tree.setRow(after, found)
        found.add(slot, after)
      }
    }
  }

  /** Slots whose row matches a look-up (a null among the values matches nothing, as in SQL) or is in a list. */
  match(name: string, values: readonly (Scalar | null)[]): Iterable<S> {
    return this.matches(name, values)?.slots ?? []
  }

  /** The slot whose row comes first among those that match a look-up, or null. */
  best(name: string, values: readonly (Scalar | null)[]): S | null {
    return this.matches(name, values)?.best ?? null
  }

  private matches(name: string, values: readonly (Scalar | null)[]): Matches<S> | undefined {
    for (const each of this.trees) if (each.name === name) return each.tree.get(values)
    return undefined
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
