/** One list of a `LiveDocument`: rows in order, and the entry that is shown of each, made when the list is read. */
import type { TableName } from "@threadfold/contracts"
import type { Cells } from "./Layout.js"

/** What a list shows. */
export interface ListShape {
  readonly table: TableName
  /** Order of two rows: negative, 0 or positive. No two rows are equal. */
  readonly order: (a: Cells, b: Cells) => number
  readonly view: (row: Cells) => object
  /** Whether the row is in the list. */
  readonly shown: (row: Cells) => boolean
}

/** Rows and entries side by side. A change costs what finding a place costs; reading costs the entries that changed since. */
export class LiveList {
  private readonly rows: Cells[] = []
  private readonly entries: unknown[] = []
  /** Rows whose entry is not made yet. */
  private readonly stale = new Set<Cells>()

  constructor(
    readonly of: ListShape,
    private readonly present: (view: unknown) => unknown,
  ) {}

  /** A row changed; null: it is not in the list. */
  move(before: Cells | null, after: Cells | null): void {
    if (before !== null) this.stale.delete(before)
    if (after !== null) this.stale.add(after)
    if (before !== null && after !== null && this.of.order(before, after) === 0) {
      this.rows[this.place(before)] = after
      return
    }
    if (before !== null) {
      const at = this.place(before)
      this.rows.splice(at, 1)
      this.entries.splice(at, 1)
    }
    if (after !== null) {
      const at = this.place(after)
      this.rows.splice(at, 0, after)
      this.entries.splice(at, 0, null)
    }
  }

  /** The entry of a row is to be made anew, though the row is the same. */
  makeAnew(row: Cells): void {
    this.stale.add(row)
  }

  makeAllAnew(): void {
    for (const row of this.rows) this.stale.add(row)
  }

  /** The entries in their order. The next change changes the array. */
  values(): readonly unknown[] {
    for (const row of this.stale) this.entries[this.place(row)] = this.present(this.of.view(row))
    this.stale.clear()
    return this.entries
  }

  /** Where the row stands, or would. */
  private place(row: Cells): number {
    let low = 0
    let high = this.rows.length
    while (low < high) {
      const middle = (low + high) >> 1
      const there = this.rows[middle]
      if (there !== undefined && this.of.order(there, row) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
