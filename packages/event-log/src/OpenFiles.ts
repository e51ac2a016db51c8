/**
 * The files of an open database, as they were when it was opened. SQLite writes to what it has open: a file that was
 * deleted, renamed or replaced meanwhile takes every commit and loses it. Only `stat` is used here: to open and close the
 * database in this process would drop the locks that SQLite holds on it. No Effect here.
 */
import { statSync } from "node:fs"
import { basename, dirname } from "node:path"
import type { AllowedSizes } from "./AllowedSizes.js"
import { lockFile } from "./DataDirectory.js"

/** What is wrong with a file that we have open. */
export interface FileChange {
  /** `lock`: another process may own the directory now. */
  readonly kind: "database" | "wal" | "lock"
  /** What was found, in a sentence without a full stop. */
  readonly found: string
}

interface Watched {
  readonly kind: FileChange["kind"]
  readonly path: string
  readonly device: number
  readonly inode: number
  /** The file must not be shorter. */
  bytes: number
  /** State of the allowed sizes when it was looked at last. */
  changes: bigint
}

const names = { database: "The database file", wal: "The write-ahead log", lock: "The lock file" } as const

const watch = (kind: FileChange["kind"], path: string, changes: bigint): Watched | null => {
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats === undefined ? null : { kind, path, device: stats.dev, inode: stats.ino, bytes: stats.size, changes }
}

export class OpenFiles {
  private readonly database: Watched | null
  private readonly wal: Watched | null
  private readonly lock: Watched | null

  /**
   * @param file path of a database that is open for writing, in a directory that this process owns
   * @param walLimit size to which SQLite may cut the write-ahead log after a checkpoint, bytes
   * @param sizes what the writer itself makes the files smaller to
   */
  constructor(
    file: string,
    private readonly walLimit: number,
    private readonly sizes: AllowedSizes,
  ) {
    const { changes } = sizes
    this.database = watch("database", file, changes)
    this.wal = watch("wal", `${file}-wal`, changes)
    this.lock = watch("lock", lockFile(dirname(file)), changes)
  }

  /** What changed since the last look, looked at before a transaction: nothing of ours was written meanwhile. */
  before(): FileChange | null {
    return this.look(this.database) ?? this.look(this.wal)
  }

  /** What changed, looked at after a commit: the files may have grown by it. */
  after(): FileChange | null {
    return this.look(this.database) ?? this.look(this.wal) ?? this.look(this.lock)
  }

  /** Whether the lock is still ours. */
  lockChange(): FileChange | null {
    return this.look(this.lock)
  }

  private look(file: Watched | null): FileChange | null {
    if (file === null) return null
    const { kind, path } = file
    const { bytes, changes } = kind === "lock" ? { bytes: null, changes: file.changes } : this.sizes.of(kind)
    // The writer has made it smaller, or is about to: what it has now is what it must have.
    if (changes !== file.changes) file.bytes = 0
    file.changes = changes
    const stats = statSync(path, { throwIfNoEntry: false })
    const named = `${names[kind]} ${basename(path)}`
    if (stats === undefined) return { kind, found: `${named} was deleted or renamed` }
    if (stats.dev !== file.device || stats.ino !== file.inode) {
      return { kind, found: `${named} was replaced by another file` }
    }
    if (stats.size < file.bytes) {
      // The writer may have made it smaller between the two looks.
      if (kind !== "lock" && this.sizes.changes !== changes) return this.look(file)
      return { kind, found: `${named} was cut to ${stats.size} bytes; it had at least ${file.bytes}` }
    }
    file.bytes = Math.min(stats.size, bytes ?? stats.size, kind === "wal" ? this.walLimit : stats.size)
    return null
  }
}
