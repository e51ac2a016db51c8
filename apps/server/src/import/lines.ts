/** The lines of a file, one at a time: memory holds one line and one chunk, however long the recording is. */
import { createReadStream } from "node:fs"
import { maxRecordedLineBytes } from "@threadfold/contracts"

export interface FileLine {
  /** From 1, blank lines included, as editors count. */
  readonly number: number
  /** Empty for a line that is too long. */
  readonly text: string
  /** Its length, bytes. */
  readonly bytes: number
  /** True: it is longer than a line may be, and its text was not held. */
  readonly isTooLong: boolean
  /** False for a last line without a newline: its writer may not have finished it. */
  readonly whole: boolean
}

/** Reads a UTF-8 file line by line. Throws what the file system throws. */
export async function* linesOf(file: string, limit = maxRecordedLineBytes): AsyncGenerator<FileLine> {
  let pieces: Uint8Array[] = []
  let bytes = 0
  let number = 0
  const take = (piece: Uint8Array): void => {
    bytes += piece.length
    if (bytes > limit) pieces = []
    else if (piece.length > 0) pieces.push(piece)
  }
  const line = (whole: boolean): FileLine => {
    number += 1
    const isTooLong = bytes > limit
    const found = { number, text: isTooLong ? "" : Buffer.concat(pieces).toString("utf8"), bytes, isTooLong, whole }
    pieces = []
    bytes = 0
    return found
  }
  const stream: AsyncIterable<Buffer> = createReadStream(file, { highWaterMark: 256 * 1024 })
  for await (const chunk of stream) {
    let from = 0
    for (let at = chunk.indexOf(0x0a); at !== -1; at = chunk.indexOf(0x0a, from)) {
      take(chunk.subarray(from, at))
      yield line(true)
      from = at + 1
    }
    take(chunk.subarray(from))
  }
  if (bytes > 0) yield line(false)
}
