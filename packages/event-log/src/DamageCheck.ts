/**
 * Checks that a database is whole before its owner opens it. Writing to a file that was cut, emptied or torn would destroy what
 * is left of it. Read-only; no Effect here.
 */
import { existsSync, statSync } from "node:fs"
import { basename } from "node:path"
import type Sqlite from "better-sqlite3"
import { DatabaseDamaged } from "./Errors.js"
import { hasWal, markerFile, readMarker } from "./LogMarker.js"
import { messageOf } from "./storageError.js"

/** Up to this size every page is read, bytes; the check of a larger database would take too long. */
const wholeCheckBytes = 64 * 1024 * 1024

const damaged = (file: string, found: string) => new DatabaseDamaged({ message: `${file} ${found}.` })

/** The finding where an empty file stands in place of a log; null: none. */
export const emptied = (file: string): DatabaseDamaged | null => {
  if (!existsSync(file) || statSync(file).size > 0) return null
  const logId = readMarker(file)?.logId
  return logId === undefined
    ? null
    : damaged(file, `is empty, but it held the log ${logId}. To begin a new log, delete it and ${markerFile(file)}`)
}

/**
 * A database that was open when its process ended, and whose write-ahead log is gone since; null for every other one. A tool that
 * opens and closes the database after a crash moves the write-ahead log into the database and also removes the index (`-shm`):
 * where the index is gone, nothing is missing.
 */
export const withoutItsWal = (file: string): DatabaseDamaged | null => {
  const marker = readMarker(file)
  if (marker?.isOpen !== true || !existsSync(file) || hasWal(file) || !existsSync(`${file}-shm`)) return null
  const found = `was not closed, and ${basename(file)}-wal with the last commits of the log ${marker.logId} is gone`
  return damaged(file, `${found}. To go on with what is left, delete ${markerFile(file)}`)
}

/** Whether a failure of SQLite shows that the file is damaged. */
export const isDamage = (error: unknown): error is Error =>
  error instanceof Error && "code" in error && /^SQLITE_(CORRUPT|NOTADB)/.test(String(error.code))

/** The size of the file beside the size in its header, as text. */
const sizes = (file: string, header: Buffer): string | null => {
  const pageSize = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16)
  const pages = header.readUInt32BE(28)
  const { size } = statSync(file)
  return pages * pageSize > size ? `has ${size} bytes; its header says ${pages * pageSize}` : null
}

/**
 * What is wrong with a file that SQLite cannot read; `header`: its first 100 bytes, as far as they are there. Null where it is
 * unknown whether it ever was a database of ours.
 */
export const damageOf = (file: string, header: Buffer, error: unknown): DatabaseDamaged | null => {
  const isDatabase = header.toString("latin1", 0, 15) === "SQLite format 3"
  if (!isDatabase && readMarker(file) === null) return null
  const why = messageOf(error)
  const cut = isDatabase && header.length === 100 ? sizes(file, header) : null
  return damaged(file, cut ?? `cannot be read (${why})`)
}

/**
 * Looks for torn pages: in every page of a small database, at the ends of every table of a large one. Null: none was found.
 * Throws what SQLite throws.
 */
export const tornPages = (handle: Sqlite.Database, file: string): DatabaseDamaged | null => {
  const expected =
    Number(handle.pragma("page_count", { simple: true })) * Number(handle.pragma("page_size", { simple: true }))
  const { size } = statSync(file)
  // What is in the write-ahead log need not be in the file yet.
  const walBytes = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0
  if (expected > size && walBytes === 0) return damaged(file, `has ${size} bytes; its header says ${expected}`)
  if (statSync(file).size <= wholeCheckBytes) {
    const found = String(handle.pragma("quick_check(1)", { simple: true }))
    return found === "ok" ? null : damaged(file, `has torn pages (${found.replaceAll(/\s+/g, " ")})`)
  }
  const tables = handle
    .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%WITHOUT ROWID%'")
    .pluck()
    .all()
  for (const table of tables) {
    for (const direction of ["ASC", "DESC"]) {
      handle.prepare(`SELECT * FROM "${table}" ORDER BY rowid ${direction} LIMIT 1`).get()
    }
  }
  return null
}
