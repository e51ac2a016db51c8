/** The lines of a stream of bytes: memory holds one line and the lines of one piece, however long the recording is. */
import { maxRecordedLineBytes } from "@threadfold/contracts"
import { HeldBytes } from "@threadfold/providers"
import { Stream } from "effect"

export interface Line {
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

const newline = 0x0a

/** Cuts pieces of bytes into lines. */
export class Splitter {
  private readonly held: HeldBytes
  private bytes = 0
  private number = 0

  constructor(private readonly limit = maxRecordedLineBytes) {
    this.held = new HeldBytes(limit)
  }

  /** The lines that end in a piece. */
  push(piece: Uint8Array): readonly Line[] {
    const lines: Line[] = []
    let from = 0
    for (let at = piece.indexOf(newline); at !== -1; at = piece.indexOf(newline, from)) {
      this.hold(piece.subarray(from, at))
      lines.push(this.line(true))
      from = at + 1
    }
    this.hold(piece.subarray(from))
    return lines
  }

  /** What is left at the end of the bytes. */
  end(): readonly Line[] {
    return this.bytes > 0 ? [this.line(false)] : []
  }

  private hold(piece: Uint8Array): void {
    this.bytes += piece.length
    if (this.bytes > this.limit) this.held.drop()
    else this.held.add(piece)
  }

  private line(whole: boolean): Line {
    this.number += 1
    const { bytes, number } = this
    this.bytes = 0
    return { number, text: this.held.take(), bytes, isTooLong: bytes > this.limit, whole }
  }
}

/** The lines of UTF-8 text. @param limit longest line whose text is held, bytes */
export const linesOf = <E>(bytes: Stream.Stream<Uint8Array, E>, limit = maxRecordedLineBytes): Stream.Stream<Line, E> =>
  Stream.suspend(() => {
    const splitter = new Splitter(limit)
    return Stream.concat(
      Stream.mapConcat(bytes, (piece) => splitter.push(piece)),
      Stream.suspend(() => Stream.fromIterable(splitter.end())),
    )
  })
