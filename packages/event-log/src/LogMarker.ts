/**
 * A small file beside the database with the log's id, and whether the database is open for writing. With it an emptied database
 * is not taken for a new one, and the loss of a write-ahead log is noticed. No Effect here.
 */
import { readFileSync, rmSync, statSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { writeWhole } from "./writeWhole.js"

export interface LogMarker {
  readonly logId: string
  /** True: it was opened for writing and not closed, so that its last commits are in the write-ahead log. */
  readonly isOpen: boolean
}

/** The file that is beside a database. */
export const markerFile = (file: string): string => join(dirname(file), `${basename(file)}.log-id`)

/** What is remembered of the log in a database; null: nothing. */
export const readMarker = (file: string): LogMarker | null => {
  try {
    const [logId = "", state] = readFileSync(markerFile(file), "utf8").trim().split(" ")
    return logId === "" ? null : { logId, isOpen: state === "open" }
  } catch {
    return null
  }
}

/** Is on the disk when it returns: a wrong marker would refuse a good database. */
const write = (file: string, text: string): void => writeWhole(markerFile(file), text, { durable: true })

/** Remembers that the database of this log is open. Its first write must be committed: from then on there is a write-ahead log. */
export const markOpen = (file: string, logId: string): void => write(file, `${logId} open\n`)

/**
 * Records that the database is about to be closed. It comes first, because closing may remove the write-ahead log. Never throws.
 */
export const markClosed = (file: string, logId: string): void => {
  try {
    write(file, `${logId}\n`)
  } catch {
    // The disk is full: no marker is better than a wrong one.
    rmSync(markerFile(file), { force: true })
  }
}

/** Whether the write-ahead log of a database is there and has anything in it. */
export const hasWal = (file: string): boolean => (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0
