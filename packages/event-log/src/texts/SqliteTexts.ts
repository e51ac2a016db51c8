/// <reference lib="es2024.string" />
/**
 * Long texts in SQLite, stored once. A payload with a text over 64 KiB is stored in parts and names the text by its key; a native body
 * that repeats what its payload says names the stretches; a text that was streamed piece by piece names the events of its pieces.
 * Whoever reads an event gets it whole, as it was written. Every statement is prepared when it is first needed. No Effect here.
 */
import { longestTextBytes } from "@threadfold/contracts"
import type Sqlite from "better-sqlite3"
import type { EventRow, NewEventRow, ReadRow, StoredEventRow } from "../EventRow.js"
import { inlineBytes } from "../NativeBodies.js"
import type { LongJson } from "./LongJson.js"
import { leastShared, sharedAround, sharedParts, stringsIn } from "./sharedParts.js"
import { decodeParts, encodeParts, joinParts, keysOf, type Part, type StoredText } from "./storedParts.js"
import { StreamedPieces } from "./streamedPieces.js"
import { type TextToStore, takenText, writtenText } from "./writtenText.js"

/** Bytes of UTF-8 that a UTF-16 unit takes at most: what has fewer units than this is no long text. */
const bytesPerUnit = 3
const leastUnits = Math.floor(longestTextBytes / bytesPerUnit)

const segmentsWhere = "SELECT text FROM text_segments WHERE stream_id = ? AND sha256 = ?"
/** What a long text consists of, in order. Binds the stream and the key. */
export const selectTextSql = `${segmentsWhere} ORDER BY start`
/** The same up to its first 64 KiB at least. */
export const selectBeginningSql = `${segmentsWhere} AND start < ${longestTextBytes} ORDER BY start`

const prepare = (handle: Sqlite.Database) => ({
  text: handle.prepare<[string, string], string | null>(selectTextSql).pluck(),
  beginning: handle.prepare<[string, string], string | null>(selectBeginningSql).pluck(),
  isKnown: handle.prepare<[string, string]>("SELECT 1 FROM texts WHERE stream_id = ? AND sha256 = ?"),
  insert: handle.prepare<[string, string, number, string | null, string], never>(
    "INSERT INTO texts (stream_id, sha256, bytes, item_id, segments) VALUES (?, ?, ?, ?, ?)",
  ),
  starts: handle.prepare<[string], number>("SELECT start FROM text_bodies WHERE sha256 = ? ORDER BY start").pluck(),
  insertBody: handle.prepare<[string, number, string], never>(
    "INSERT INTO text_bodies (sha256, start, body) VALUES (?, ?, ?)",
  ),
  remove: handle.prepare<[string, string], never>("DELETE FROM texts WHERE stream_id = ? AND sha256 = ?"),
  isUsed: handle.prepare<[string]>("SELECT 1 FROM texts WHERE sha256 = ? AND item_id IS NULL LIMIT 1"),
  bodyBytes: handle
    .prepare<[string], number>("SELECT coalesce(sum(octet_length(body)), 0) FROM text_bodies WHERE sha256 = ?")
    .pluck(),
  removeBody: handle.prepare<[string], never>("DELETE FROM text_bodies WHERE sha256 = ?"),
  event: handle
    .prepare<[number], readonly [streamId: string, payload: StoredText]>(
      "SELECT stream_id, payload FROM events WHERE sequence = ?",
    )
    .raw(),
})

export class SqliteTexts {
  private prepared: ReturnType<typeof prepare> | null = null
  private readonly pieces: StreamedPieces
  /** Payloads of the running transaction whose native bodies may repeat them, by sequence. */
  private readonly recent = new Map<number, string | LongJson>()

  constructor(private readonly handle: Sqlite.Database) {
    this.pieces = new StreamedPieces(handle, (streamId, key) => this.textOf(streamId, key))
  }

  /** What is stored of an event's payload; stores its long texts. */
  payload(event: NewEventRow): StoredText {
    const { payload, sequence } = event
    if (typeof payload !== "string") {
      this.recent.set(sequence, payload)
      return encodeParts(payload.bytes, this.partsOfLong(event, payload))
    }
    if (payload.length >= leastShared) this.recent.set(sequence, payload)
    if (payload.length <= leastUnits || !payload.isWellFormed()) return payload
    const parts = this.partsOf(event, payload)
    return parts.length === 1 ? payload : encodeParts(Buffer.byteLength(payload), parts)
  }

  /** What of a payload is not long, and the keys of what is. @param start where its strings begin */
  private partsOf(event: NewEventRow, json: string, start = 0): readonly Part[] {
    const parts: Part[] = []
    let at = 0
    for (const stretch of stringsIn(json, leastUnits, start)) {
      const written = writtenText(json, stretch)
      if (written === null || written.bytes <= longestTextBytes) continue
      parts.push(json.slice(at, stretch[0]), { text: written.key })
      this.keep(event, written)
      at = stretch[1]
    }
    return [...parts, json.slice(at)]
  }

