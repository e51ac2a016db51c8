/**
 * Purges in SQLite: the rows of `purges`, and taking content out of events. Every statement is prepared when it is first needed. No
 * Effect here.
 */
import { Portion } from "@threadfold/core"
import type Sqlite from "better-sqlite3"
import type { PurgeRow, Stripped } from "./Driver.js"
import { type BlockRow, type NumberedBody, packBlock, readWholeBlock } from "./NativeBodies.js"
import type { SqliteTexts } from "./texts/SqliteTexts.js"

const columns = `stream_id AS "streamId", first_version AS "firstVersion", last_version AS "lastVersion",
  sealed_hash AS "sealedHash", event_id AS "eventId", purged_at AS "purgedAt", progress, finished_at AS "finishedAt"`

/** The sealed hash that the payload of a tombstone repeats; null: there is none in it. */
export const sealedHashIn = (payload: string): string | null => {
  try {
    const said: unknown = JSON.parse(payload)
    const hash = typeof said === "object" && said !== null && "sealedHash" in said ? said.sealedHash : null
    return typeof hash === "string" ? hash : null
  } catch {
    return null
  }
}

interface NextEvent {
  readonly sequence: number
  readonly version: number
  readonly bytes: number
  /** Its payload where that is stored in parts, else null. */
  readonly parts: Buffer | null
}

interface FoundBlock extends BlockRow {
  readonly first: number
  readonly last: number
}

