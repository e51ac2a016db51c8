/**
 * Which row of a list stands where, while most of the list is not read. The log is cut into pages of so many sequences each. How many
 * rows a page shows is known once it was read (a filter or a fold leaves some out); until then it counts as the mean of those that are
 * known, and as one row at least: what is not read is never out of reach. Every question is answered in steps that grow with the logarithm of the pages.
 */
import { countWhile } from "../../live/sorted.js"

/** Sums of a list of numbers that change (a Fenwick tree). */
class Sums {
  #tree = new Float64Array(1)

  /** Sum of the first `count` numbers. */
  before(count: number): number {
    let sum = 0
    for (let at = count; at > 0; at -= at & -at) sum += this.#tree[at] ?? 0
    return sum
  }

  add(index: number, by: number): void {
    for (let at = index + 1; at < this.#tree.length; at += at & -at) this.#tree[at] = (this.#tree[at] ?? 0) + by
  }

  /** Makes room for so many numbers; new ones are 0. */
  grow(count: number): void {
    if (count < this.#tree.length) return
    const values = Array.from(
      { length: this.#tree.length - 1 },
      (_, index) => this.before(index + 1) - this.before(index),
    )
    this.#tree = new Float64Array(Math.max(64, count * 2) + 1)
    for (const [index, value] of values.entries()) if (value !== 0) this.add(index, value)
  }
}

/** A row by the page that it is in. */
export interface RowPlace {
  readonly page: number
  /** Its place in the page, from 0. */
  readonly row: number
}

export class PageIndex {
  readonly #counts: number[] = []
  readonly #rows = new Sums()
  readonly #known = new Sums()
  #pages = 0
  #knownRows = 0
  #knownPages = 0

  constructor(
    /** Rows of a page while none is known. */
    private readonly guess: number,
    /** True: a page that is not known has just so many rows, whatever the others have. */
    private readonly exact = false,
  ) {}

  get pages(): number {
    return this.#pages
  }

  /** Makes it so many pages long. It never gets shorter. */
  grow(pages: number): void {
    if (pages <= this.#pages) return
    this.#rows.grow(pages)
    this.#known.grow(pages)
    this.#pages = pages
  }

  /** How many rows a page shows; null: it is not known any more. */
  set(page: number, count: number | null): void {
    this.grow(page + 1)
    const last = this.#counts[page] ?? -1
    const next = count ?? -1
    if (last === next) return
    this.#counts[page] = next
    const [lastRows, nextRows] = [Math.max(0, last), Math.max(0, next)]
    this.#rows.add(page, nextRows - lastRows)
    this.#knownRows += nextRows - lastRows
    const known = (next >= 0 ? 1 : 0) - (last >= 0 ? 1 : 0)
    this.#known.add(page, known)
    this.#knownPages += known
  }

  isKnown(page: number): boolean {
    return (this.#counts[page] ?? -1) >= 0
  }

  /** Rows before a page; of the page behind the last one: all rows. */
  before(page: number): number {
    const mean = this.exact || this.#knownPages === 0 ? this.guess : Math.max(1, this.#knownRows / this.#knownPages)
    return this.#rows.before(page) + Math.floor((page - this.#known.before(page)) * mean)
  }

  /** Rows of all pages, as far as they are known. */
  get total(): number {
    return this.before(this.#pages)
  }

  /** Rows of a page, known or not. */
  count(page: number): number {
    return this.before(page + 1) - this.before(page)
  }

  /** Where a row is, for rows from 0 below {@link total}; null: there is no such row. */
  at(row: number): RowPlace | null {
    if (row < 0 || row >= this.total) return null
    // The last page that does not begin behind the row.
    const page = countWhile(this.#pages, (index) => this.before(index) <= row) - 1
    return { page, row: row - this.before(page) }
  }
}
