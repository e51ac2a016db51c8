/**
 * Checks the storage around every transaction of the writer. No transaction begins on a nearly full disk or in files that were
 * replaced, and no commit is acknowledged before the files were checked again. No Effect here.
 */
import { dirname } from "node:path"
import { AllowedSizes } from "./AllowedSizes.js"
import { type DiskLimits, type DiskSpace, diskSpace } from "./DiskSpace.js"
import { StorageFull, StorageLost } from "./Errors.js"
import { type FileChange, OpenFiles } from "./OpenFiles.js"

export interface StorageGuardOptions {
  /** Size to which SQLite may cut the write-ahead log, bytes. */
  readonly walLimit: number
  readonly disk?: DiskLimits
  /** What the writer itself makes the files smaller to, where another thread watches them, too. */
  readonly sizes?: AllowedSizes
  /** Time that passes, ms. */
  readonly now?: () => number
}

/**
 * For how long a look holds at what a transaction may be begun without, ms. A full disk refuses a write by itself. A database that was
 * deleted, replaced or cut is found after the commit, before it is acknowledged.
 */
const holdsMs = 10

/** The checks of one open database. */
export class StorageGuard {
  readonly sizes: AllowedSizes
  private readonly files: OpenFiles
  private readonly directory: string
  private readonly disk: DiskLimits
  private readonly now: () => number
  private change: FileChange | null = null
  /** When all was looked at and found well before a transaction. */
  private lookedAt = Number.NEGATIVE_INFINITY

  /** @param file path of a database that is open for writing, in a directory that this process owns */
  constructor(
    file: string,
    { disk = {}, now = () => performance.now(), sizes = new AllowedSizes(), walLimit }: StorageGuardOptions,
  ) {
    this.now = now
    this.sizes = sizes
    this.files = new OpenFiles(file, walLimit, sizes)
    this.directory = dirname(file)
    this.disk = disk
  }

  /** What happened to the files; null: they are ours. Once lost they stay lost: what was committed meanwhile is not in them. */
  get lost(): FileChange | null {
    return this.change
  }

  /** Before a transaction begins. Throws {@link StorageLost} or {@link StorageFull}; nothing was written then. */
  before(): void {
    const now = this.now()
    const holds = now - this.lookedAt < holdsMs
    this.change ??= this.files.before(holds)
    if (this.change !== null) throw new StorageLost({ ...this.change, committed: false })
    if (holds) return
    const space = this.space()
    if (space?.status === "full") {
      const message = `the disk has ${space.freeBytes} bytes left and the server keeps ${space.minFreeBytes} free.`
      throw new StorageFull({ message })
    }
    this.lookedAt = now
  }

  /** After a transaction that failed: it may have met files that are not ours any more. Throws {@link StorageLost}. */
  failed(): void {
    this.lookedAt = Number.NEGATIVE_INFINITY
    this.change ??= this.files.before()
    if (this.change !== null) throw new StorageLost({ ...this.change, committed: false })
  }

  /** After a commit, before it is acknowledged. Throws {@link StorageLost}. */
  after(): void {
    this.change ??= this.files.after()
    if (this.change !== null) throw new StorageLost({ ...this.change, committed: true })
  }

  /** Checks the files now, for the health check. */
  look(): FileChange | null {
    this.change ??= this.files.after()
    return this.change
  }

  /** Free space of the disk; null where it is not known. */
  space(): DiskSpace | null {
    return diskSpace(this.directory, this.disk)
  }
}
