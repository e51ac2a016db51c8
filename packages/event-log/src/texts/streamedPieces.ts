/** Finds the events that streamed a text piece by piece. The text need not be stored again then. No Effect here. */
import type Sqlite from "better-sqlite3"
import type { NewEventRow } from "../EventRow.js"
import { decodeParts, keysOf, type StoredText } from "./storedParts.js"
import type { TextToStore } from "./writtenText.js"

/** Events that are looked at in one statement … */
const page = 200
/** … and events of other items that are passed over in a row at most. */
const mostOthers = 5_000
/** Pieces go together into segments of so many bytes, so that a part of a long text is found without reading all before it. */
const segmentBytes = 64 * 1024

/**
 * A segment: where it begins, bytes; the versions of its first and its last piece; and the key of the one piece that is a long text
 * itself.
 */
type Segment = readonly [start: number, first: number, last: number, key?: string]

interface Found {
  readonly version: number
  readonly begins: 0 | 1
  readonly isOwn: 0 | 1
  readonly piece: StoredText | null
}

const prepare = (handle: Sqlite.Database) =>
  handle.prepare<{ readonly streamId: string; readonly itemId: string; readonly before: number }, Found>(
    `SELECT stream_version AS version, type = 'item.started' AND item_id IS :itemId AS begins,
       type = 'content.delta' AND item_id IS :itemId AS isOwn,
       CASE WHEN type = 'content.delta' AND item_id IS :itemId THEN
         CASE typeof(payload) WHEN 'text' THEN iif(json_valid(payload), payload ->> '$.delta', NULL) ELSE payload END
       END AS piece
     FROM events WHERE stream_id = :streamId AND stream_version < :before ORDER BY stream_version DESC LIMIT ${page}`,
  )

/** The key of a piece whose payload is in parts; null: its text is not what is long there. */
const keyOfPiece = (stored: Buffer): string | null => {
  const parted = decodeParts(stored)
  const [head] = parted.parts
  const keys = keysOf(parted)
  return keys.length === 1 && typeof head === "string" && head.endsWith('"delta":"') ? (keys[0] ?? null) : null
}

export class StreamedPieces {
  private select: ReturnType<typeof prepare> | null = null

  constructor(
    private readonly handle: Sqlite.Database,
    private readonly textOf: (streamId: string, key: string) => string,
  ) {}

  /**
   * The pieces of an item that end to end are this text, as the column `segments` has them; null: they are not. Goes back from the event
   * that has the text whole, and stops at the first piece that is another text, or where the item begins.
   */
  of({ itemId, streamId, streamVersion, type }: NewEventRow, whole: TextToStore): readonly Segment[] | null {
    if (itemId === null || type !== "item.completed") return null
    this.select ??= prepare(this.handle)
    const found: Piece[] = []
    let others = 0
    for (let [end, before] = [whole.units, streamVersion]; end > 0; ) {
      const events = this.select.all({ streamId, itemId, before })
      for (const event of events) {
        before = event.version
        if (event.begins === 1) return null
        if (event.isOwn === 0) {
          others += 1
          continue
        }
        const piece = this.pieceOf(streamId, event)
        if (piece === null) return null
        const { text, ...place } = piece
        const start = whole.startOf(text, end)
        if (start === null) return null
        found.push(place)
        others = 0
        end = start
        if (end === 0) return segmentsOf(found.reverse())
      }
      if (events.length < page || others > mostOthers) return null
    }
    return null
  }

  private pieceOf(streamId: string, { piece, version }: Found): PieceText | null {
    if (piece === null) return null
    if (typeof piece === "string") return pieceFrom(version, piece, null)
    const key = keyOfPiece(piece)
    return key === null ? null : pieceFrom(version, this.textOf(streamId, key), key)
  }
}

interface Piece {
  readonly version: number
  readonly bytes: number
  readonly key: string | null
}

interface PieceText extends Piece {
  readonly text: string
}

const pieceFrom = (version: number, text: string, key: string | null): PieceText => ({
  version,
  text,
  bytes: Buffer.byteLength(text),
  key,
})

const segmentsOf = (pieces: readonly Piece[]): readonly Segment[] => {
  const segments: Segment[] = []
  let start = 0
  let open: { start: number; first: number; last: number } | null = null
  const close = (): void => {
    if (open !== null) segments.push([open.start, open.first, open.last])
    open = null
  }
  for (const { bytes, key, version } of pieces) {
    if (key !== null || (open !== null && start - open.start >= segmentBytes)) close()
    if (key !== null) segments.push([start, version, version, key])
    else if (open === null) open = { start, first: version, last: version }
    else open.last = version
    start += bytes
  }
  close()
  return segments
}
