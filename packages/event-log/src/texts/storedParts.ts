/**
 * The stored form of a text that is not stored whole. It is a BLOB where a whole text is a TEXT, so that neither is taken for the other:
 * JSON, `[bytes of the whole text, part, part, …]`.
 */

/** A part of a text. */
export type Part =
  /** As it is. */
  | string
  /** A long text of the event's stream by its key, as JSON writes it between quotes. */
  | { readonly text: string }
  /** A stretch of the payload of the same event, in UTF-16 units. */
  | readonly [from: number, length: number]

/** What a column holds of a text. */
export type StoredText = string | Buffer

/** A text in parts. */
export interface Parted {
  /** Length of the whole, bytes of UTF-8. */
  readonly bytes: number
  readonly parts: readonly Part[]
}

/** Where parts are found. Both throw where it is not there. */
export interface PartSource {
  /** A long text by its key. */
  readonly textOf: (key: string) => string
  /** The payload of the event. */
  readonly payload: () => string
}

/** The stored form of a text in parts. @param bytes of the whole */
export const encodeParts = (bytes: number, parts: readonly Part[]): Buffer =>
  Buffer.from(JSON.stringify([bytes, ...parts]))

const isPart = (value: unknown): value is Part => {
  if (typeof value === "string") return true
  if (Array.isArray(value)) return value.length === 2 && value.every((place) => Number.isSafeInteger(place))
  return typeof value === "object" && value !== null && "text" in value && typeof value.text === "string"
}

/** Undoes {@link encodeParts}. Throws where the bytes are no such form. */
export const decodeParts = (stored: Buffer): Parted => {
  const found: unknown = JSON.parse(stored.toString("utf8"))
  if (!Array.isArray(found)) throw new Error("the parts of a text cannot be read")
  const [bytes, ...parts]: readonly unknown[] = found
  if (typeof bytes !== "number" || !parts.every(isPart)) throw new Error("the parts of a text cannot be read")
  return { bytes, parts }
}

/** Keys of the long texts among the parts. */
export const keysOf = ({ parts }: Parted): readonly string[] =>
  parts.flatMap((part) => (typeof part === "object" && "text" in part ? [part.text] : []))

/** A text as JSON writes it, without the quotes. */
export const escaped = (text: string): string => JSON.stringify(text).slice(1, -1)

/** The whole text. Throws where a part of it is not there. */
export const joinParts = ({ parts }: Parted, source: PartSource): string => {
  let whole = ""
  for (const part of parts) {
    if (typeof part === "string") whole += part
    else if ("text" in part) whole += escaped(source.textOf(part.text))
    else whole += source.payload().slice(part[0], part[0] + part[1])
  }
  return whole
}
