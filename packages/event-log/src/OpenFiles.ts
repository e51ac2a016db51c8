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
  /** State of the allowed sizes when it was looked at last … */
  changes: number
  /** … and what it was allowed to shrink to, bytes; null: it must not be shorter than it was. */
  allowed: number | null
}

const names = { database: "The database file", wal: "The write-ahead log", lock: "The lock file" } as const

const watch = (kind: FileChange["kind"], path: string, sizes: AllowedSizes): Watched | null => {
  const { changes } = sizes
  const allowed = kind === "lock" ? null : sizes.of(kind)
  const stats = statSync(path, { throwIfNoEntry: false })
  return stats === undefined
    ? null
    : { kind, path, device: stats.dev, inode: stats.ino, bytes: stats.size, changes, allowed }
}

const named = ({ kind, path }: Watched): string => `${names[kind]} ${basename(path)}`

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
    this.database = watch("database", file, sizes)
    this.wal = watch("wal", `${file}-wal`, sizes)
    this.lock = watch("lock", lockFile(dirname(file)), sizes)
  }

  /**
   * What changed since the last look, looked at before a transaction: nothing of ours was written meanwhile.
   *
   * @param isShort only at what the look after the commit cannot see: the commit makes a write-ahead log that was cut longer again
   */
  before(isShort = false): FileChange | null {
    return (isShort ? null : this.look(this.database)) ?? this.look(this.wal)
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
    const { changes } = this.sizes
    // The writer has made it smaller, or is about to: what it has now is what it must have.
    if (kind !== "lock" && changes !== file.changes) {
      file.changes = changes
      file.allowed = this.sizes.of(kind)
      file.bytes = 0
    }
    const stats = statSync(path, { throwIfNoEntry: false })
    if (stats === undefined) return { kind, found: `${named(file)} was deleted or renamed` }
    if (stats.dev !== file.device || stats.ino !== file.inode) {
      return { kind, found: `${named(file)} was replaced by another file` }
    }
    if (stats.size < file.bytes) {
      // The writer may have made it smaller between the two looks.
      if (kind !== "lock" && this.sizes.changes !== changes) return this.look(file)
      return { kind, found: `${named(file)} was cut to ${stats.size} bytes; it had at least ${file.bytes}` }
    }
    file.bytes = Math.min(stats.size, file.allowed ?? stats.size, kind === "wal" ? this.walLimit : stats.size)
    return null
  }
}
