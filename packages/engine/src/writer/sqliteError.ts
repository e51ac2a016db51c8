/** What kind of failure the database reported. */
import { StorageFailed, StorageFull, StorageLost, StorageReadOnly } from "@threadfold/event-log"
import { EngineFailed, StorageUncertain, type SubmitError } from "../Errors.js"

const codeOf = (error: unknown): string => {
  if (typeof error !== "object" || error === null || !("code" in error)) return ""
  return typeof error.code === "string" ? error.code : ""
}

/** The message of anything that was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The disk or the file refused; nothing is wrong with the data. */
export const isStorageFailure = (error: unknown): boolean =>
  error instanceof StorageLost ||
  error instanceof StorageFull ||
  /^SQLITE_(FULL|IOERR|READONLY|CANTOPEN|BUSY|LOCKED|NOMEM|CORRUPT|NOTADB)/.test(codeOf(error))

/** A constraint of the tables refused a row. */
export const isRefusedRow = (error: unknown): boolean =>
  /^SQLITE_(CONSTRAINT|MISMATCH|RANGE|TOOBIG)/.test(codeOf(error)) || error instanceof TypeError

/** The typed error of a failure of the storage or of the engine itself. */
export const submitErrorOf = (error: unknown): SubmitError => {
  if (error instanceof StorageLost) return error.committed ? new StorageUncertain({ message: error.message }) : error
  if (error instanceof StorageFull) return error
  const code = codeOf(error)
  const message = `${messageOf(error)}.`
  if (code === "SQLITE_FULL") return new StorageFull({ message })
  if (code.startsWith("SQLITE_READONLY")) return new StorageReadOnly({ message })
  return isStorageFailure(error) ? new StorageFailed({ message }) : new EngineFailed({ message })
}
