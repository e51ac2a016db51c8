/**
 * The sizes to which the writer itself makes the files of an open database smaller, shared by the threads that watch them: without
 * it they would take free pages that were given back for a file that was cut. No Effect here.
 */

/** A file that the writer may make smaller. */
export type ShrinkingFile = "database" | "wal"

const cells = { database: 1, wal: 2 } as const
const none = -1n

export class AllowedSizes {
  private readonly values: BigInt64Array
  /** How often they were changed: the first cell, as a small number, because it is read at every look at a file. */
  private readonly count: Int32Array

  /** @param shared what another thread shares; absent: a new one */
  constructor(readonly shared: SharedArrayBuffer = AllowedSizes.fresh()) {
    this.values = new BigInt64Array(shared)
    this.count = new Int32Array(shared, 0, 1)
  }

  private static fresh(): SharedArrayBuffer {
    const cellsInAll = 1 + Object.keys(cells).length
    const shared = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT * cellsInAll)
    new BigInt64Array(shared).fill(none, 1)
    return shared
  }

  /** What a file may shrink to now, bytes; null: it must not be shorter than it was. */
  of(file: ShrinkingFile): number | null {
    const bytes = Atomics.load(this.values, cells[file])
    return bytes === none ? null : Number(bytes)
  }

  /** How often that was changed, for either file: one that looks at a file twice sees whether it is still so. */
  get changes(): number {
    return Atomics.load(this.count, 0)
  }

  /** Called by the writer before it makes a file smaller, and with null when it has. */
  allow(file: ShrinkingFile, bytes: number | null): void {
    Atomics.store(this.values, cells[file], bytes === null ? none : BigInt(bytes))
    Atomics.add(this.count, 0, 1)
  }
}
