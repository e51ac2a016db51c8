/**
 * The writer's own handle. No Effect here: it is opened once, on the thread that writes.
 */
import { randomUUID } from "node:crypto"
import { statSync } from "node:fs"
import Sqlite from "better-sqlite3"
import { preparePrivateFile } from "./DataDirectory.js"
import { logIdKey } from "./SqliteDriver.js"

/** Pages (of 4 KiB) in the write-ahead log before the writer copies them back: 16 MiB, measured. */
const autocheckpointPages = 4000
/** The write-ahead log shrinks to this after a checkpoint, bytes. */
export const journalSizeLimit = 64 * 1024 * 1024
/** Page cache of the writer, KiB. */
const cacheKib = 32 * 1024
/** How often this database was opened for writing. The count is the first write of every opening. */
const openingsKey = "log.openings"

/** `PRAGMA synchronous` as SQLite numbers it. */
const full = 2

/** The handle does not commit as durably as the log requires; the message has the reason. */
export class NotDurable extends Error {
  override readonly name = "NotDurable"
}

/** Throws unless commits on this handle reach the disk before they return. */
export const assertDurable = (handle: Sqlite.Database): void => {
  const synchronous = handle.pragma("synchronous", { simple: true })
  const journal = handle.pragma("journal_mode", { simple: true })
  if (synchronous !== full) throw new NotDurable(`synchronous is ${String(synchronous)}, not FULL`)
  if (journal !== "wal") throw new NotDurable(`journal_mode is ${String(journal)}, not wal`)
}

/**
 * Makes a file that only its owner can read. An empty one is made a database whose free pages can be given back: that is settled
 * before its first table (`PRAGMA auto_vacuum`), and an older database gets it from `threadfold compact`.
 */
export const prepareEmptyFile = (file: string): void => {
  preparePrivateFile(file)
  if (statSync(file).size > 0) return
  const handle = new Sqlite(file)
  try {
    handle.pragma("auto_vacuum = INCREMENTAL")
    handle.pragma("journal_mode = WAL")
  } finally {
    handle.close()
  }
}

/**
 * Opens a migrated database for writing. `synchronous=FULL` is set before and asserted after the first write: the
 * SQLite that better-sqlite3 brings lowers it to NORMAL in WAL mode, and a fresh file shows that only once it is
 * written to. Throws what SQLite throws, or {@link NotDurable}.
 */
export const openWriter = (file: string): Sqlite.Database => {
  const handle = new Sqlite(file)
  try {
    handle.pragma("journal_mode = WAL")
    handle.pragma("synchronous = FULL")
    handle.pragma("busy_timeout = 5000")
    handle.pragma("foreign_keys = ON")
    handle.pragma(`wal_autocheckpoint = ${autocheckpointPages}`)
    handle.pragma(`journal_size_limit = ${journalSizeLimit}`)
    handle.pragma(`cache_size = -${cacheKib}`)
    handle.pragma("temp_store = MEMORY")
    // What is deleted is overwritten with zeros: it is in no free page and no free part of one.
    handle.pragma("secure_delete = ON")
    if (process.platform === "darwin") {
      handle.pragma("fullfsync = ON")
      handle.pragma("checkpoint_fullfsync = ON")
    }
    handle.transaction(() => {
      handle.prepare("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING").run(logIdKey, randomUUID())
      handle
        .prepare(
          "INSERT INTO meta (key, value) VALUES (?, '1') ON CONFLICT DO UPDATE SET value = CAST(value AS INTEGER) + 1",
        )
        .run(openingsKey)
    })()
    assertDurable(handle)
    return handle
  } catch (error) {
    handle.close()
    throw error
  }
}
