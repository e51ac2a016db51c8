/** The lines of a file, one at a time: memory holds one line and one chunk, however long the recording is. */
import { createReadStream } from "node:fs"
import { StringDecoder } from "node:string_decoder"

export interface FileLine {
  /** From 1, blank lines included, as editors count. */
  readonly number: number
  readonly text: string
  /** False for a last line without a newline: its writer may not have finished it. */
  readonly whole: boolean
}

/** Reads a UTF-8 file line by line. Throws what the file system throws. */
export async function* linesOf(file: string): AsyncGenerator<FileLine> {
  const decoder = new StringDecoder("utf8")
  let rest = ""
  let number = 0
  for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 })) {
    const pieces = (rest + decoder.write(chunk)).split("\n")
    rest = pieces.pop() ?? ""
    for (const text of pieces) {
      number += 1
      yield { number, text, whole: true }
    }
  }
  rest += decoder.end()
  if (rest !== "") yield { number: number + 1, text: rest, whole: false }
}
