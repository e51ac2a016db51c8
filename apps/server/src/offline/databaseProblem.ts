/** What the database or the file system threw, as a problem. */
import { Problem } from "@threadfold/contracts/problem"
import { isDamage, StorageFailed, storageRefusal } from "@threadfold/event-log"
import { toProblem } from "../problems/toProblem.js"

/** The problem of a file that could not be written: a full or read-only disk is named as such, whatever was to be written. */
export const writeProblem = (file: string, error: unknown): Problem => {
  const why = error instanceof Error ? error.message : String(error)
  return toProblem(storageRefusal(file, error) ?? new StorageFailed({ message: `${file}: ${why}.` }))
}

/**
 * The problem of an error that was thrown while a database was worked on.
 *
 * @param read what the problem names where the file cannot be read
 * @param written what it names where the disk refuses to write; the same file where it is left out
 */
export const databaseProblem = (error: unknown, read: string, written = read): Problem => {
  if (error instanceof Problem) return error
  const refusal = storageRefusal(written, error)
  if (refusal !== null) return toProblem(refusal)
  return new Problem({
    slug: isDamage(error) ? "database-damaged" : "database-unreadable",
    detail: `${read}: ${error instanceof Error ? error.message : String(error)}.`,
  })
}
