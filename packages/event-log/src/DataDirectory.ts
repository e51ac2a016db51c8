/** The data directory: its real path, the names in it, and its permissions (0700, files 0600). No Effect here. */
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
} from "node:fs"
import { join } from "node:path"

/** The database of a data directory. */
export const databaseFile = (directory: string): string => join(directory, "threadfold.db")
/** Paths of a database file, and of what SQLite makes beside it while it is open, or leaves there after a kill. */
export const databaseFiles = (file: string): readonly string[] =>
  ["", "-wal", "-shm", "-journal"].map((end) => `${file}${end}`)
/** Removes a database that no process has open, with all that lies beside it. */
export const removeDatabase = (file: string): void => {
  for (const path of databaseFiles(file)) rmSync(path, { force: true })
}
/** The lock database: an exclusive transaction on it, held for life, is the ownership. */
export const lockFile = (directory: string): string => join(directory, "owner.lock")
/** The owner of the directory, for messages only. */
export const ownerFile = (directory: string): string => join(directory, "owner.json")

/**
 * Makes the directory where there is none and returns its real path, so that every link to it leads to one lock. A new
 * or empty directory is closed to others; one with content keeps the modes that its owner chose.
 */
export const prepareDirectory = (directory: string): string => {
  if (!existsSync(directory)) mkdirSync(directory, { recursive: true, mode: 0o700 })
  const real = realpathSync(directory)
  if (readdirSync(real).length === 0) chmodSync(real, 0o700)
  return real
}

/**
 * Makes a file that only its owner can read, or takes that right from others. An existing file is never opened:
 * closing a descriptor would drop the locks that SQLite holds on it in this process.
 */
export const preparePrivateFile = (file: string): void => {
  try {
    closeSync(openSync(file, "wx", 0o600))
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error
    if ((statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600)
  }
}
