/// <reference lib="es2024.string" />
/** A long text as it stands in a JSON text, between its quotes. It is looked at in parts, so that it is in memory no second time. */
import { createHash } from "node:crypto"
import type { LongText } from "./LongJson.js"
import type { Stretch } from "./sharedParts.js"
import { escaped } from "./storedParts.js"

/** A text that is to be stored, whatever holds it. */
export interface TextToStore {
  /** Its SHA-256, lower-case hexadecimal. */
  readonly key: string
  /** Its length, bytes of UTF-8. */
  readonly bytes: number
  /** Its length in units of what holds it. */
  readonly units: number
  /** Where a piece begins, in these units, that ends at `end`; null: another text is there. */
  readonly startOf: (piece: string, end: number) => number | null
  /** Its parts, in order. */
  readonly segments: () => Iterable<string>
}

/** UTF-16 units of JSON that are looked at together. */
const partUnits = 64 * 1024
/** Longest escape, less one. */
const mostInEscape = 5

const isLeading = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff

/** Where a part ends that begins at `from`: not in an escape, and not between the halves of a pair. */
const endOfPart = (json: string, from: number, until: number): number => {
  const end = from + partUnits
  if (end >= until) return until
  for (let at = end - 1; at >= end - mostInEscape; at--) {
    if (json.charCodeAt(at) !== 0x5c) continue
    // The last of a row of backslashes begins an escape if the row is odd.
    let first = at
    while (first > from && json.charCodeAt(first - 1) === 0x5c) first -= 1
    return first === from ? until : first
  }
  return isLeading(json.charCodeAt(end - 1)) ? end - 1 : end
}

/** The text that JSON writes so; null: JSON writes it in another way. */
const unescaped = (written: string): string | null => {
  try {
    const text: unknown = JSON.parse(`"${written}"`)
    return typeof text === "string" && escaped(text) === written && text.isWellFormed() ? text : null
  } catch {
    return null
  }
}

/** The parts of a text, decoded, in order; null in the place of one that JSON would write in another way. */
function* segmentsOf(json: string, [from, until]: Stretch): Iterable<string | null> {
  for (let at = from; at < until; ) {
    const end = endOfPart(json, at, until)
    yield unescaped(json.slice(at, end))
    at = end
  }
}

/** The text in a stretch of a JSON text; null where it is not written as we write texts, or is not well-formed. */
export const writtenText = (json: string, stretch: Stretch): TextToStore | null => {
  const [from, until] = stretch
  const hash = createHash("sha256")
  let bytes = 0
  for (const part of segmentsOf(json, stretch)) {
    if (part === null) return null
    hash.update(part)
    bytes += Buffer.byteLength(part)
  }
  return {
    key: hash.digest("hex"),
    bytes,
    units: until - from,
    startOf: (piece, end) => {
      const written = escaped(piece)
      const start = end - written.length
      return start >= 0 && json.startsWith(written, from + start) ? start : null
    },
    *segments() {
      for (const part of segmentsOf(json, stretch)) if (part !== null) yield part
    },
  }
}

/** A text that was taken out of its JSON. */
export const takenText = (taken: LongText): TextToStore => {
  const { text } = taken
  const { bytes, key } = taken.measured()
  return {
    key,
    bytes,
    units: text.length,
    startOf: (piece, end) => {
      const start = end - piece.length
      return start >= 0 && text.startsWith(piece, start) ? start : null
    },
    segments: () => taken.parts(),
  }
}
