/** Long texts of a damaged log: those that are stored by themselves, and those that the pieces before them have, which were copied already. */
import { Schema } from "effect"
import type { LogDriver } from "../Driver.js"
import { bodyKey } from "../NativeBodies.js"
import type { Catalogue } from "./Catalogue.js"
import type { LongText } from "./logRows.js"

const Segments = Schema.parseJson(
  Schema.Array(
    Schema.Union(
      Schema.Tuple(Schema.Number),
      Schema.Tuple(Schema.Number, Schema.Number, Schema.Number),
      Schema.Tuple(Schema.Number, Schema.Number, Schema.Number, Schema.String),
    ),
  ),
)
const decodeSegments = Schema.decodeUnknownSync(Segments)
const decodePiece = Schema.decodeUnknownSync(Schema.parseJson(Schema.Struct({ delta: Schema.String })))

/** How many of the versions, which rise, are below this one. */
const placeOf = (versions: readonly number[], version: number): number => {
  let low = 0
  let high = versions.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((versions[middle] ?? 0) < version) low = middle + 1
    else high = middle
  }
  return low
}

export class LongTexts {
  constructor(
    private readonly catalogue: Catalogue,
    /** The copy. */
    private readonly driver: Pick<LogDriver, "readStream">,
    /** Versions of each stream that were copied: in the copy they are numbered without gaps. */
    private readonly versions: ReadonlyMap<string, readonly number[]>,
  ) {}

  /** A long text of a stream. Throws where some of it is lost. */
  textOf(streamId: string, key: string): string {
    const found = this.catalogue.text(streamId, key)
    const text = found === null || found.itemId === null ? this.catalogue.bodyOf(key) : this.streamed(found)
    if (bodyKey(text) !== key) throw new Error("a long text of it is lost")
    return text
  }

  private streamed({ itemId, segments, streamId }: LongText): string {
    let text = ""
    for (const [, first = 0, last = 0, key] of decodeSegments(segments)) {
      text += key === undefined ? this.between(streamId, itemId, first, last) : this.catalogue.bodyOf(key)
    }
    return text
  }

  private between(streamId: string, itemId: string | null, first: number, last: number): string {
    const copied = this.versions.get(streamId) ?? []
    const from = placeOf(copied, first)
    const count = placeOf(copied, last + 1) - from
    const events = count <= 0 ? [] : this.driver.readStream(streamId, from, count)
    return events
      .filter((event) => event.type === "content.delta" && event.itemId === itemId)
      .map(({ payload }) => decodePiece(payload).delta)
      .join("")
  }
}
