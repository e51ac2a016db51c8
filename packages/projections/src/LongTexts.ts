/**
 * Long texts of rows. A text over 64 KiB that an event of the thread has lies in the log, once; the column then holds its SHA-256, as a
 * BLOB where a text would be a TEXT. The log shows its long texts as the view `text_segments`, and their lengths in `texts`. Any other
 * text lies in its column. Nothing above the statements of this package sees the difference.
 */
import { createHash } from "node:crypto"
import { longestTextBytes, type Rows } from "@threadfold/contracts"
import { fullChunk, textPieces } from "@threadfold/core"
import type { Cells, Layout, LayoutColumn } from "@threadfold/core/model"
import type { Database } from "better-sqlite3"

/** A text with fewer UTF-16 units is not long: a unit takes three bytes of UTF-8 at most. */
const leastUnits = Math.floor(longestTextBytes / 3)

/** Whether a column may name a long text. */
export const mayNameText = ({ heavy, json }: LayoutColumn): boolean => heavy && !json

/** The segments of the text that a column names. `row`: the table, or what stands for it in the statement. */
const segmentsOf = (row: string, column: string, more = ""): string =>
  `SELECT segment.text AS part FROM main.text_segments AS segment
   WHERE segment.stream_id = ${row}.thread_id AND segment.sha256 = CAST(${row}."${column}" AS TEXT)${more} ORDER BY segment.start`

const joined = (row: string, column: string, more = ""): string =>
  `iif(typeof(${row}."${column}") = 'blob',
    (SELECT group_concat(part, '') FROM (${segmentsOf(row, column, more)})), ${row}."${column}")`

/** The text of a column in SQL, whole. `column` is its name there. */
export const wholeText = (row: string, column: string): string => joined(row, column)

/** The text of a column in SQL, or at least the first 64 KiB of it. */
export const textBeginning = (row: string, column: string): string =>
  joined(row, column, ` AND segment.start < ${longestTextBytes}`)

/** Length of the text of a column in SQL, bytes of UTF-8. */
export const textBytes = (row: string, column: string): string =>
  `iif(typeof(${row}."${column}") = 'blob', (SELECT named.bytes FROM main.texts AS named
    WHERE named.stream_id = ${row}.thread_id AND named.sha256 = CAST(${row}."${column}" AS TEXT)),
    octet_length(${row}."${column}"))`

/** Length of a key. A chunk that names no key names how many bytes its event's piece has, in fewer characters. */
const keyLength = 64

/** Whether what a column holds is the length of its event's piece, and no key. */
export const isPieceLength = (key: string): boolean => key.length < keyLength

/** The text of a chunk in SQL: what the row holds, the long text that it names, or else the piece of the event that it came with. */
export const chunkText = (row: string): string =>
  `iif(typeof(${row}.text) = 'text', ${row}.text, coalesce(iif(length(${row}.text) = ${keyLength},
    (SELECT group_concat(part, '') FROM (${segmentsOf(row, "text")})),
    (SELECT iif(json_valid(said.payload), said.payload ->> '$.delta', NULL) FROM main.events AS said
     WHERE said.sequence = ${row}.sequence)), ''))`

/** Length of it, bytes of UTF-8. */
export const chunkBytes = (row: string): string =>
  `iif(typeof(${row}.text) = 'text', octet_length(${row}.text), coalesce(iif(length(${row}.text) = ${keyLength},
    ${textBytes(row, "text")}, CAST(CAST(${row}.text AS TEXT) AS INTEGER)), 0))`

/** UTF-16 units of a text that are hashed together: of a longer one no copy is made as a whole. */
const hashedUnits = 1024 * 1024

const keyOf = (text: string): string => {
  const hash = createHash("sha256")
  for (const piece of textPieces(text, hashedUnits)) hash.update(piece)
  return hash.digest("hex")
}

/** A piece of streamed content with fewer UTF-16 units lies in its chunk: several of them share one. */
const leastPiece = fullChunk

