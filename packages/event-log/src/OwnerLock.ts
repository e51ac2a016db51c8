/**
 * The lock itself: `BEGIN EXCLUSIVE` on a small database of its own. The operating system holds it for the process and
 * takes it back when the process ends, however it ends. No Effect here.
 */
import Sqlite from "better-sqlite3"
import { lockFile, preparePrivateFile } from "./DataDirectory.js"

const isBusy = (error: unknown): boolean =>
  error instanceof Error && "code" in error && typeof error.code === "string" && error.code.startsWith("SQLITE_BUSY")

/** Gives the lock back; a second call does nothing. */
export type Unlock = () => void

/** Takes the lock of a directory (its real path), or returns null where another holds it. Does not wait. */
export const tryLock = (directory: string): Unlock | null => {
  const file = lockFile(directory)
  preparePrivateFile(file)
  const handle = new Sqlite(file, { timeout: 0 })
  try {
    // Nothing is ever written here, so no journal file either.
    handle.pragma("journal_mode = MEMORY")
    handle.exec("BEGIN EXCLUSIVE")
    return () => handle.close()
  } catch (error) {
    handle.close()
    if (isBusy(error)) return null
    throw error
  }
}

/** Whether the lock is held. It only reads: it blocks others for one read at most. */
export const isLocked = (directory: string): boolean => {
  let handle: Sqlite.Database | null = null
  try {
    handle = new Sqlite(lockFile(directory), { timeout: 0, readonly: true, fileMustExist: true })
    handle.prepare("SELECT count(*) FROM sqlite_schema").get()
    return false
  } catch (error) {
    if (isBusy(error)) return true
    if (error instanceof Error && "code" in error && error.code === "SQLITE_CANTOPEN") return false
    throw error
  } finally {
    handle?.close()
  }
}
