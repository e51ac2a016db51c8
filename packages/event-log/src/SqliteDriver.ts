/**
 * The log's driver on the writer's own better-sqlite3 handle: prepared statements, positional values, nothing between
 * BEGIN and COMMIT but SQL. Measured at more than twice what the `@effect/sql` client reaches on this path.
 */
import type Sqlite from "better-sqlite3"
import type { LogDriver, ReadQuery } from "./Driver.js"
import { bodyPart, longPart } from "./digests/canonical.js"
import { Digests } from "./digests/Digests.js"
import { StorageLost } from "./Errors.js"
import {
  type EventRow,
  type EventValues,
  eventSelection,
  insertEventSql,
  type ReadRow,
  rowOfValues,
  type StoredEventRow,
  valuesOf,
} from "./EventRow.js"
import { FreePages } from "./FreePages.js"
import {
  type BlobRow,
  type BlockRow,
  blobText,
  blockBody,
  bodyKey,
  fullBlocks,
  isLong,
  type NativeRow,
  packBlock,
  packBody,
  selectBlobSql,
  selectBlockSql,
  selectNativeSql,
} from "./NativeBodies.js"
import { selectEvents } from "./SelectEvents.js"
import { SqlitePurges } from "./SqlitePurges.js"
import type { StorageGuard } from "./StorageGuard.js"
import { SqliteTexts } from "./texts/SqliteTexts.js"
import type { StoredText } from "./texts/storedParts.js"

/** Key of the log's id in the `meta` table. */
export const logIdKey = "log.id"
/** Key of how many pages were given back to the file system when the write-ahead log was last emptied. */
const releasedKey = "storage.released-pages"

/** Short native bodies that one statement inserts: most of what they cost is the statement. */
const nativesAtOnce = 16

const prepare = (handle: Sqlite.Database) => ({
  begin: handle.prepare<[], never>("BEGIN IMMEDIATE"),
  commit: handle.prepare<[], never>("COMMIT"),
  head: handle.prepare<[], { readonly head: number }>("SELECT coalesce(max(sequence), 0) AS head FROM events"),
  streamVersion: handle.prepare<[string], { readonly version: number }>(
    "SELECT coalesce(max(stream_version), 0) AS version FROM events WHERE stream_id = ?",
  ),
  insert: handle.prepare<unknown[], never>(insertEventSql),
  findBySeq: handle.prepare<[string, string, number], StoredEventRow>(
    `SELECT ${eventSelection} FROM events WHERE source = ? AND channel = ? AND seq = ?`,
  ),
  lastSeq: handle.prepare<[string, string], { readonly seq: number }>(
    "SELECT coalesce(max(seq), 0) AS seq FROM events WHERE source = ? AND channel = ? AND seq IS NOT NULL",
  ),
  findByEventId: handle.prepare<[string], StoredEventRow>(`SELECT ${eventSelection} FROM events WHERE event_id = ?`),
  readStream: handle
    .prepare<[string, number, number], EventValues>(
      `SELECT ${eventSelection} FROM events WHERE stream_id = ? AND stream_version > ? ORDER BY stream_version LIMIT ?`,
    )
    .raw(),
  // One index probe per stream, however many events it holds.
  streams: handle
    .prepare<[string, number], string>(
      `WITH RECURSIVE ids(id) AS (
         SELECT (SELECT min(stream_id) FROM events WHERE stream_id > ?)
         UNION ALL
         SELECT (SELECT min(stream_id) FROM events WHERE stream_id > id) FROM ids WHERE id IS NOT NULL)
       SELECT id FROM ids WHERE id IS NOT NULL LIMIT ?`,
    )
    .pluck(),
  insertNative: handle.prepare<unknown[], never>("INSERT INTO native (sequence, body) VALUES (?, ?)"),
  insertNatives: handle.prepare<unknown[], never>(
    `INSERT INTO native (sequence, body) VALUES ${Array.from({ length: nativesAtOnce }, () => "(?, ?)").join(", ")}`,
  ),
  insertLongNative: handle.prepare<[number, string], never>("INSERT INTO native (sequence, blob) VALUES (?, ?)"),
  insertBlob: handle.prepare<[string, string], never>(
    "INSERT INTO blobs (sha256, body, packed) VALUES (?, ?, 0) ON CONFLICT (sha256) DO NOTHING",
  ),
  native: handle.prepare<[number], NativeRow>(selectNativeSql),
  blob: handle.prepare<[string], BlobRow>(selectBlobSql),
  block: handle.prepare<[number, number], BlockRow>(selectBlockSql),
  unpackedNative: handle.prepare<[number], { readonly sequence: number; readonly body: StoredText }>(
    "SELECT sequence, body FROM native WHERE body IS NOT NULL ORDER BY sequence LIMIT ?",
  ),
  insertBlock: handle.prepare<[number, number, Buffer], never>(
    "INSERT INTO native_blocks (first_sequence, last_sequence, body) VALUES (?, ?, ?)",
  ),
  deletePacked: handle.prepare<[number, number], never>(
    "DELETE FROM native WHERE sequence BETWEEN ? AND ? AND body IS NOT NULL",
  ),
  unpackedBlobs: handle.prepare<[number], { readonly sha256: string; readonly body: string }>(
    "SELECT sha256, body FROM blobs WHERE packed = 0 LIMIT ?",
  ),
  packBlob: handle.prepare<[Buffer, string], never>("UPDATE blobs SET body = ?, packed = 1 WHERE sha256 = ?"),
  getMeta: handle.prepare<[string], { readonly value: string }>("SELECT value FROM meta WHERE key = ?"),
  setMeta: handle.prepare<[string, string], never>(
    "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
  ),
  removeMeta: handle.prepare<[string], never>("DELETE FROM meta WHERE key = ?"),
})

