/**
 * Gives the free pages of a database back to the file system, a slice at a time, and then empties the write-ahead log, in which what
 * was deleted may still be. On the writer's handle, and never on the write path. No Effect here.
 */
import type Sqlite from "better-sqlite3"
import { markClosed, markOpen } from "./LogMarker.js"
import type { StorageGuard } from "./StorageGuard.js"

/** Pages that one transaction gives back: each may move another page, and the writer waits meanwhile (measured: 1 to 6 ms). */
export const pagesAtOnce = 64
/** Fewer free pages (of 4 KiB) than these are left for what is written next. */
export const leastFreePages = 256
/** So many are given back, whatever the size of the database; fewer where they are a sixteenth of it. */
const manyFreePages = 4096
const share = 16

/** `PRAGMA auto_vacuum` as SQLite numbers it. */
const incremental = 2

/** Whether so many free pages are worth the work: they would be taken again soon. */
export const isWorthIt = (free: number, pages: number): boolean =>
  free >= leastFreePages && (free >= manyFreePages || free * share >= pages)

export interface FreePagesOptions {
  readonly logId: string
  /** Runs `body` in a write transaction. */
  readonly transaction: <A>(body: () => A) => A
  /** Commits a small value, so that the write-ahead log has content again. */
  readonly note: (pages: number) => void
  readonly guard?: StorageGuard | undefined
}

interface Checkpoint {
  readonly busy: number
  readonly log: number
  readonly checkpointed: number
}

/** Copies the write-ahead log into the file, as far as readers let it; where SQLite says nothing of it, it counts as busy. */
export const checkpoint = (handle: Sqlite.Database, mode: "PASSIVE" | "RESTART" | "TRUNCATE"): Checkpoint => {
  const [found] = handle.prepare<[], Checkpoint>(`PRAGMA wal_checkpoint(${mode})`).all()
  return found ?? { busy: 1, log: 0, checkpointed: 0 }
}

/** Runs work that waits for no reader: the writer would stand still so long. */
export const withoutWaiting = <A>(handle: Sqlite.Database, work: () => A): A => {
  const patience = Number(handle.pragma("busy_timeout", { simple: true }))
  handle.pragma("busy_timeout = 0")
  try {
    return work()
  } finally {
    handle.pragma(`busy_timeout = ${patience}`)
  }
}

export class FreePages {
  /** Pages that were given back since the write-ahead log was emptied. */
  private released = 0
  private isReleasing = false

  constructor(
    private readonly handle: Sqlite.Database,
    private readonly options: FreePagesOptions,
  ) {}

  /** Does one short step. True: there is more to do now; false: nothing is worth it, or a reader holds the write-ahead log. */
  step(): boolean {
    if (this.isReleasing || this.mayRelease()) {
      this.release()
      return true
    }
    if (this.released > 0) this.emptyWal()
    return false
  }

  private mayRelease(): boolean {
    return (
      this.count("auto_vacuum") === incremental && isWorthIt(this.count("freelist_count"), this.count("page_count"))
    )
  }

  private release(): void {
    const { guard, transaction } = this.options
    transaction(() => {
      const before = this.count("freelist_count")
      this.handle.pragma(`incremental_vacuum(${pagesAtOnce})`)
      const left = this.count("freelist_count")
      // The file itself becomes shorter at a checkpoint, which the commit may do.
      guard?.sizes.allow("database", this.count("page_count") * this.count("page_size"))
      this.released += before - left
      this.isReleasing = left > 0 && left < before
    })
  }

  /**
   * Empties the write-ahead log, where no reader needs it; else a later step does. Beside an empty one a database that was not closed
   * looks as if its last commits were lost, so the marker says meanwhile that it is closed, and the next commit comes at once.
   */
  private emptyWal(): void {
    const { guard, logId, note } = this.options
    const { busy, checkpointed, log } = this.checkpoint("PASSIVE")
    if (busy !== 0 || checkpointed < log) return
    markClosed(this.handle.name, logId)
    guard?.sizes.allow("wal", 0)
    const isEmpty = this.checkpoint("TRUNCATE").busy === 0
    if (isEmpty) note(this.released)
    markOpen(this.handle.name, logId)
    guard?.sizes.allow("wal", null)
    if (!isEmpty) return
    guard?.sizes.allow("database", null)
    this.released = 0
  }

  private checkpoint(mode: "PASSIVE" | "TRUNCATE"): Checkpoint {
    return withoutWaiting(this.handle, () => checkpoint(this.handle, mode))
  }

  private count(pragma: string): number {
    return Number(this.handle.pragma(pragma, { simple: true }))
  }
}