const segmentsWhere = "SELECT text FROM text_segments WHERE stream_id = ? AND sha256 = ?"
/** Select the segments of a long text, in order. Bind the stream and the key. */
export const selectSegments = {
  whole: `${segmentsWhere} ORDER BY start`,
  beginning: `${segmentsWhere} AND start < ${longestTextBytes} ORDER BY start`,
} as const

/** The text of its segments; null where the log has lost one. */
export const joinSegments = (segments: readonly (string | null)[]): string | null =>
  segments.length === 0 || segments.includes(null) ? null : segments.join("")

const prepare = (database: Database) => ({
  isKnown: database.prepare<[string, string]>("SELECT 1 FROM texts WHERE stream_id = ? AND sha256 = ?"),
  segments: database.prepare<[string, string], string | null>(selectSegments.whole).pluck(),
  hasChunk: database.prepare<[string, number]>("SELECT 1 FROM item_chunks WHERE item_id = ? AND ordinal = ?"),
  isPiece: database.prepare<[number, string]>(
    `SELECT 1 FROM events WHERE sequence = ? AND type = 'content.delta' AND typeof(payload) = 'text' AND json_valid(payload)
       AND payload ->> '$.delta' = ?`,
  ),
  chunk: database
    .prepare<[string, number], string>(
      `SELECT ${chunkText("item_chunks")} FROM item_chunks WHERE item_id = ? AND ordinal = ?`,
    )
    .pluck(),
})

/** The long texts of a database, for the rows that are written to it and read from it. */
export class LongTexts {
  /** Null: the database has no log. */
  private prepared: ReturnType<typeof prepare> | null | undefined

  constructor(private readonly database: Database) {}

  /** What the column holds of a text of this stream. */
  stored(streamId: unknown, text: string): string | Buffer {
    if (text.length <= leastUnits || typeof streamId !== "string" || Buffer.byteLength(text) <= longestTextBytes)
      return text
    const sql = this.statements()
    if (sql === null) return text
    const key = keyOf(text)
    return sql.isKnown.get(streamId, key) === undefined ? text : Buffer.from(key)
  }

  /**
   * What a new chunk holds of its text: where that is one piece, and no short one, the event of the piece has it. Such a chunk is full:
   * no piece is put behind it.
   */
  storedChunk({ itemId, ordinal, sequence, text, threadId }: Rows["item_chunks"]): string | Buffer {
    if (text.length < leastPiece) return text
    const sql = this.statements()
    if (sql === null || sql.hasChunk.get(itemId, ordinal) !== undefined) return text
    const long = this.stored(threadId, text)
    if (typeof long !== "string") return long
    return sql.isPiece.get(sequence, text) === undefined ? text : Buffer.from(String(Buffer.byteLength(text)))
  }

  private wholeChunk(row: Record<string, unknown>): void {
    const { itemId, ordinal, text } = row
    if (!Buffer.isBuffer(text)) return
    const found =
      typeof itemId === "string" && typeof ordinal === "number" ? this.statements()?.chunk.get(itemId, ordinal) : null
    row.text = found ?? ""
  }

  /** The text that a column names; null where the log does not have it. */
  private named(streamId: unknown, key: Buffer): string | null {
    const sql = this.statements()
    if (sql === null || typeof streamId !== "string") return null
    return joinSegments(sql.segments.all(streamId, key.toString("latin1")))
  }

  /** A row that was just read, with its long texts, in place. */
  whole({ columns, table }: Layout, row: Record<string, unknown>): Cells {
    if (table === "item_chunks") this.wholeChunk(row)
    for (const column of columns) {
      const value = mayNameText(column) ? row[column.name] : null
      if (Buffer.isBuffer(value)) row[column.name] = this.named(row.threadId, value)
    }
    return row
  }

  private statements(): ReturnType<typeof prepare> | null {
    if (this.prepared === undefined) {
      const found = this.database
        .prepare<[], number>("SELECT count(*) FROM sqlite_schema WHERE name IN ('events', 'text_segments')")
        .pluck()
        .get()
      this.prepared = found === 2 ? prepare(this.database) : null
    }
    return this.prepared
  }
}