export interface SqliteDriverOptions {
  /** Asked before and after every transaction: the driver throws its `StorageLost` and `StorageFull`. */
  readonly guard?: StorageGuard
  /**
   * False: no digests are written, and `verify` would report it. Only for a benchmark that measures their cost; never set for a
   * database that is kept.
   */
  readonly digests?: boolean
}

/**
 * The driver of a migrated database. Throws what SQLite throws; a transaction that throws, in its body or at COMMIT,
 * is rolled back whole.
 */
export const sqliteDriver = (handle: Sqlite.Database, options: SqliteDriverOptions = {}): LogDriver => {
  const { guard } = options
  const sql = prepare(handle)
  const digests = options.digests === false ? null : new Digests(handle)
  const pages = new Map<string, Sqlite.Statement<(string | number)[], EventValues>>()
  const texts = new SqliteTexts(handle)
  const purges = new SqlitePurges(handle, texts)

  // A copy of `handle.inTransaction`: asking SQLite for every row is too slow.
  let isOpen = false

  const transaction = <A>(body: () => A): A => {
    guard?.before()
    try {
      sql.begin.run()
      isOpen = true
      const result = body()
      digests?.seal()
      sql.commit.run()
      guard?.after()
      return result
    } catch (error) {
      // A full disk ends the transaction by itself; every other failure leaves it open.
      if (handle.inTransaction) handle.exec("ROLLBACK")
      digests?.discard()
      if (!(error instanceof StorageLost)) guard?.failed()
      throw error
    } finally {
      texts.forget()
      isOpen = false
    }
  }

  const inTransaction = (): void => {
    if (!isOpen) throw new Error("the log is written inside a transaction only")
  }

  const page = (text: string) => {
    const known = pages.get(text)
    if (known !== undefined) return known
    const statement = handle.prepare<(string | number)[], EventValues>(text).raw()
    pages.set(text, statement)
    return statement
  }

  const one = (row: StoredEventRow | undefined): EventRow | null => (row === undefined ? null : texts.event(row))
  const whole = (values: EventValues): EventRow => texts.event(rowOfValues(values))
  const beginning = (values: EventValues): ReadRow => texts.eventBeginning(rowOfValues(values))

  const getMeta = (key: string): string | null => sql.getMeta.get(key)?.value ?? null

  const readNative = (sequence: number): string | null => {
    const row = sql.native.get(sequence)
    if (row === undefined) {
      const block = sql.block.get(sequence, sequence)
      const packed = block === undefined ? null : blockBody(block, sequence)
      return packed === null ? null : texts.body(sequence, packed)
    }
    if (row.blob === null) return row.body === null ? null : texts.body(sequence, row.body)
    const blob = sql.blob.get(row.blob)
    return blob === undefined ? null : blobText(blob)
  }

  const logId = getMeta(logIdKey) ?? ""
  const freePages = new FreePages(handle, {
    logId,
    transaction,
    guard,
    note: (pages) => transaction(() => sql.setMeta.run(releasedKey, String(pages))),
  })

  return {
    logId,
    transaction,
    head: () => sql.head.get()?.head ?? 0,
    streamVersion: (streamId) => sql.streamVersion.get(streamId)?.version ?? 0,
    insert: (e) => {
      inTransaction()
      sql.insert.run(valuesOf(e, texts.payload(e)))
      digests?.event(e)
    },
    insertNatives: (bodies) => {
      inTransaction()
      const short: (number | StoredText)[] = []
      for (const [sequence, body] of bodies) {
        const parts = texts.native(sequence, body)
        if (parts !== null) {
          digests?.body(sequence, bodyPart(body))
          sql.insertNative.run(sequence, parts)
          continue
        }
        if (typeof body !== "string" || isLong(body)) {
          const key = bodyKey(body)
          sql.insertBlob.run(key, String(body))
          sql.insertLongNative.run(sequence, key)
          digests?.body(sequence, longPart(key))
          continue
        }
        digests?.body(sequence, body)
        short.push(sequence, body)
        if (short.length === 2 * nativesAtOnce) {
          sql.insertNatives.run(short)
          short.length = 0
        }
      }
      for (let index = 0; index < short.length; index += 2) sql.insertNative.run(short[index], short[index + 1])
    },
    findBySeq: (source, channel, seq) => one(sql.findBySeq.get(source, channel, seq)),
    lastSeq: (source, channel) => sql.lastSeq.get(source, channel)?.seq ?? 0,
    findByEventId: (eventId) => one(sql.findByEventId.get(eventId)),
    read: (query: ReadQuery) => {
      const select = selectEvents(query)
      return page(select.sql)
        .all(...select.params)
        .map(query.texts === "beginnings" ? beginning : whole)
    },
    readStream: (streamId, afterVersion, limit) => sql.readStream.all(streamId, afterVersion, limit).map(whole),
    streams: (after, limit) => sql.streams.all(after ?? "", limit),
    readNative,
    compressNative: (limit) =>
      transaction(() => {
        let packed = 0
        const bodies = sql.unpackedNative.all(limit).map(({ sequence, body }) => [sequence, body] as const)
        for (const block of fullBlocks(bodies)) {
          const first = block[0]?.[0] ?? 0
          const last = block[block.length - 1]?.[0] ?? 0
          sql.insertBlock.run(first, last, packBlock(block))
          sql.deletePacked.run(first, last)
          packed += block.length
        }
        for (const { sha256, body } of sql.unpackedBlobs.all(Math.max(0, limit - packed))) {
          sql.packBlob.run(packBody(body), sha256)
          packed += 1
        }
        return packed
      }),
    shrink: () => freePages.step(),
    purgeOf: (streamId) => purges.of(streamId),
    unfinishedPurges: (limit) => purges.unfinished(limit),
    beginPurge: (purge) => {
      inTransaction()
      digests?.seal()
      purges.begin(purge)
    },
    savePurge: (streamId, progress, finishedAt) => {
      inTransaction()
      purges.save(streamId, progress, finishedAt)
    },
    strip: (purge, afterVersion, limit) => {
      inTransaction()
      return purges.strip(purge, afterVersion, limit)
    },
    getMeta,
    setMeta: (key, value) => {
      inTransaction()
      if (value === null) sql.removeMeta.run(key)
      else sql.setMeta.run(key, value)
    },
  }
}
