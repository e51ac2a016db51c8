/** What kind of failure the database reported. */
import type { ProblemSlug } from "@threadfold/contracts"
import { DiskFull, StorageLost } from "@threadfold/event-log"

const codeOf = (error: unknown): string => {
  if (typeof error !== "object" || error === null || !("code" in error)) return ""
  return typeof error.code === "string" ? error.code : ""
}

/** The message of anything that was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The disk or the file refused; nothing is wrong with the data. */
export const isStorageFailure = (error: unknown): boolean =>
  error instanceof StorageLost ||
  error instanceof DiskFull ||
  /^SQLITE_(FULL|IOERR|READONLY|CANTOPEN|BUSY|LOCKED|NOMEM|CORRUPT|NOTADB)/.test(codeOf(error))

/** A constraint of the tables refused a row. */
export const isRefusedRow = (error: unknown): boolean =>
  /^SQLITE_(CONSTRAINT|MISMATCH|RANGE|TOOBIG)/.test(codeOf(error)) || error instanceof TypeError

/** The problem that a failure of the storage, or of ours, is told as. */
export const problemOf = (error: unknown): ProblemSlug => {
  if (error instanceof StorageLost) return error.committed ? "storage-uncertain" : "storage-lost"
  const code = codeOf(error)
  if (error instanceof DiskFull || code === "SQLITE_FULL") return "disk-full"
  if (code.startsWith("SQLITE_READONLY")) return "storage-read-only"
  return isStorageFailure(error) ? "storage-failed" : "internal"
}
