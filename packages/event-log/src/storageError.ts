/** The error of a directory or file that cannot be written to. Without Effect, because the writer's plain functions use it. */
import { accessSync, constants } from "node:fs"
import { dirname } from "node:path"
import { type StorageError, StorageFailed, StorageFull, StorageReadOnly } from "./Errors.js"

/** What an error says, whatever was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : ""

/** Whether a directory is on a file system that is mounted read-only: SQLite has many words for that. */
const isReadOnly = (directory: string): boolean => {
  try {
    accessSync(directory, constants.W_OK)
    return false
  } catch (error) {
    return codeOf(error) === "EROFS"
  }
}

const isFull = (code: string): boolean => code === "ENOSPC" || code === "EDQUOT" || code === "SQLITE_FULL"

/** Whether the database module itself is not there: its install script has not run, or it was made for another Node. */
const isModuleMissing = (code: string, why: string): boolean =>
  code === "ERR_DLOPEN_FAILED" || why.startsWith("Could not locate the bindings file")

/** Why a write below `directory` failed; `path` is named. */
export const storageError = (path: string, directory: string, error: unknown): StorageError => {
  const why = messageOf(error)
  const code = codeOf(error)
  if (isModuleMissing(code, why)) {
    return new StorageFailed({
      message: `${path}: better-sqlite3, the database module, is not there for Node ${process.version}. Allow its install script and run \`npm rebuild better-sqlite3\`; \`threadfold doctor\` says more.`,
    })
  }
  if (code === "EROFS" || isReadOnly(directory)) {
    return new StorageReadOnly({ message: `${directory} is on a file system that is mounted read-only.` })
  }
  if (isFull(code)) return new StorageFull({ message: `${path}: ${why}.` })
  return new StorageFailed({ message: `${path}: ${why}.` })
}

/** The error of a file's directory that cannot be written to. */
export const fileError = (file: string, error: unknown): StorageError => storageError(file, dirname(file), error)

/** The same where the disk or the file refused; null: the error has another cause. */
export const storageRefusal = (file: string, error: unknown): StorageError | null => {
  const code = codeOf(error)
  return isFull(code) || code === "EROFS" || /^SQLITE_(READONLY|IOERR)/.test(code) ? fileError(file, error) : null
}
