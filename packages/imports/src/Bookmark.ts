/**
 * How far a recording was read, kept among the log's small values in the transaction of the events it led to. A cut is a
 * place where a reading stopped: what waited was let go there, and the connection was ended unless it was left open.
 * A later reading goes through the same cuts, so that it gives the same events up to the last one and adds nothing there.
 */

import { createHash, type Hash } from "node:crypto"
import { sha256 } from "@threadfold/engine"
import { Option, Schema } from "effect"

/** Where the bookmark of a recording is kept. The first readable line identifies the recording. */
export const recordingKey = (source: string, firstLine: string): string =>
  `import:${source}:${Buffer.from(sha256(firstLine)).toString("hex")}`

export const Cut = Schema.Struct({
  /** Number of the last line that was taken. */
  line: Schema.Number,
  /** True: the sessions were left open there. */
  open: Schema.Boolean,
  /** How many lines up to that one belong to a later one and are not counted; absent: none. */
  parts: Schema.optional(Schema.Number),
  /** SHA-256 of the lines up to that one, hex; absent: an earlier version made the cut, or the reader does not ask for it. */
  digest: Schema.optional(Schema.String),
})
export type Cut = typeof Cut.Type

/** Number of the last line that was taken, as a person counts. */
export const shownLine = ({ line, parts = 0 }: Cut): number => line - parts

const Bookmark = Schema.parseJson(Schema.Struct({ cuts: Schema.Array(Cut) }))

const decode = Schema.decodeUnknownOption(Bookmark)

/** The cuts of a stored bookmark; none where there is none, or one that cannot be read. */
export const readCuts = (stored: string | null): readonly Cut[] =>
  stored === null ? [] : Option.match(decode(stored), { onNone: () => [], onSome: (bookmark) => bookmark.cuts })

export const writeCuts = (cuts: readonly Cut[]): string => JSON.stringify({ cuts })

/** The lines that a reading has gone over, as one digest. */
export class LineDigest {
  private readonly hash: Hash = createHash("sha256")

  add(line: string): void {
    this.hash.update(line).update("\n")
  }

  /** Of the lines so far, hex. */
  get value(): string {
    return this.hash.copy().digest("hex")
  }
}
