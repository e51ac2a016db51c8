/** A write-ahead log of which nothing stays. No Effect here. */
import { checkpoint, withoutWaiting } from "./FreePages.js"
import type { SqliteDatabase } from "./SqliteDatabase.js"
import { journalSizeLimit } from "./SqliteWriter.js"

/**
 * Copies everything that is committed into the file, and has the next commit begin the write-ahead log anew, cut to what that commit
 * writes: nothing of what was in it stays. It is never empty in between, because an empty one after a kill would look like a lost one.
 * `commit` writes in one transaction. False: a reader still needs what is in the log; nothing was written, to be tried again.
 */
export const renewWal = ({ guard, handle }: Pick<SqliteDatabase, "guard" | "handle">, commit: () => void): boolean =>
  withoutWaiting(handle, () => {
    try {
      if (checkpoint(handle, "RESTART").busy !== 0) return false
      guard.sizes.allow("wal", 0)
      handle.pragma("journal_size_limit = 0")
      commit()
      return true
    } finally {
      handle.pragma(`journal_size_limit = ${journalSizeLimit}`)
      guard.sizes.allow("wal", null)
    }
  })
