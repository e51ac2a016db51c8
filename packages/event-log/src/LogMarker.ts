/**
 * What is remembered of a log outside of its database, in a small file beside it: the log's id, and whether its database is open
 * for writing. An emptied database is not taken for a new one by it, and a write-ahead log that went away is missed. No Effect here.
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

/** On the disk when it returns: a marker that is wrong would refuse a database that is right. */
const write = (file: string, text: string): void => writeWhole(markerFile(file), text, { durable: true })

/** Remembers that the database of this log is open. Its first write must be committed: from then on there is a write-ahead log. */
export const markOpen = (file: string, logId: string): void => write(file, `${logId} open\n`)

/** Remembers that it will be closed; before that, because closing it may take its write-ahead log away. Never throws. */
export const markClosed = (file: string, logId: string): void => {
  try {
    write(file, `${logId}\n`)
  } catch {
    // A full disk: to remember nothing is better than what is wrong.
    rmSync(markerFile(file), { force: true })
  }
}

/** Whether the write-ahead log of a database is there and has anything in it. */
export const hasWal = (file: string): boolean => (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0
