/**
 * How much of a long work one step takes: the rows of a purge, for one. A step holds the writer, so that it has to end soon, however
 * long single rows are.
 */

/** A step takes at most so many bytes of UTF-8, or one row that is longer. */
const portionBytes = 256 * 1024

/**
 * Rows that one step takes, asked for one by one: `count` rows at most, and `bytes` at most. A row that is longer than that has a step of
 * its own. Once a row was refused, all behind it are: they keep their order.
 */
export class Portion {
  /** Rows taken so far, and their bytes. */
  count = 0
  bytes = 0
  /** A row was refused: the step is over. */
  isFull = false

  constructor(
    private readonly mostRows: number,
    private readonly mostBytes: number = portionBytes,
  ) {}

  /** How many rows may be asked for still. */
  get left(): number {
    return this.isFull ? 0 : this.mostRows - this.count
  }

  /** Whether the next row, of so many bytes, goes with this step. It then counts as taken. */
  takes(bytes: number): boolean {
    if (this.left <= 0 || (this.count > 0 && this.bytes + bytes > this.mostBytes)) {
      this.isFull = true
      return false
    }
    this.count += 1
    this.bytes += bytes
    return true
  }
}
