/// <reference lib="es2024.string" />
/**
 * JSON of many megabytes that is in memory no second time: its very long texts, as they are and not as JSON writes them, and what stands
 * around them. Payload and native body of an event mostly have the same texts: they share them here. What is looked at or stored is made
 * part by part.
 */
import { createHash, type Hash } from "node:crypto"
import { textPieces } from "@threadfold/core"
import { escaped } from "./storedParts.js"

/** Of JSON that is shorter no text is taken out, UTF-16 units: all of it is copied faster. */
export const leastLongJson = 1024 * 1024
/** A text that is shorter stays in what stands around it, UTF-16 units. */
const leastTaken = 256 * 1024
/** Units of a text that are looked at together. */
const partUnits = 64 * 1024
/** Places at most where the beginning of a text is found and not the whole. */
const mostTries = 8

/** What is known of a text once all of it was looked at. */
interface Measured {
  /** SHA-256 of the text, lower-case hexadecimal. */
  readonly key: string
  /** Its length, bytes of UTF-8. */
  readonly bytes: number
  /** Its length as JSON writes it, without the quotes. */
  readonly writtenUnits: number
  readonly writtenBytes: number
}

/** A text, whole. */
export class LongText {
  private found: Measured | null = null

  constructor(readonly text: string) {}

  /** Its parts, in order; none begins or ends between the halves of a surrogate pair. */
  parts(): Iterable<string> {
    return textPieces(this.text, partUnits)
  }

  measured(): Measured {
    this.found ??= this.measure()
    return this.found
  }

  private measure(): Measured {
    const hash = createHash("sha256")
    let [bytes, writtenUnits, writtenBytes] = [0, 0, 0]
    for (const part of this.parts()) {
      const written = escaped(part)
      hash.update(part)
      bytes += Buffer.byteLength(part)
      writtenUnits += written.length
      writtenBytes += Buffer.byteLength(written)
    }
    return { key: hash.digest("hex"), bytes, writtenUnits, writtenBytes }
  }

  /** Where it ends in a JSON text that has it from `from` on; -1: another text is there. */
  endIn(json: string, from: number): number {
    let at = from
    for (const part of this.parts()) {
      const written = escaped(part)
      if (!json.startsWith(written, at)) return -1
      at += written.length
    }
    return at
  }
}

export class LongJson {
  /**
   * @param gaps what stands before the first text, between two, and behind the last one; the quotes of the texts included
   */
  constructor(
    readonly gaps: readonly string[],
    readonly texts: readonly LongText[],
  ) {}

  /** The JSON, in parts. */
  *parts(): Iterable<string> {
    for (const [index, gap] of this.gaps.entries()) {
      yield gap
      for (const part of this.texts[index]?.parts() ?? []) yield escaped(part)
    }
  }

  /** Length of the JSON, bytes of UTF-8. */
  get bytes(): number {
    let bytes = 0
    for (const gap of this.gaps) bytes += Buffer.byteLength(gap)
    for (const text of this.texts) bytes += text.measured().writtenBytes
    return bytes
  }

  /** Hashes all of it, part by part. */
  update(hash: Hash): void {
    for (const part of this.parts()) hash.update(part)
  }

  /** The JSON as a whole. */
  toString(): string {
    return [...this.parts()].join("")
  }
}

/** Stands for a text while the rest is written: nobody writes it by chance, and where somebody does, nothing is taken out. */
const mark = "\u{10fffd}a long text\u{10fffd}"

/** The JSON of a value without its very long texts; null: it has none, or one that UTF-8 does not have. */
export const jsonAround = (value: unknown): LongJson | null => {
  const texts: LongText[] = []
  const rest: unknown = JSON.stringify(value, (_, member: unknown) => {
    if (typeof member !== "string" || member.length < leastTaken) return member
    texts.push(new LongText(member))
    return mark
  })
  if (texts.length === 0 || typeof rest !== "string") return null
  const gaps = rest.split(mark)
  if (gaps.length !== texts.length + 1) return null
  return texts.every(({ text }) => text.isWellFormed()) ? new LongJson(gaps, texts) : null
}

/** Where a text begins that is a string of a JSON text, from `from` on, and where it ends; null: it is not there. */
const placeOf = (json: string, text: LongText, from: number): readonly [from: number, until: number] | null => {
  const [first = ""] = text.parts()
  const beginning = `"${escaped(first)}`
  let quote = json.indexOf(beginning, from)
  for (let tries = 0; quote !== -1 && tries < mostTries; tries++) {
    const end = text.endIn(json, quote + 1)
    if (end !== -1) return [quote + 1, end]
    quote = json.indexOf(beginning, quote + 1)
  }
  return null
}

/**
 * A JSON text without these texts, which it has in this order: what stands around them; null where it does not have them so, or where
 * they are less than half of it.
 */
export const gapsAround = (json: string, texts: readonly LongText[]): readonly string[] | null => {
  const gaps: string[] = []
  let at = 0
  let taken = 0
  for (const text of texts) {
    const place = placeOf(json, text, at)
    if (place === null) return null
    gaps.push(json.slice(at, place[0]))
    at = place[1]
    taken += place[1] - place[0]
  }
  return taken * 2 < json.length ? null : [...gaps, json.slice(at)]
}
