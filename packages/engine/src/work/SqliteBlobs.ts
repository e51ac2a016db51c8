/** Blobs in SQLite, on the handle of the writer. Beside them which threads refer to them: what a purge of a thread may remove. */
import { Portion } from "@threadfold/core"
import type Sqlite from "better-sqlite3"
import type { BlobDraft, BlobStore, StoredBlob } from "./BlobStore.js"

/**
 * `unused_since` is set while no thread refers to a blob: when it was last stored. A reference names a hash, not a row: an import brings
 * events before their blobs.
 */
export const blobTables = [
  `CREATE TABLE message_blobs (
    hash TEXT NOT NULL UNIQUE,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    stored_at INTEGER NOT NULL,
    unused_since INTEGER,
    body BLOB NOT NULL,
    CHECK (size = octet_length(body)),
    CHECK (length(hash) = 64)
  )`,
  "CREATE INDEX message_blobs_unused ON message_blobs (unused_since, size) WHERE unused_since IS NOT NULL",
  `CREATE TABLE message_blob_references (
    thread_id TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (thread_id, hash)
  ) WITHOUT ROWID`,
  "CREATE INDEX message_blob_references_by_hash ON message_blob_references (hash)",
] as const

/** Columns of a blob without its bytes. */
export const blobColumns = `hash, media_type AS "mediaType", size, stored_at AS "storedAt"`

/** The store on a handle. Its migrations have run. */
export const sqliteBlobs = (handle: Sqlite.Database): BlobStore => {
  const find = handle.prepare<[string], StoredBlob>(`SELECT ${blobColumns} FROM message_blobs WHERE hash = ?`)
  const put = handle.prepare<[string, string, number, number, number | null, Buffer], never>(
    `INSERT INTO message_blobs (hash, media_type, size, stored_at, unused_since, body) VALUES (?, ?, ?, ?, ?, ?)`,
  )
  const keep = handle.prepare<[number, string], never>(
    "UPDATE message_blobs SET unused_since = ? WHERE hash = ? AND unused_since IS NOT NULL",
  )
  const isUsed = handle.prepare<[string], unknown>("SELECT 1 FROM message_blob_references WHERE hash = ? LIMIT 1")
  const isUsedElsewhere = handle.prepare<[string, string], unknown>(
    "SELECT 1 FROM message_blob_references WHERE hash = ? AND thread_id <> ? LIMIT 1",
  )
  const refer = handle.prepare<[string, string], never>(
    "INSERT OR IGNORE INTO message_blob_references (thread_id, hash) VALUES (?, ?)",
  )
  const use = handle.prepare<[string], never>(
    "UPDATE message_blobs SET unused_since = NULL WHERE hash = ? AND unused_since IS NOT NULL",
  )
  const ofThread = handle
    .prepare<[string, number], string>("SELECT hash FROM message_blob_references WHERE thread_id = ? LIMIT ?")
    .pluck()
  const forget = handle.prepare<[string, string], never>(
    "DELETE FROM message_blob_references WHERE thread_id = ? AND hash = ?",
  )
  const remove = handle.prepare<[string], never>("DELETE FROM message_blobs WHERE hash = ?")
  const unused = handle.prepare<[number, number], Pick<StoredBlob, "hash" | "size">>(
    "SELECT hash, size FROM message_blobs WHERE unused_since < ? ORDER BY unused_since LIMIT ?",
  )

  return {
    find: (hash) => find.get(hash) ?? null,
    put: ({ bytes, hash, mediaType, size }: BlobDraft, now) => {
      if (find.get(hash) !== undefined) return void keep.run(now, hash)
      const since = isUsed.get(hash) === undefined ? now : null
      put.run(hash, mediaType, size, now, since, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    },
    refer: (threadId, hashes) => {
      for (const hash of hashes) {
        refer.run(threadId, hash)
        use.run(hash)
      }
    },
    removeSome: (threadId, limit) => {
      const portion = new Portion(limit)
      let blobs = 0
      for (const hash of ofThread.all(threadId, limit)) {
        const blob = isUsedElsewhere.get(hash, threadId) === undefined ? find.get(hash) : undefined
        if (!portion.takes(blob?.size ?? 0)) break
        forget.run(threadId, hash)
        if (blob !== undefined) blobs += remove.run(hash).changes
      }
      return { references: portion.count, blobs, bytes: portion.bytes }
    },
    sweep: (before, limit) => {
      const portion = new Portion(limit)
      for (const { hash, size } of unused.all(before, limit)) {
        if (!portion.takes(size)) break
        remove.run(hash)
      }
      return portion.count
    },
  }
}

/** Blobs of a database that may be older than blobs are. */
export interface BlobsOfFile {
  /** Whether a thread refers to blobs; null: any thread. */
  readonly isReferred: (threadId: string | null) => boolean
  /** A blob without its bytes; null: there is none of this hash. */
  readonly find: (hash: string) => Omit<BlobDraft, "bytes"> | null
  /** A blob with its bytes; null: there is none of this hash. */
  readonly read: (hash: string) => BlobDraft | null
}

/** Reads the blobs of a database. */
export const blobsOfFile = (handle: Sqlite.Database): BlobsOfFile => {
  const hasBlobs = handle.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'message_blobs'").get() !== undefined
  if (!hasBlobs) return { isReferred: () => false, find: () => null, read: () => null }
  const any = handle.prepare("SELECT 1 FROM message_blob_references LIMIT 1")
  const ofThread = handle.prepare<[string]>("SELECT 1 FROM message_blob_references WHERE thread_id = ? LIMIT 1")
  const find = handle.prepare<[string], Omit<BlobDraft, "bytes">>(
    `SELECT hash, media_type AS "mediaType", size FROM message_blobs WHERE hash = ?`,
  )
  const read = handle.prepare<[string], BlobDraft>(
    `SELECT hash, media_type AS "mediaType", size, body AS bytes FROM message_blobs WHERE hash = ?`,
  )
  return {
    isReferred: (threadId) => (threadId === null ? any.get() : ofThread.get(threadId)) !== undefined,
    find: (hash) => find.get(hash) ?? null,
    read: (hash) => read.get(hash) ?? null,
  }
}
