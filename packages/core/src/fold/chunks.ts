/// <reference lib="es2024.string" />
/**
 * How streamed text is cut into stored chunks: a delta goes into the last chunk of its item while that has room and
 * belongs to the same part, so that an answer is a few rows and not one for each word.
 *
 * A source may cut its text in the middle of a surrogate pair. Neither half is text, so U+FFFD is stored for the first one,
 * and the item's row remembers it: where the next delta of that part begins with the other half, the whole pair replaces
 * U+FFFD. A half whose other half never comes needs no clean-up.
 */
import type { ItemRow } from "@threadfold/contracts"

/** A chunk of so many UTF-16 units takes no more. */
export const fullChunk = 2048

/** The text as it is stored: U+FFFD stands for half a surrogate pair. */
export const storedText = (text: string): string => (text.isWellFormed() ? text : text.toWellFormed())

const isLeading = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff
const isTrailing = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff

/** What an item's row says of its chunks. */
export type ChunkMarks = Pick<ItemRow, "chunks" | "chunkChars" | "chunkPart" | "chunkFill" | "chunkHalf">

/** What a delta adds. */
export interface ChunkPiece {
  /** The chunk that it goes into. */
  readonly ordinal: number
  /** Well-formed. */
  readonly text: string
  /** 1: the last character of the chunk stands for a half that this text completes; it is taken off first. */
  readonly drop: 0 | 1
}

/** Goes through the deltas of an item, one after the other. */
export class ChunkCursor implements ChunkMarks {
  chunks: number
  chunkChars: number
  chunkPart: number
  chunkFill: number
  chunkHalf: number

  constructor(marks: ChunkMarks) {
    this.chunks = marks.chunks
    this.chunkChars = marks.chunkChars
    this.chunkPart = marks.chunkPart
    this.chunkFill = marks.chunkFill
    this.chunkHalf = marks.chunkHalf
  }

  /** The marks after what was taken. */
  get marks(): ChunkMarks {
    const { chunkChars, chunkFill, chunkHalf, chunkPart, chunks } = this
    return { chunks, chunkChars, chunkPart, chunkFill, chunkHalf }
  }

  /** Takes one more delta. */
  take(part: number, given: string): ChunkPiece {
    const goesOn = this.chunks > 0 && part === this.chunkPart
    const completes = goesOn && this.chunkHalf !== 0 && isTrailing(given.charCodeAt(0))
    if (!goesOn || (this.chunkFill >= fullChunk && !completes)) {
      this.chunks += 1
      this.chunkPart = part
      this.chunkFill = 0
    }
    this.chunkFill += given.length
    this.chunkChars += given.length
    const text = completes ? String.fromCharCode(this.chunkHalf) + given : given
    if (given !== "" || !goesOn) {
      const end = given.charCodeAt(given.length - 1)
      this.chunkHalf = isLeading(end) ? end : 0
    }
    return { ordinal: this.chunks - 1, text: storedText(text), drop: completes ? 1 : 0 }
  }
}

/** The marks of an item without chunks. */
export const noChunks: ChunkMarks = { chunks: 0, chunkChars: 0, chunkPart: 0, chunkFill: 0, chunkHalf: 0 }
