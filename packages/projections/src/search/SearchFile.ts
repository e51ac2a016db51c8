/**
 * The file of the search index, `search.db` beside the database. It holds nothing that the log does not: it may be removed at any
 * time, and is then made again. What is removed from it is overwritten.
 */
import { closeSync, existsSync, openSync } from "node:fs"
import { join } from "node:path"
import Sqlite from "better-sqlite3"
import { removeFile } from "../besideLog.js"

/** Rises with a change of what the file holds: an older file is removed. */
const searchFormat = 1

/** The file of a data directory. */
export const searchFile = (dataDir: string): string => join(dataDir, "search.db")

/** How long a step waits for another one's transaction, ms: they last for some 20 ms. */
const busyMs = 1_000

const schema = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    row_id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    thread_id TEXT NOT NULL,
    turn_id TEXT,
    at INTEGER,
    marks TEXT NOT NULL,
    title TEXT,
    body TEXT
  );
  CREATE INDEX documents_by_thread ON documents (thread_id);
  CREATE TABLE waiting (item_id TEXT PRIMARY KEY, thread_id TEXT NOT NULL) WITHOUT ROWID;
  CREATE INDEX waiting_by_thread ON waiting (thread_id);
  CREATE VIRTUAL TABLE texts USING fts5 (
    marks, title, body, content = 'documents', content_rowid = 'id', prefix = '2 3',
    tokenize = 'unicode61 remove_diacritics 2'
  );
  INSERT INTO texts (texts, rank) VALUES ('secure-delete', 1);
  PRAGMA user_version = ${searchFormat};`

const opened = (file: string): Sqlite.Database => {
  const handle = new Sqlite(file, { timeout: busyMs })
  handle.pragma("journal_mode = WAL")
  // A loss of power may lose the last steps, which are then made again.
  handle.pragma("synchronous = NORMAL")
  handle.pragma("secure_delete = ON")
  return handle
}

/** Opens the index of a log for writing; one of another form or another log is removed first. */
export const openSearchFile = (file: string, logId: string): Sqlite.Database => {
  if (existsSync(file)) {
    try {
      const handle = opened(file)
      const log = handle.pragma("user_version", { simple: true }) === searchFormat ? metaOf(handle, "log") : null
      if (log === logId) return handle
      handle.close()
    } catch {
      // A damaged file is made again.
    }
    removeFile(file)
  }
  // Only its owner may read it, as the database.
  closeSync(openSync(file, "a", 0o600))
  const handle = opened(file)
  handle.transaction(() => {
    handle.exec(schema)
    setMeta(handle, "log", logId)
  })()
  return handle
}

export const metaOf = (handle: Sqlite.Database, key: string): string | null =>
  handle.prepare<[string], string>("SELECT value FROM meta WHERE key = ?").pluck().get(key) ?? null

export const setMeta = (handle: Sqlite.Database, key: string, value: string): void =>
  void handle
    .prepare("INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
    .run(key, value)

/** A document as the index holds it: what a removal has to name. */
export interface StoredDocument {
  readonly id: number
  readonly marks: string
  readonly title: string | null
  readonly body: string | null
}

/** Removes the words of a document, before it changes. */
export const removeWords = (handle: Sqlite.Database): ((document: StoredDocument) => void) => {
  const statement = handle.prepare("INSERT INTO texts (texts, rowid, marks, title, body) VALUES ('delete', ?, ?, ?, ?)")
  return ({ body, id, marks, title }) => void statement.run(id, marks, title, body)
}

/** Removes up to `limit` documents of a thread. True: there are more. */
export const removeDocuments = (handle: Sqlite.Database, threadId: string, limit: number): boolean =>
  handle
    .transaction(() => {
      const found = handle
        .prepare<[string, number], StoredDocument>(
          "SELECT id, marks, title, body FROM documents WHERE thread_id = ? LIMIT ?",
        )
        .all(threadId, limit)
      const remove = removeWords(handle)
      const gone = handle.prepare("DELETE FROM documents WHERE id = ?")
      for (const document of found) {
        remove(document)
        gone.run(document.id)
      }
      handle.prepare("DELETE FROM waiting WHERE thread_id = ?").run(threadId)
      return found.length === limit
    })
    .immediate()

/** Documents that a purge removes at a time. */
const removedAtATime = 50

/**
 * Takes a step to remove a purged thread from the index of a data directory, if it has one. True: there is more to do. A file that
 * cannot be read is removed. Throws where it cannot be written.
 */
export const removeFromSearch = (dataDir: string, threadId: string): boolean => {
  const file = searchFile(dataDir)
  if (!existsSync(file)) return false
  let handle: Sqlite.Database
  try {
    handle = opened(file)
    if (handle.pragma("user_version", { simple: true }) !== searchFormat) throw new Error("it is of another form")
  } catch (error) {
    if (error instanceof Sqlite.SqliteError && error.code.startsWith("SQLITE_BUSY")) throw error
    removeFile(file)
    return false
  }
  try {
    if (removeDocuments(handle, threadId, removedAtATime)) return true
    // Nothing of it stays in the write-ahead log, either.
    handle.pragma("wal_checkpoint(TRUNCATE)")
    return false
  } finally {
    handle.close()
  }
}