  /** The same of a payload that is not in memory as JSON. */
  private partsOfLong(event: NewEventRow, { gaps, texts }: LongJson): readonly Part[] {
    const parts: Part[] = []
    for (const [index, gap] of gaps.entries()) {
      // The gap behind a text begins with its closing quote.
      parts.push(...this.partsOf(event, gap, index === 0 ? 0 : 1))
      const text = texts[index]
      if (text === undefined) continue
      const taken = takenText(text)
      parts.push({ text: taken.key })
      this.keep(event, taken)
    }
    return parts
  }

  /** The stored form of a native body that repeats its payload; null: it is stored whole. Asked once, after the payload. */
  native(sequence: number, body: string | LongJson): Buffer | null {
    const payload = this.recent.get(sequence)
    if (payload === undefined) return null
    this.recent.delete(sequence)
    const isShort = typeof body === "string" && body.length < leastShared
    const stored = isShort ? null : storedBody(body, payload)
    return stored === null || stored.length > inlineBytes ? null : stored
  }

  /** Forgets the payloads of the transaction. */
  forget(): void {
    if (this.recent.size > 0) this.recent.clear()
  }

  /** An event with its payload whole; with none that can be read where a text of it is not there. */
  event(row: StoredEventRow): EventRow {
    const { payload } = row
    if (typeof payload === "string") return { ...row, payload }
    try {
      return { ...row, payload: this.whole(row.streamId, payload) }
    } catch {
      return { ...row, payload: "" }
    }
  }

  /** The same for a reader to whom the beginnings of long texts are enough. */
  eventBeginning(row: StoredEventRow): ReadRow {
    const { payload, streamId } = row
    if (typeof payload === "string") return { ...row, payload }
    try {
      const parted = decodeParts(payload)
      const textOf = (key: string) => joinedSegments(this.sql.beginning.all(streamId, key))
      return { ...row, payload: joinParts(parted, { textOf, payload: missing }), payloadBytes: parted.bytes }
    } catch {
      return { ...row, payload: "" }
    }
  }

  /** A native body whole. Throws where a part of it is not there. */
  body(sequence: number, stored: StoredText): string {
    if (typeof stored === "string") return stored
    return joinParts(decodeParts(stored), {
      textOf: () => missing(),
      payload: () => {
        const [streamId, payload = ""] = this.sql.event.get(sequence) ?? [""]
        return typeof payload === "string" ? payload : this.whole(streamId, payload)
      },
    })
  }

  /** A long text of a stream. Throws where it is not there. */
  textOf(streamId: string, key: string): string {
    return joinedSegments(this.sql.text.all(streamId, key))
  }

  /** Removes the texts that a payload in parts names; gives the bytes that went. */
  remove(streamId: string, stored: Buffer): number {
    let bytes = 0
    for (const key of keysOf(decodeParts(stored))) {
      this.sql.remove.run(streamId, key)
      if (this.sql.isUsed.get(key) !== undefined) continue
      bytes += this.sql.bodyBytes.get(key) ?? 0
      this.sql.removeBody.run(key)
    }
    return bytes
  }

  private whole(streamId: string, stored: Buffer): string {
    return joinParts(decodeParts(stored), { textOf: (key) => this.textOf(streamId, key), payload: missing })
  }

  /** Stores a long text, unless its stream has it. */
  private keep(event: NewEventRow, text: TextToStore): void {
    const { itemId, streamId } = event
    const { bytes, key } = text
    if (this.sql.isKnown.get(streamId, key) !== undefined) return
    const pieces = this.pieces.of(event, text)
    if (pieces !== null) this.sql.insert.run(streamId, key, bytes, itemId, JSON.stringify(pieces))
    else this.sql.insert.run(streamId, key, bytes, null, JSON.stringify(this.startsOf(text).map((start) => [start])))
  }

  /** Where the segments of a text begin that is stored by itself; stores it, unless another stream has it. */
  private startsOf(text: TextToStore): readonly number[] {
    const stored = this.sql.starts.all(text.key)
    if (stored.length > 0) return stored
    const starts: number[] = []
    let start = 0
    for (const segment of text.segments()) {
      this.sql.insertBody.run(text.key, start, segment)
      starts.push(start)
      start += Buffer.byteLength(segment)
    }
    return starts
  }

  private get sql(): ReturnType<typeof prepare> {
    this.prepared ??= prepare(this.handle)
    return this.prepared
  }
}

/** A body in parts; null where its payload spares less than half of it. */
const storedBody = (body: string | LongJson, payload: string | LongJson): Buffer | null => {
  if (typeof body !== "string" && typeof payload !== "string") {
    // Half a surrogate pair is stored as another sign.
    return body.gaps.every((gap) => gap.isWellFormed()) ? encodeParts(body.bytes, sharedAround(body, payload)) : null
  }
  const whole = String(body)
  const parts = sharedParts(whole, String(payload))
  return parts === null || !whole.isWellFormed() ? null : encodeParts(Buffer.byteLength(whole), parts)
}

/** A text from its segments. Throws where one is not there. */
export const joinedSegments = (segments: readonly (string | null)[]): string =>
  segments.length === 0 || segments.includes(null) ? missing() : segments.join("")

/** Throws for a text that is not there. */
export const missing = (): never => {
  throw new Error("a long text of it is missing")
}
