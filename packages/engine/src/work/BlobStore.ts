/**
 * Blobs: images and files of messages, each once, by the SHA-256 of its bytes. An event of a message refers to them by hash; the store
 * keeps which threads do. A blob goes with the last thread that refers to it, and one to which none ever referred after a while.
 */

/** A blob, without its bytes. */
export interface StoredBlob {
  /** SHA-256 of its bytes, 64 digits of lower-case hexadecimal. */
  readonly hash: string
  /** Its media type, as its first bytes show it. */
  readonly mediaType: string
  /** Its length, bytes. */
  readonly size: number
  /** When it was stored for the first time, ms since the epoch. */
  readonly storedAt: number
}

/** A blob before it is stored. Its sender has computed the hash. */
export interface BlobDraft extends Omit<StoredBlob, "storedAt"> {
  readonly bytes: Uint8Array
}

/** What one step of a removal has taken. */
export interface RemovedBlobs {
  /** References that went; 0: there was none left. */
  readonly references: number
  /** Blobs that went with them, and their bytes. */
  readonly blobs: number
  readonly bytes: number
}

/** Everything is synchronous; what writes runs inside the log's transaction. */
export interface BlobStore {
  readonly find: (hash: string) => StoredBlob | null
  /** Stores a blob. One that is there stays as it is, and is kept as long as a new one. `now`: ms since the epoch. */
  readonly put: (blob: BlobDraft, now: number) => void
  /** Notes that a thread refers to blobs, whether they are there or come later. */
  readonly refer: (threadId: string, hashes: readonly string[]) => void
  /**
   * Removes at most `limit` references of a thread, and the blobs that no other thread refers to; fewer where those are long: what a
   * `Portion` takes.
   */
  readonly removeSome: (threadId: string, limit: number) => RemovedBlobs
  /**
   * Removes at most `limit` blobs that no thread refers to and that were last stored before a time, fewer where they are long; returns
   * how many.
   */
  readonly sweep: (before: number, limit: number) => number
}
