/** What is told of a directory or file that cannot be written to. No Effect here. */
import { accessSync, constants } from "node:fs"
import { dirname } from "node:path"
import { Problem } from "@threadfold/contracts"

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : ""

/** Whether a directory lies on a file system that is mounted read-only: SQLite has many words for that. */
const isReadOnly = (directory: string): boolean => {
  try {
    accessSync(directory, constants.W_OK)
    return false
  } catch (error) {
    return codeOf(error) === "EROFS"
  }
}

/** The problem of a write below `directory` that failed; `path` is named. */
export const storageProblem = (path: string, directory: string, error: unknown): Problem => {
  const why = error instanceof Error ? error.message : String(error)
  const code = codeOf(error)
  if (code === "EROFS" || isReadOnly(directory)) {
    return new Problem({
      slug: "storage-read-only",
      detail: `${directory} is on a file system that is mounted read-only.`,
    })
  }
  if (code === "ENOSPC" || code === "SQLITE_FULL") return new Problem({ slug: "disk-full", detail: `${path}: ${why}.` })
  return new Problem({ slug: "storage-failed", detail: `${path}: ${why}.` })
}

/** The same for a file, of the directory that it lies in. */
export const fileProblem = (file: string, error: unknown): Problem => storageProblem(file, dirname(file), error)
