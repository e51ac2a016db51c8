/// <reference lib="es2024.string" />
/**
 * How streamed text is cut into stored chunks: a delta goes into the last chunk of its item while that has room and
 * belongs to the same part, so that an answer is a few rows and not one for each word.
 *
 * A source may cut its text in the middle of a surrogate pair. Neither half is text, so U+FFFD is stored for the first one,
 * and the item's row remembers it, for each part: where the next delta of that part begins with the other half, the whole
 * pair replaces U+FFFD. A half whose other half never comes needs no clean-up.
 */
import type { ChunkHalf, ItemRow } from "@threadfold/contracts"

/** A chunk of so many UTF-16 units takes no more. */
export const fullChunk = 2048

/** The text as it is stored: U+FFFD stands for half a surrogate pair. */
export const storedText = (text: string): string => (text.isWellFormed() ? text : text.toWellFormed())

const isLeading = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff
const isTrailing = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff

/** The fields of an item's row about its chunks. */
export type ChunkMarks = Pick<
  ItemRow,
  "chunks" | "chunkChars" | "chunkPart" | "chunkFill" | "chunkHalf" | "chunkHalves"
>

/** How many parts of an item, beside the last one, may have stopped in the middle of a pair. */
const halvesLimit = 8

/** No part: the next delta begins a chunk. */
const NO_PART = -1

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
  chunkHalves: readonly ChunkHalf[] | null

  constructor(marks: ChunkMarks) {
    this.chunks = marks.chunks
    this.chunkChars = marks.chunkChars
    this.chunkPart = marks.chunkPart
    this.chunkFill = marks.chunkFill
    this.chunkHalf = marks.chunkHalf
    this.chunkHalves = marks.chunkHalves
  }

  /** The marks after what was taken. */
  get marks(): ChunkMarks {
    const { chunkChars, chunkFill, chunkHalf, chunkHalves, chunkPart, chunks } = this
    return { chunks, chunkChars, chunkPart, chunkFill, chunkHalf, chunkHalves }
  }

  /** Takes one more delta. */
  take(part: number, given: string): ChunkPiece {
    const goesOn = this.chunks > 0 && part === this.chunkPart
    if (!goesOn && (this.chunkHalf !== 0 || this.chunkHalves !== null)) {
      const piece = this.goOnEarlier(part, given)
      if (piece !== null) return piece
    }
    const completes = goesOn && this.chunkHalf !== 0 && isTrailing(given.charCodeAt(0))
    if (!goesOn || (this.chunkFill >= fullChunk && !completes)) {
      this.chunks += 1
      this.chunkPart = part
      this.chunkFill = 0
    }
    this.chunkFill += given.length
    this.chunkChars += given.length
    const text = completes ? String.fromCharCode(this.chunkHalf) + given : given
    if (given !== "" || !goesOn) this.chunkHalf = halfAtEnd(given)
    return { ordinal: this.chunks - 1, text: storedText(text), drop: completes ? 1 : 0 }
  }

  /**
   * A delta of another part than the last one: remembers the half that the last one leaves, and completes the pair at which its own
   * part stopped, in the chunk that holds the first half. Null: there is none, so it goes into a chunk of its own.
   */
  private goOnEarlier(part: number, given: string): ChunkPiece | null {
    if (this.chunkHalf !== 0) this.remember([this.chunkPart, this.chunks - 1, this.chunkHalf])
    this.chunkHalf = 0
    const half = this.chunkHalves?.find(([of]) => of === part)
    if (half === undefined) return null
    const [, ordinal, unit] = half
    if (given === "") {
      this.chunkPart = NO_PART
      return { ordinal, text: "", drop: 0 }
    }
    const others = this.chunkHalves?.filter((one) => one !== half) ?? []
    this.chunkHalves = others.length === 0 ? null : others
    if (!isTrailing(given.charCodeAt(0))) return null
    this.chunkPart = NO_PART
    this.chunkChars += given.length
    const end = halfAtEnd(given)
    if (end !== 0) this.remember([part, ordinal, end])
    return { ordinal, text: storedText(String.fromCharCode(unit) + given), drop: 1 }
  }

  private remember(half: ChunkHalf): void {
    this.chunkHalves = [...(this.chunkHalves ?? []).slice(1 - halvesLimit), half]
  }
}

/** The first half of a pair that ends a text; 0: none does. */
const halfAtEnd = (text: string): number => {
  const end = text.charCodeAt(text.length - 1)
  return isLeading(end) ? end : 0
}

/** The marks of an item without chunks. */
export const noChunks: ChunkMarks = {
  chunks: 0,
  chunkChars: 0,
  chunkPart: 0,
  chunkFill: 0,
  chunkHalf: 0,
  chunkHalves: null,
}
