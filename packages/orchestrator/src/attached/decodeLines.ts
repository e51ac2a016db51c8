/** Lines of a body decoded in pieces, and cut into what is committed together. */
import type { ParsedLine, PushedLine } from "./lines.js"
import type { InPieces } from "./pieces.js"

/**
 * What is handed to the writer together, at most: a long body lets others in between. The values count because each has a price
 * of its own when it is copied for the writer; one line may pass that by what a line may have.
 */
const together = { lines: 512, bytes: 1024 * 1024, values: 10_000 } as const

/** What is decoded before other callers are served: so long, ms, and at most so many lines and bytes. */
const atATime = { ms: 5, lines: 256, bytes: 256 * 1024 } as const

/** Decodes the first of `lines` from `from` on that are committed together; at least one, where there is one. */
export function* decodeLines(
  read: (line: PushedLine) => InPieces<ParsedLine>,
  lines: readonly PushedLine[],
  from: number,
): InPieces<readonly ParsedLine[]> {
  const parsed: ParsedLine[] = []
  const all = { bytes: 0, values: 0 }
  let piece = { since: performance.now(), lines: 0, bytes: 0 }
  for (let at = from; at < lines.length; at++) {
    const line = lines[at]
    if (line === undefined) break
    const bytes = line.end - line.start
    const isOver = piece.lines >= atATime.lines || piece.bytes + bytes > atATime.bytes
    if (piece.lines > 0 && (isOver || performance.now() - piece.since > atATime.ms)) {
      yield
      piece = { since: performance.now(), lines: 0, bytes: 0 }
    }
    piece.lines += 1
    piece.bytes += bytes
    const one = yield* read(line)
    parsed.push(one)
    all.bytes += bytes
    all.values += one.values
    if (parsed.length >= together.lines || all.bytes >= together.bytes || all.values >= together.values) break
  }
  return parsed
}
