/**
 * Cuts the bytes of a stream of server-sent events where its events end, so that an event can be held back until it is recorded, and
 * decodes those that a reader wants. The bytes themselves are never changed, and of one event no more is held than the bound.
 */
import { createHash, type Hash } from "node:crypto"
import { createParser } from "eventsource-parser"
import { type Frame, maxFrameBytes } from "./Signal.js"

/** A wanted event that ends in a chunk. */
export interface CutFrame {
  /** Where it begins in the chunk; 0 where it began in an earlier one. */
  readonly start: number
  /** Where its last byte is, exclusive. */
  readonly end: number
  readonly frame: Frame
}

const lf = 10
const cr = 13
const eventEnd = Buffer.from("\n\n")
const field = Buffer.from("event:")
const dataField = Buffer.from("data:")

const startsWith = (bytes: Buffer, start: number, word: Buffer): boolean => {
  for (let at = 0; at < word.length; at += 1) if (bytes[start + at] !== word[at]) return false
  return true
}

/** The type that the data of an event begins with, where the event names none. It is what the reader goes by, too. */
const typeInData = /^data: ?\{\s*"type"\s*:\s*"([^"\\]+)"/
const typeLength = 160

/** The name of the event in this part of the bytes, without decoding it, where its first line has it. Null: it has none. */
const nameOf = (bytes: Buffer, start: number, end: number): string | null => {
  // Most events of a stream are deltas, of which no more than the name is looked at.
  if (startsWith(bytes, start, field)) {
    const line = bytes.indexOf(lf, start)
    const first = bytes.subarray(start + field.length, line === -1 || line > end ? end : line)
    const carriage = first.indexOf(cr)
    return first.toString("latin1", 0, carriage === -1 ? first.length : carriage).trim()
  }
  if (!startsWith(bytes, start, dataField)) return null
  return typeInData.exec(bytes.toString("latin1", start, Math.min(end, start + typeLength)))?.[1] ?? null
}

/** One event decoded by the parser, as a stream of its own. Null: it carries no data. */
const decode = (bytes: Uint8Array): Omit<Frame, "truncated"> | null => {
  let found: Omit<Frame, "truncated"> | null = null
  const parser = createParser({
    onEvent: ({ data, event }) => {
      found ??= { event: event ?? "", data }
    },
  })
  // A cut may leave half a character at its end.
  parser.feed(`${new TextDecoder().decode(bytes)}\n\n`)
  return found
}

export class SseFrames {
  /** What earlier chunks brought of the event that is under way, up to the bound. */
  private held: Uint8Array[] = []
  private heldBytes = 0
  private bytes = 0
  private hash: Hash | null = null
  /** Bytes since the last line ended; 0: a line begins here. */
  private inLine = 0
  private afterCr = false

  constructor(
    private readonly wanted: (event: string) => boolean,
    private readonly limit: number = maxFrameBytes,
  ) {}

  /** The wanted events that end in this chunk, in order. */
  push(chunk: Uint8Array): readonly CutFrame[] {
    const cuts: CutFrame[] = []
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    const start = this.afterCr || bytes.includes(cr) ? this.cutAnyLines(bytes, cuts) : this.cutLines(bytes, cuts)
    if (start < bytes.length) this.hold(bytes.subarray(start))
    return cuts
  }

  /** Lines that end with a line feed, as every server writes them. Returns where the event begins that is not over. */
  private cutLines(bytes: Buffer, cuts: CutFrame[]): number {
    let start = 0
    const endsAt = (end: number): void => {
      this.finish(bytes, start, end, cuts)
      start = end
      this.inLine = 0
    }
    for (;;) {
      // A line that begins here and is empty: the rest of an end that an earlier chunk began, or one end more.
      while (this.inLine === 0 && bytes[start] === lf) endsAt(start + 1)
      const at = bytes.indexOf(eventEnd, start)
      if (at === -1) break
      endsAt(at + eventEnd.length)
    }
    const line = bytes.lastIndexOf(lf)
    this.inLine = line < start ? this.inLine + bytes.length - start : bytes.length - line - 1
    return start
  }

  /** Lines that may end with a carriage return, alone or before a line feed. */
  private cutAnyLines(bytes: Buffer, cuts: CutFrame[]): number {
    let start = 0
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at]
      if (byte === lf && this.afterCr) {
        this.afterCr = false
        // The second half of a line's end. It belongs to the event that has just ended, where one has.
        if (start !== at || this.bytes > 0) continue
        const last = cuts.at(-1)
        if (last !== undefined && last.end === at) cuts[cuts.length - 1] = { ...last, end: at + 1 }
        start = at + 1
        continue
      }
      this.afterCr = byte === cr
      if (byte !== lf && byte !== cr) {
        this.inLine += 1
      } else if (this.inLine > 0) {
        this.inLine = 0
      } else {
        this.finish(bytes, start, at + 1, cuts)
        start = at + 1
      }
    }
    return start
  }

  private hold(piece: Uint8Array): void {
    this.bytes += piece.length
    if (this.hash !== null) {
      this.hash.update(piece)
      return
    }
    if (this.bytes <= this.limit) {
      this.held.push(Uint8Array.from(piece))
      this.heldBytes += piece.length
      return
    }
    this.hash = createHash("sha256")
    for (const before of this.held) this.hash.update(before)
    this.hash.update(piece)
    const room = this.limit - this.heldBytes
    if (room > 0) this.held.push(Uint8Array.from(piece.subarray(0, room)))
  }

  /** The event that ends here, if it is wanted. */
  private finish(chunk: Buffer, start: number, end: number, cuts: CutFrame[]): void {
    const isWhole = this.bytes === 0 && end - start <= this.limit
    if (isWhole) {
      const name = nameOf(chunk, start, end)
      if (name !== null && !this.wanted(name)) return
    }
    const last = chunk.subarray(start, end)
    if (!isWhole) this.hold(last)
    const bytes = isWhole ? last : Buffer.concat(this.held)
    const size = this.bytes
    const hash = this.hash
    if (!isWhole) {
      this.held = []
      this.heldBytes = 0
      this.bytes = 0
      this.hash = null
    }
    const name = isWhole ? null : nameOf(bytes, 0, bytes.length)
    if (name !== null && !this.wanted(name)) return
    const decoded = decode(bytes)
    if (decoded === null) return
    const truncated = hash === null ? {} : { truncated: { bytes: size, sha256: hash.digest("hex") } }
    cuts.push({ start, end, frame: { ...decoded, ...truncated } })
  }
}
