/**
 * Cuts a stream of bytes into lines. It cuts bytes, not text, so a character that is split over two chunks stays whole. The
 * length of a line is bounded, so that a program that never ends its line does not fill our memory.
 */
import { Data } from "effect"
import { HeldBytes } from "./HeldBytes.js"

/** A line became longer than the limit. The rest of the stream cannot be read any more. */
export class LineTooLong extends Data.TaggedError("LineTooLong")<{
  /** The limit that was passed, bytes. */
  readonly limit: number
}> {
  override get message(): string {
    return `a line of more than ${this.limit} bytes`
  }
}

export interface LineSplitter {
  /** The lines that a chunk completes, without their line ends (LF or CRLF). Throws {@link LineTooLong}. */
  readonly push: (chunk: Uint8Array) => readonly string[]
  /** The text after the last line end, where there is any. Called when the stream has ended. */
  readonly end: () => readonly string[]
}

const lineFeed = 0x0a

export const makeLineSplitter = (limit: number): LineSplitter => {
  const open = new HeldBytes(limit)

  const take = (piece: Uint8Array): void => {
    if (open.length + piece.length > limit) {
      open.drop()
      throw new LineTooLong({ limit })
    }
    open.add(piece)
  }
  const line = (): string => {
    const text = open.take()
    return text.endsWith("\r") ? text.slice(0, -1) : text
  }

  return {
    push: (chunk) => {
      const lines: string[] = []
      let from = 0
      for (let at = chunk.indexOf(lineFeed); at !== -1; at = chunk.indexOf(lineFeed, from)) {
        take(chunk.subarray(from, at))
        lines.push(line())
        from = at + 1
      }
      take(chunk.subarray(from))
      return lines
    },
    end: () => (open.length === 0 ? [] : [line()]),
  }
}
