/**
 * Native bodies: the provider's messages, verbatim. The write path stores a short body as it is and a long one (over
 * 32 KiB) once, under its SHA-256. Later, off the write path, bodies are packed: neighbours are alike, so a block of
 * them deflates far better than each alone.
 */
import { createHash, type Hash } from "node:crypto"
import { deflateRawSync, inflateRawSync } from "node:zlib"
import { textPieces } from "@threadfold/core"
import type { LongJson } from "./texts/LongJson.js"
import type { StoredText } from "./texts/storedParts.js"

/** Longest body, in bytes of UTF-8, that is stored beside its event. */
export const inlineBytes = 32 * 1024
/** A block is full at this many bodies … */
const blockBodies = 128
/** … or at this many UTF-16 units. */
const blockUnits = 64 * 1024

/** A body, as it is stored, with the sequence of its event. */
export type NumberedBody = readonly [sequence: number, body: StoredText]

/** Whether a body is too long to stay beside its event. */
export const isLong = (body: string): boolean =>
  body.length > inlineBytes || (body.length > inlineBytes / 3 && Buffer.byteLength(body) > inlineBytes)

/** UTF-16 units of a text that are hashed together: of a longer one no copy is made as a whole. */
const hashedUnits = 1024 * 1024

/** SHA-256 of the UTF-8 of a text. */
export const hashOf = (text: string | LongJson): Hash => {
  const hash = createHash("sha256")
  if (typeof text !== "string") {
    text.update(hash)
    return hash
  }
  for (const piece of textPieces(text, hashedUnits)) hash.update(piece)
  return hash
}

/** Key of a long body: lower-case hexadecimal SHA-256 of its UTF-8. */
export const bodyKey = (body: string | LongJson): string => hashOf(body).digest("hex")

/** Packs one body. */
export const packBody = (body: string): Buffer => deflateRawSync(body)
/** Undoes {@link packBody}. */
export const unpackBody = (packed: Buffer): string => inflateRawSync(packed).toString("utf8")

/** What stands behind the length of a body that is stored in parts. */
const inParts = " parts"

/**
 * Packs neighbouring bodies: a line with each one's sequence and length in bytes, an empty line, then all bytes. No
 * JSON around the bodies, so that quoting costs nothing.
 */
export const packBlock = (bodies: readonly NumberedBody[]): Buffer => {
  const bytes = bodies.map(([, body]) => (typeof body === "string" ? Buffer.from(body) : body))
  const index = bodies.map(
    ([sequence, body], at) => `${sequence} ${bytes[at]?.length ?? 0}${typeof body === "string" ? "" : inParts}\n`,
  )
  return deflateRawSync(Buffer.concat([Buffer.from(`${index.join("")}\n`), ...bytes]))
}

/** All bodies of a block, as they are stored, by the sequence of their event. Throws where it cannot be unpacked. */
export const readWholeBlock = (packed: Buffer): ReadonlyMap<number, StoredText> => {
  const bodies = new Map<number, StoredText>()
  eachBody(inflateRawSync(packed), (sequence, body) => {
    bodies.set(sequence, body())
    return true
  })
  return bodies
}

/** One body out of a block, or null where the block has none for this sequence. */
const readBlock = (packed: Buffer, sequence: number): StoredText | null => {
  let found: StoredText | null = null
  eachBody(inflateRawSync(packed), (at, body) => {
    if (at !== sequence) return true
    found = body()
    return false
  })
  return found
}

/** Goes through an unpacked block until `visit` returns false. */
const eachBody = (block: Buffer, visit: (sequence: number, body: () => StoredText) => boolean): void => {
  const start = block.indexOf("\n\n") + 2
  let offset = start
  for (const line of block.toString("latin1", 0, start - 2).split("\n")) {
    const isParted = line.endsWith(inParts)
    const [sequence, bytes] = line.split(" ")
    const from = offset
    const until = from + Number(bytes)
    const body = () => (isParted ? Buffer.from(block.subarray(from, until)) : block.toString("utf8", from, until))
    if (!visit(Number(sequence), body)) return
    offset = until
  }
}

/** Cuts bodies, in order, into full blocks; what does not fill one is left for later. */
export const fullBlocks = (bodies: readonly NumberedBody[]): readonly (readonly NumberedBody[])[] => {
  const blocks: (readonly NumberedBody[])[] = []
  let block: NumberedBody[] = []
  let units = 0
  for (const numbered of bodies) {
    block.push(numbered)
    units += numbered[1].length
    if (block.length >= blockBodies || units >= blockUnits) {
      blocks.push(block)
      block = []
      units = 0
    }
  }
  return blocks
}

/** A body beside its event, or the key of a long one. Binds the sequence. */
export const selectNativeSql = "SELECT body, blob FROM native WHERE sequence = ?"
/** A long body, as text or packed. Binds its key. */
export const selectBlobSql = "SELECT body FROM blobs WHERE sha256 = ?"
/** The block that holds a sequence, if any. Binds the sequence twice. */
export const selectBlockSql =
  "SELECT body FROM native_blocks WHERE first_sequence <= ? AND last_sequence >= ? ORDER BY first_sequence DESC LIMIT 1"

/** What `selectNativeSql` yields; one of the two is null. */
export interface NativeRow {
  readonly body: StoredText | null
  readonly blob: string | null
}
/** What `selectBlobSql` yields. */
export interface BlobRow {
  readonly body: string | Buffer
}
/** What `selectBlockSql` yields. */
export interface BlockRow {
  readonly body: Buffer
}

/** The text of a long body. */
export const blobText = (row: BlobRow): string => (typeof row.body === "string" ? row.body : unpackBody(row.body))
/** A body that was packed with its neighbours, as it is stored, or null. */
export const blockBody = (row: BlockRow, sequence: number): StoredText | null => readBlock(row.body, sequence)
