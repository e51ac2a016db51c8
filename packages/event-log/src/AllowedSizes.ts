/**
 * The sizes to which the writer itself makes the files of an open database smaller, shared by the threads that watch them: without
 * it they would take free pages that were given back for a file that was cut. No Effect here.
 */

/** A file that the writer may make smaller. */
export type ShrinkingFile = "database" | "wal"

const cells = { changes: 0, database: 1, wal: 2 } as const
const none = -1n

/** What a file may shrink to. */
export interface Allowed {
  /** How often that was changed, for either file: one that looks at it twice sees whether it is still so. */
  readonly changes: bigint
  /** Bytes; null: the file must not be shorter than it was. */
  readonly bytes: number | null
}

export class AllowedSizes {
  private readonly values: BigInt64Array

  /** @param shared what another thread shares; absent: a new one */
  constructor(readonly shared: SharedArrayBuffer = AllowedSizes.fresh()) {
    this.values = new BigInt64Array(shared)
  }

  private static fresh(): SharedArrayBuffer {
    const shared = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT * Object.keys(cells).length)
    new BigInt64Array(shared).fill(none)
    return shared
  }

  /** What a file may shrink to now. */
  of(file: ShrinkingFile): Allowed {
    const changes = this.changes
    const bytes = Atomics.load(this.values, cells[file])
    return { changes, bytes: bytes === none ? null : Number(bytes) }
  }

  get changes(): bigint {
    return Atomics.load(this.values, cells.changes)
  }

  /** Called by the writer before it makes a file smaller, and with null when it has. */
  allow(file: ShrinkingFile, bytes: number | null): void {
    Atomics.store(this.values, cells[file], bytes === null ? none : BigInt(bytes))
    Atomics.add(this.values, cells.changes, 1n)
  }
}
