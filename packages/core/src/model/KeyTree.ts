/**
 * A map from short lists of scalars to values, one level of `Map` per element: no key is ever glued into a string, which
 * is what the write path would spend its time on.
 */
import { type Cells, type Scalar, scalar } from "./Layout.js"

/** Stands for a null among the elements of a tree that takes them: no element of a row equals it. */
const nothing = Number.NaN

export class KeyTree<V> {
  private leaves: Map<Scalar, V> | undefined
  private branches: Map<Scalar, KeyTree<V>> | undefined

  /**
   * `columns`: where {@link ofRow} and {@link setRow} find the elements in a row. `nulls`: a null is an element like any other;
   * else it equals nothing, as in SQL.
   */
  constructor(
    private readonly columns: readonly string[],
    private readonly nulls = false,
    private readonly depth = 0,
  ) {
    if (depth === columns.length - 1) this.leaves = new Map()
    else this.branches = new Map()
  }

  /** The value of these elements. */
  get(values: readonly (Scalar | null)[]): V | undefined {
    const value = values[this.depth] ?? this.absent
    if (value === null) return undefined
    return this.leaves === undefined ? this.branches?.get(value)?.get(values) : this.leaves.get(value)
  }

  /** The value of the elements that the row has in the columns. */
  ofRow(row: Cells): V | undefined {
    const value = this.element(row)
    if (value === null) return undefined
    return this.leaves === undefined ? this.branches?.get(value)?.ofRow(row) : this.leaves.get(value)
  }

  /** Sets the value for the row's elements; a row with a null among them is not stored. */
  setRow(row: Cells, entry: V): void {
    const value = this.element(row)
    if (value === null) return
    if (this.leaves !== undefined) this.leaves.set(value, entry)
    else this.branch(value).setRow(row, entry)
  }

  /** Sets the value of these elements. */
  set(values: readonly Scalar[], entry: V): void {
    const value = values[this.depth]
    if (value === undefined) return
    if (this.leaves !== undefined) this.leaves.set(value, entry)
    else this.branch(value).set(values, entry)
  }

  /** Forgets the row's elements. */
  deleteRow(row: Cells): void {
    const value = this.element(row)
    if (value === null) return
    if (this.leaves !== undefined) {
      this.leaves.delete(value)
      return
    }
    const branch = this.branches?.get(value)
    branch?.deleteRow(row)
    if (branch?.empty === true) this.branches?.delete(value)
  }

  /** Every value below a first element. */
  *under(first: Scalar): Iterable<V> {
    const leaf = this.leaves?.get(first)
    if (leaf !== undefined) yield leaf
    const branch = this.branches?.get(first)
    if (branch !== undefined) yield* branch.values()
  }

  /** Every value. */
  *values(): Iterable<V> {
    if (this.leaves !== undefined) yield* this.leaves.values()
    else for (const branch of this.branches?.values() ?? []) yield* branch.values()
  }

  /**
   * Forgets everything. By new maps: a map that is cleared leaves its old table behind with a pointer to the new one, and V8
   * then keeps what each batch held until it looks through all of its memory.
   */
  clear(): void {
    if (this.leaves !== undefined && this.leaves.size > 0) this.leaves = new Map()
    if (this.branches !== undefined && this.branches.size > 0) this.branches = new Map()
  }

  private element(row: Cells): Scalar | null {
    return scalar(row, this.columns[this.depth] ?? "") ?? this.absent
  }

  private get absent(): Scalar | null {
    return this.nulls ? nothing : null
  }

  private get empty(): boolean {
    return (this.leaves?.size ?? 0) + (this.branches?.size ?? 0) === 0
  }

  private branch(value: Scalar): KeyTree<V> {
    const found = this.branches?.get(value)
    if (found !== undefined) return found
    const made = new KeyTree<V>(this.columns, this.nulls, this.depth + 1)
    this.branches?.set(value, made)
    return made
  }
}
