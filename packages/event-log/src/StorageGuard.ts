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
}

/** The checks of one open database. */
export class StorageGuard {
  readonly sizes: AllowedSizes
  private readonly files: OpenFiles
  private readonly directory: string
  private readonly disk: DiskLimits
  private change: FileChange | null = null

  /** @param file path of a database that is open for writing, in a directory that this process owns */
  constructor(file: string, { disk = {}, sizes = new AllowedSizes(), walLimit }: StorageGuardOptions) {
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
    this.change ??= this.files.before()
    if (this.change !== null) throw new StorageLost({ ...this.change, committed: false })
    const space = this.space()
    if (space?.status === "full") {
      const message = `the disk has ${space.freeBytes} bytes left and the server keeps ${space.minFreeBytes} free.`
      throw new StorageFull({ message })
    }
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
