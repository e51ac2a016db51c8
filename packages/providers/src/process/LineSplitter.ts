/**
 * Cuts a stream of bytes into lines. It cuts bytes, not text, so a character that is split over two chunks stays whole. The
 * length of a line is bounded, so that a program that never ends its line does not fill our memory.
 */
import { Data } from "effect"

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
const carriageReturn = 0x0d

const textOf = (pieces: readonly Uint8Array[]): string => {
  const [only] = pieces
  const bytes =
    pieces.length === 1 && only !== undefined
      ? Buffer.from(only.buffer, only.byteOffset, only.byteLength)
      : Buffer.concat(pieces)
  const end = bytes.at(-1) === carriageReturn ? bytes.length - 1 : bytes.length
  return bytes.toString("utf8", 0, end)
}

export const makeLineSplitter = (limit: number): LineSplitter => {
  let open: Uint8Array[] = []
  let length = 0

  const take = (piece: Uint8Array): void => {
    length += piece.length
    if (length > limit) {
      open = []
      throw new LineTooLong({ limit })
    }
    if (piece.length > 0) open.push(piece)
  }
  const line = (): string => {
    const text = textOf(open)
    open = []
    length = 0
    return text
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
    end: () => (length === 0 ? [] : [line()]),
  }
}
