/// <reference lib="es2024.string" />
/**
 * How streamed text is cut into stored chunks: a delta goes into the last chunk of its item while that has room and
 * belongs to the same part, so that an answer is a few rows and not one for each word.
 */
import type { ItemRow } from "@threadfold/contracts"

/** A chunk of so many UTF-16 units takes no more. */
export const fullChunk = 2048

/**
 * The text as it is stored: U+FFFD stands for half a surrogate pair. Settled before pieces are joined, because two
 * halves may be joined in memory or in the database, and both have to come to the same.
 */
export const storedText = (text: string): string => (text.isWellFormed() ? text : text.toWellFormed())

/** What an item's row says of its chunks. */
export type ChunkMarks = Pick<ItemRow, "chunks" | "chunkChars" | "chunkPart" | "chunkFill">

/** Goes through the deltas of an item, one after the other. */
export class ChunkCursor implements ChunkMarks {
  chunks: number
  chunkChars: number
  chunkPart: number
  chunkFill: number

  constructor(marks: ChunkMarks) {
    this.chunks = marks.chunks
    this.chunkChars = marks.chunkChars
    this.chunkPart = marks.chunkPart
    this.chunkFill = marks.chunkFill
  }

  /** Takes one more delta; returns the ordinal of the chunk that it goes into. */
  take(part: number, text: string): number {
    if (this.chunks === 0 || part !== this.chunkPart || this.chunkFill >= fullChunk) {
      this.chunks += 1
      this.chunkPart = part
      this.chunkFill = 0
    }
    this.chunkFill += text.length
    this.chunkChars += text.length
    return this.chunks - 1
  }
}

/** The marks of an item without chunks. */
export const noChunks: ChunkMarks = { chunks: 0, chunkChars: 0, chunkPart: 0, chunkFill: 0 }
