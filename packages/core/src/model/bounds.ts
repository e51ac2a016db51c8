/**
 * How much of an entry rides along: texts that are longer than they may be are cut at the end of a character, and `truncated` beside
 * the fields says how long the whole is and where it is read. Pure, so that a server, a command line and a client cut alike.
 */
import { type Cut, longestPageBytes, longestTextBytes, type TableName, type Truncated } from "@threadfold/contracts"
import { type Cells, keyOf, layout, type Scalar } from "./Layout.js"

/** Most that one entry takes of a page, bytes of its JSON: what is left is for what stands around it. */
export const longestEntryBytes = (longestPageBytes * 3) / 4

/** Bytes of UTF-8 that a UTF-16 unit takes at most, and characters of JSON that it does. */
const bytesPerUnit = 3
const escapedPerUnit = 6

/** Bytes of UTF-8 of the character at a place: 4 for a pair of surrogates, which are two units. Half a pair is stored as U+FFFD. */
const bytesAt = (text: string, at: number): number => {
  const unit = text.charCodeAt(at)
  if (unit < 0x80) return 1
  if (unit < 0x800) return 2
  const isPair = unit >= 0xd800 && unit <= 0xdbff && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00
  return isPair ? 4 : bytesPerUnit
}

/** Length of a text, bytes of UTF-8. */
export const utf8Length = (text: string): number => {
  let bytes = 0
  for (let at = 0; at < text.length; ) {
    const one = bytesAt(text, at)
    bytes += one
    at += one === 4 ? 2 : 1
  }
  return bytes
}

/** The beginning of a text, of so many bytes of UTF-8 at most. It ends with a whole character. */
export const beginningOf = (text: string, bytes: number): string => {
  if (text.length * bytesPerUnit <= bytes) return text
  let at = 0
  for (let left = bytes; at < text.length; ) {
    const one = bytesAt(text, at)
    left -= one
    if (left < 0) break
    at += one === 4 ? 2 : 1
  }
  return text.slice(0, at)
}

/**
 * Length of a value as JSON, never more than it is, UTF-16 units; `most` or more where it is longer than that. Nothing is written for it.
 */
const roughLength = (value: unknown, most: number): number => {
  if (typeof value === "string") return value.length + 2
  if (typeof value !== "object" || value === null) return 4
  let length = 2
  if (Array.isArray(value)) {
    for (const member of value) {
      length += 1 + roughLength(member, most - length)
      if (length >= most) return length
    }
    return length
  }
  // No array of the entries: every entry of every page comes by here.
  for (const key in value) {
    length += key.length + 4 + roughLength(Reflect.get(value, key), most - length)
    if (length >= most) return length
  }
  return length
}

/** Whether the JSON of a value has so many bytes at most. */
export const fits = (value: unknown, bytes: number): boolean => {
  const rough = roughLength(value, bytes + 1)
  return rough * escapedPerUnit <= bytes || (rough <= bytes && utf8Length(JSON.stringify(value)) <= bytes)
}

/** The value with each of its texts cut. */
const shortened = (value: unknown, bytes: number): unknown => {
  if (typeof value === "string") return beginningOf(value, bytes)
  if (Array.isArray(value)) return value.map((member) => shortened(member, bytes))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shortened(member, bytes)]))
}

/** JSON of so many bytes at most: with shorter and shorter texts, else null. */
const shorterJson = (value: unknown, bytes: number): unknown => {
  for (const texts of [bytes - bytes / 8, bytes / 8, bytes / 64, bytes / 256]) {
    const shorter = shortened(value, Math.floor(texts))
    if (fits(shorter, bytes)) return shorter
  }
  return null
}

/** Field → length of the whole, bytes, of what was cut before. */
export type WholeSizes = { readonly [field: string]: number }

/** Nothing was cut before. */
export const noSizes: WholeSizes = {}

const fieldWithin = (value: unknown, bytes: number): unknown => {
  if (typeof value === "string") return beginningOf(value, bytes)
  return typeof value !== "object" || value === null || fits(value, bytes) ? value : shorterJson(value, bytes)
}

const wholeBytes = (value: unknown): number => utf8Length(typeof value === "string" ? value : JSON.stringify(value))

/**
 * An entry of which no text has more than {@link longestTextBytes}, and its JSON no more than {@link longestEntryBytes}: the entry
 * itself where nothing is too long.
 *
 * @param hrefOf where a field of it is read
 * @param sizes lengths of what was cut already, when it was read
 * @param texts bytes of a text at most, where they are to be fewer
 */
export const bounded = <A extends object>(
  entry: A,
  hrefOf: (field: string) => string,
  sizes: WholeSizes = noSizes,
  texts: number = longestTextBytes,
): A & { readonly truncated?: Truncated } => {
  if (sizes === noSizes && roughLength(entry, texts) * escapedPerUnit <= texts) return entry
  let result: A & { readonly truncated?: Truncated } = entry
  // Counted once: a text may be cut several times.
  const wholes: Record<string, number> = { ...sizes }
  for (let bytes = texts; bytes >= 64; bytes = Math.floor(bytes / 4)) {
    const cut: Record<string, Cut> = {}
    const fields: Record<string, unknown> = {}
    for (const [field, value] of Object.entries(entry)) {
      const within = fieldWithin(value, bytes)
      if (within === value && sizes[field] === undefined) continue
      const whole = wholes[field] ?? wholeBytes(value)
      wholes[field] = whole
      cut[field] = { bytes: whole, href: hrefOf(field) }
      fields[field] = within
    }
    result = Object.keys(cut).length === 0 ? entry : { ...entry, ...fields, truncated: cut }
    if (fits(result, longestEntryBytes)) return result
  }
  return result
}

/** Where a column of a row is read by range. */
export const textHref = (table: TableName, key: readonly Scalar[], column: string): string => {
  if (table === "items" && ["text", "data", "title"].includes(column)) {
    return `/v1/items/${encodeURIComponent(String(key[0]))}/text${column === "text" ? "" : `?field=${column}`}`
  }
  const [only = "", ...others] = key
  const id = others.length === 0 ? String(only) : JSON.stringify(key)
  return `/v1/rows/${table}/${encodeURIComponent(id)}/text?field=${encodeURIComponent(column)}`
}

/** The same bounds for a row of a table or its view, which has the names of the columns. `row`: where the key is. */
export const boundedRow = <A extends object>(
  table: TableName,
  row: Cells,
  shown: A,
  sizes?: WholeSizes,
  texts?: number,
): A & { readonly truncated?: Truncated } =>
  bounded(shown, (column) => textHref(table, keyOf(layout(table), row), column), sizes, texts)

/** How many of these entries a page holds: at least one, so that a reader goes on. */
export const fitting = (entries: readonly unknown[], bytes: number = longestPageBytes - 1_024): number => {
  let left = bytes
  for (const [index, entry] of entries.entries()) {
    const rough = roughLength(entry, left + 1) * escapedPerUnit
    left -= rough <= left / (entries.length - index) ? rough : utf8Length(JSON.stringify(entry)) + 1
    if (left < 0) return Math.max(1, index)
  }
  return entries.length
}
