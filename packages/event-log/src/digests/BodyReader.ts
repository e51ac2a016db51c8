/** Native bodies one after the other, as a digest has them. A block is unpacked once for its neighbours. No Effect here. */
import type Sqlite from "better-sqlite3"
import {
  type BlobRow,
  blobText,
  bodyKey,
  type NativeRow,
  readWholeBlock,
  selectBlobSql,
  selectNativeSql,
} from "../NativeBodies.js"
import { messageOf } from "../storageError.js"
import { SqliteTexts } from "../texts/SqliteTexts.js"
import type { StoredText } from "../texts/storedParts.js"
import { bodyPart, longPart } from "./canonical.js"

/** Unpacked blocks that are kept: streams take turns, so that neighbours of one are not those of another. */
const KEPT = 256

/** A body that cannot be read. */
export interface DamagedBody {
  /** What is wrong. */
  readonly damage: string
  /** The block of packed bodies that it is in; null: it is stored by itself. */
  readonly range: { readonly firstSequence: number; readonly lastSequence: number } | null
}

interface PackedBlock {
  readonly firstSequence: number
  readonly lastSequence: number
  readonly body: Buffer
}

const prepare = (handle: Sqlite.Database) => ({
  native: handle.prepare<[number], NativeRow>(selectNativeSql),
  blob: handle.prepare<[string], BlobRow>(selectBlobSql),
  block: handle.prepare<[number, number], PackedBlock>(
    `SELECT first_sequence AS firstSequence, last_sequence AS lastSequence, body FROM native_blocks
     WHERE first_sequence <= ? AND last_sequence >= ? ORDER BY first_sequence DESC LIMIT 1`,
  ),
})

export class BodyReader {
  private readonly sql: ReturnType<typeof prepare>
  private readonly texts: SqliteTexts
  private blocks = new Map<number, ReadonlyMap<number, StoredText> | DamagedBody>()

  constructor(handle: Sqlite.Database) {
    this.sql = prepare(handle)
    this.texts = new SqliteTexts(handle)
  }

  /** What the digest has of an event's body, null where it has none, or what is wrong with it. */
  partOf(sequence: number): string | null | DamagedBody {
    try {
      const row = this.sql.native.get(sequence)
      if (row === undefined) return this.packed(sequence)
      if (row.blob === null) return row.body === null ? null : bodyPart(this.texts.body(sequence, row.body))
      const blob = this.sql.blob.get(row.blob)
      if (blob === undefined) return { damage: "its long body is missing", range: null }
      if (bodyKey(blobText(blob)) !== row.blob) return { damage: "its long body is not what was received", range: null }
      return longPart(row.blob)
    } catch (error) {
      return { damage: `cannot be read (${messageOf(error)})`, range: null }
    }
  }

  /** The body of an event, verbatim, or null where it has none. Throws where it cannot be read. */
  textOf(sequence: number): string | null {
    const row = this.sql.native.get(sequence)
    if (row === undefined) {
      const block = this.sql.block.get(sequence, sequence)
      if (block === undefined) return null
      const bodies = this.unpacked(block)
      if (isDamaged(bodies)) throw new Error(bodies.damage)
      const body = bodies.get(sequence)
      return body === undefined ? null : this.texts.body(sequence, body)
    }
    if (row.blob === null) return row.body === null ? null : this.texts.body(sequence, row.body)
    const blob = this.sql.blob.get(row.blob)
    if (blob === undefined) throw new Error("its long body is missing")
    return blobText(blob)
  }

  private packed(sequence: number): string | null | DamagedBody {
    const block = this.sql.block.get(sequence, sequence)
    if (block === undefined) return null
    const bodies = this.unpacked(block)
    if (isDamaged(bodies)) return bodies
    const body = bodies.get(sequence)
    return body === undefined ? null : bodyPart(this.texts.body(sequence, body))
  }

  private unpacked({ body, firstSequence, lastSequence }: PackedBlock): ReadonlyMap<number, StoredText> | DamagedBody {
    const known = this.blocks.get(firstSequence)
    if (known !== undefined) return known
    if (this.blocks.size >= KEPT) this.blocks = new Map()
    const fresh = unpack(body, { firstSequence, lastSequence })
    this.blocks.set(firstSequence, fresh)
    return fresh
  }
}

const isDamaged = (read: ReadonlyMap<number, StoredText> | DamagedBody): read is DamagedBody => "damage" in read

const unpack = (
  body: Buffer,
  range: NonNullable<DamagedBody["range"]>,
): ReadonlyMap<number, StoredText> | DamagedBody => {
  try {
    return readWholeBlock(body)
  } catch (error) {
    return { damage: `the block cannot be unpacked (${messageOf(error)})`, range }
  }
}