const prepare = (handle: Sqlite.Database) => ({
  of: handle.prepare<[string], PurgeRow>(`SELECT ${columns} FROM purges WHERE stream_id = ?`),
  unfinished: handle.prepare<[number], PurgeRow>(`SELECT ${columns} FROM purges WHERE finished_at IS NULL LIMIT ?`),
  begin: handle.prepare<[string, number, number, string, string, number, string], never>(
    `INSERT INTO purges (stream_id, first_version, last_version, sealed_hash, event_id, purged_at, progress)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  ),
  save: handle.prepare<[string, number | null, string], never>(
    "UPDATE purges SET progress = ?, finished_at = ? WHERE stream_id = ?",
  ),
  next: handle.prepare<[string, number, number, number], NextEvent>(
    `SELECT sequence, stream_version AS version, octet_length(payload) AS bytes,
       iif(typeof(payload) = 'blob', payload, NULL) AS parts
     FROM events
     WHERE stream_id = ? AND stream_version > ? AND stream_version <= ? ORDER BY stream_version LIMIT ?`,
  ),
  empty: handle.prepare<[number], never>("UPDATE events SET payload = '{}' WHERE sequence = ? AND payload <> '{}'"),
  native: handle.prepare<[number], { readonly blob: string | null; readonly bytes: number }>(
    "SELECT blob, coalesce(octet_length(body), 0) AS bytes FROM native WHERE sequence = ?",
  ),
  ownBytes: handle
    .prepare<[number], number>(
      `SELECT coalesce(octet_length(body), (SELECT octet_length(body) FROM blobs WHERE sha256 = blob), 0)
       FROM native WHERE sequence = ?`,
    )
    .pluck(),
  removeNative: handle.prepare<[number], never>("DELETE FROM native WHERE sequence = ?"),
  isUsed: handle.prepare<[string]>("SELECT 1 FROM native WHERE blob = ? LIMIT 1"),
  blobBytes: handle.prepare<[string], number>("SELECT octet_length(body) FROM blobs WHERE sha256 = ?").pluck(),
  removeBlob: handle.prepare<[string], never>("DELETE FROM blobs WHERE sha256 = ?"),
  block: handle.prepare<[number, number], FoundBlock>(
    `SELECT first_sequence AS first, last_sequence AS last, body FROM native_blocks
     WHERE first_sequence <= ? AND last_sequence >= ? ORDER BY first_sequence DESC LIMIT 1`,
  ),
  between: handle
    .prepare<[number, number, string, number], number>(
      "SELECT sequence FROM events WHERE sequence BETWEEN ? AND ? AND stream_id = ? AND stream_version <= ?",
    )
    .pluck(),
  pack: handle.prepare<[Buffer, number], never>("UPDATE native_blocks SET body = ? WHERE first_sequence = ?"),
  removeBlock: handle.prepare<[number], never>("DELETE FROM native_blocks WHERE first_sequence = ?"),
})

/** What a step has taken out that found nothing. */
const strippedNothing: Stripped = {
  version: 0,
  events: 0,
  payloads: 0,
  payloadBytes: 0,
  bodies: 0,
  bodyBytes: 0,
  blobs: 0,
  blobBytes: 0,
}

type Counts = { -readonly [Field in keyof Stripped]: Stripped[Field] }

export class SqlitePurges {
  private prepared: ReturnType<typeof prepare> | null = null

  constructor(
    private readonly handle: Sqlite.Database,
    private readonly texts: SqliteTexts,
  ) {}

  of(streamId: string): PurgeRow | null {
    return this.sql.of.get(streamId) ?? null
  }

  unfinished(limit: number): readonly PurgeRow[] {
    return this.sql.unfinished.all(limit)
  }

  begin({
    eventId,
    firstVersion,
    lastVersion,
    progress,
    purgedAt,
    sealedHash,
    streamId,
  }: Omit<PurgeRow, "finishedAt">) {
    this.sql.begin.run(streamId, firstVersion, lastVersion, sealedHash, eventId, purgedAt, progress)
  }

  save(streamId: string, progress: string, finishedAt: number | null): void {
    this.sql.save.run(progress, finishedAt, streamId)
  }

  /** Takes the content out of the next events of a purge. */
  strip(purge: PurgeRow, afterVersion: number, limit: number): Stripped {
    const done: Counts = { ...strippedNothing, version: afterVersion }
    const portion = new Portion(limit)
    // Up to here a block was packed anew just now: what it had of these events is gone, and they are cheap.
    let cleared = 0
    for (const { bytes, parts, sequence, version } of this.sql.next.all(
      purge.streamId,
      afterVersion,
      purge.lastVersion,
      limit,
    )) {
      const own = this.sql.ownBytes.get(sequence)
      const block = own === undefined && sequence > cleared ? this.sql.block.get(sequence, sequence) : undefined
      // To pack a block anew takes a few milliseconds, so that it begins a step.
      if (block !== undefined && portion.count > 0) break
      // Texts that are stored by themselves may be long: they have a step of their own.
      if (parts !== null && portion.count > 0) break
      if (!portion.takes(bytes + (own ?? 0))) break
      if (this.sql.empty.run(sequence).changes > 0) {
        done.payloads += 1
        done.payloadBytes += bytes
      }
      if (parts !== null) done.payloadBytes += this.texts.remove(purge.streamId, parts)
      if (block === undefined) this.removeOwn(sequence, done)
      else {
        this.clearBlock(purge, block, done)
        cleared = block.last
      }
      done.version = version
      done.events += 1
      if (parts !== null) break
    }
    return done
  }

  /** Removes the body that an event has by itself; nothing where it has none, or one in a block. */
  private removeOwn(sequence: number, done: Counts): void {
    const { sql } = this
    const native = sql.native.get(sequence)
    if (native === undefined) return
    sql.removeNative.run(sequence)
    done.bodies += 1
    done.bodyBytes += native.bytes
    if (native.blob === null || sql.isUsed.get(native.blob) !== undefined) return
    done.blobs += 1
    done.blobBytes += sql.blobBytes.get(native.blob) ?? 0
    sql.removeBlob.run(native.blob)
  }

  /**
   * Packs a block anew without the bodies of the purged events in it. The block keeps its place, so that the others are found as before.
   */
  private clearBlock({ lastVersion, streamId }: PurgeRow, block: FoundBlock, done: Counts): void {
    const { sql } = this
    const gone = new Set(sql.between.all(block.first, block.last, streamId, lastVersion))
    const kept: NumberedBody[] = []
    const bodies = readWholeBlock(block.body)
    for (const [at, body] of bodies) {
      if (!gone.has(at)) {
        kept.push([at, body])
        continue
      }
      done.bodies += 1
      done.bodyBytes += Buffer.byteLength(body)
    }
    if (kept.length === 0) sql.removeBlock.run(block.first)
    else if (kept.length < bodies.size) sql.pack.run(packBlock(kept), block.first)
  }

  private get sql(): ReturnType<typeof prepare> {
    this.prepared ??= prepare(this.handle)
    return this.prepared
  }
}
