/** What a purge of a thread would remove, read from its database. As long as the thread is long: not for the thread that writes. */
import { readWholeBlock } from "@threadfold/event-log"
import { rowSizes } from "@threadfold/projections"
import type Sqlite from "better-sqlite3"
import { type Place, plus, type Removed } from "./PurgeState.js"

const payloads = `SELECT count(*) AS count, coalesce(sum(octet_length(payload)), 0) AS bytes FROM events
  WHERE stream_id = ? AND payload <> '{}'`

/** Long texts of payloads that no other thread has. */
const texts = `SELECT count(*) AS count, coalesce(sum(octet_length(body)), 0) AS bytes FROM text_bodies AS b
  WHERE sha256 IN (SELECT sha256 FROM texts WHERE stream_id = ? AND item_id IS NULL)
    AND NOT EXISTS (SELECT 1 FROM texts WHERE sha256 = b.sha256 AND item_id IS NULL AND stream_id <> ?)`

/** Bodies that lie beside their events, those of long ones counted where they are kept. */
const own = `SELECT count(*) AS count, coalesce(sum(octet_length(body)), 0) AS bytes
  FROM events JOIN native USING (sequence) WHERE stream_id = ?`

const longBodies = `SELECT count(*) AS count, coalesce(sum(octet_length(body)), 0) AS bytes FROM blobs
  WHERE sha256 IN (SELECT blob FROM events JOIN native USING (sequence) WHERE stream_id = ? AND blob IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM native JOIN events USING (sequence) WHERE blob = sha256 AND stream_id <> ?)`

const blobs = `SELECT count(*) AS count, coalesce(sum(size), 0) AS bytes FROM message_blobs AS b
  WHERE hash IN (SELECT hash FROM message_blob_references WHERE thread_id = ?)
    AND NOT EXISTS (SELECT 1 FROM message_blob_references WHERE hash = b.hash AND thread_id <> ?)`

const work = `SELECT count(*) AS count, coalesce(sum(bytes), 0) AS bytes FROM (
    SELECT octet_length(content) + octet_length(answer) AS bytes FROM receipts
      WHERE thread_id = ? AND answer ->> '$.accepted' IS NULL
    UNION ALL
    SELECT octet_length(payload) + coalesce(octet_length(message), 0) FROM effects
      WHERE thread_id = ? AND ended_at IS NOT NULL)`

/** Blocks that hold bodies between two sequences, the packed ones. */
const blocks = "SELECT body FROM native_blocks WHERE last_sequence >= ? AND first_sequence <= ? ORDER BY first_sequence"

const packed = (handle: Sqlite.Database, streamId: string): Place => {
  const ends = handle
    .prepare<[string], { readonly first: number | null; readonly last: number | null }>(
      "SELECT min(sequence) AS first, max(sequence) AS last FROM events WHERE stream_id = ?",
    )
    .get(streamId)
  const isOwn = handle.prepare<[number, string]>("SELECT 1 FROM events WHERE sequence = ? AND stream_id = ?")
  let count = 0
  let bytes = 0
  const all = handle.prepare<[number, number], { readonly body: Buffer }>(blocks)
  for (const { body } of all.iterate(ends?.first ?? 0, ends?.last ?? 0)) {
    for (const [sequence, text] of readWholeBlock(body)) {
      if (isOwn.get(sequence, streamId) === undefined) continue
      count += 1
      bytes += Buffer.byteLength(text)
    }
  }
  return { count, bytes }
}

/** By place, how much it is. The caller sees to it that all is read of one moment. */
export const purgeSize = (handle: Sqlite.Database, streamId: string): Removed => {
  const place = (sql: string, ...params: readonly string[]): Place =>
    handle.prepare<string[], Place>(sql).get(...params) ?? { count: 0, bytes: 0 }
  const beside = place(own, streamId)
  const inBlocks = packed(handle, streamId)
  const ofMessages = place(blobs, streamId, streamId)
  return {
    events: plus(place(payloads, streamId), 0, place(texts, streamId, streamId).bytes),
    natives: plus(beside, inBlocks.count, inBlocks.bytes),
    blobs: plus(place(longBodies, streamId, streamId), ofMessages.count, ofMessages.bytes),
    rows: rowSizes(handle, streamId),
    work: place(work, streamId, streamId),
  }
}
