/** The rows on a page, and their values. Whatever does not add up is left out. No Effect here. */
import type { PageFile } from "./PageFile.js"

export type Value = null | number | string | Buffer

/** A row as its table keeps it. */
export interface StoredRow {
  /** Its rowid; null for a row of a table without one. */
  readonly rowid: number | null
  readonly values: readonly Value[]
}

/** Where a row is. */
export interface Place {
  readonly page: number
  readonly cell: number
}

const LEAF_TABLE = 0x0d
const LEAF_INDEX = 0x0a
/** In a table without rowids the inner pages hold rows, too. */
const INNER_INDEX = 0x02

/** A number of 1 to 9 bytes, 7 bits each; throws a RangeError beyond the end. */
const varint = (bytes: Buffer, at: number): readonly [value: number, next: number] => {
  let value = 0
  for (let index = 0; index < 8; index++) {
    const byte = bytes.readUInt8(at + index)
    value = value * 128 + (byte & 0x7f)
    if (byte < 0x80) return [value, at + index + 1]
  }
  return [value * 256 + bytes.readUInt8(at + 8), at + 9]
}

/** How a page holds its rows. */
interface Layout {
  /** Where its header begins. */
  readonly header: number
  /** Where the places of its rows begin. */
  readonly cells: number
  /** Bytes of a row before its length. */
  readonly skipped: number
  readonly isTable: boolean
}

/** Null for a page that holds no rows. */
const layoutOf = (page: Buffer, number: number): Layout | null => {
  const header = number === 1 ? 100 : 0
  const type = page[header]
  if (type === INNER_INDEX) return { header, cells: header + 12, skipped: 4, isTable: false }
  if (type !== LEAF_TABLE && type !== LEAF_INDEX) return null
  return { header, cells: header + 8, skipped: 0, isTable: type === LEAF_TABLE }
}

/** How many rows a page holds by its header; 0 where it holds none, or where that cannot be. */
export const cellsOf = (page: Buffer, number: number): number => {
  const layout = layoutOf(page, number)
  if (layout === null) return 0
  const cells = page.readUInt16BE(layout.header + 3)
  return layout.cells + 2 * cells <= page.length ? cells : 0
}

/** Reads a row with what of it lies on other pages. Null: it does not add up. */
export const rowAt = (file: PageFile, page: Buffer, { cell, page: number }: Place): StoredRow | null => {
  try {
    const layout = layoutOf(page, number)
    if (layout === null) return null
    const start = page.readUInt16BE(layout.cells + 2 * cell) + layout.skipped
    const [length, afterLength] = varint(page, start)
    const [rowid, from] = layout.isTable ? varint(page, afterLength) : [null, afterLength]
    const payload = payloadOf(file, page, from, length, layout.isTable)
    if (payload === null) return null
    const values = valuesOf(payload)
    return values === null ? null : { rowid, values }
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

const payloadOf = (file: PageFile, page: Buffer, from: number, length: number, isTable: boolean): Buffer | null => {
  const usable = file.pageSize - file.reserved
  const most = isTable ? usable - 35 : Math.floor(((usable - 12) * 64) / 255) - 23
  if (length <= most) return from + length <= usable ? page.subarray(from, from + length) : null
  const least = Math.floor(((usable - 12) * 32) / 255) - 23
  const fitting = least + ((length - least) % (usable - 4))
  const local = fitting <= most ? fitting : least
  // More than the whole file holds: the length is no length.
  if (length > file.pageCount * file.pageSize || from + local + 4 > usable) return null
  const parts = [page.subarray(from, from + local)]
  let next = page.readUInt32BE(from + local)
  for (let left = length - local; left > 0; left -= usable - 4) {
    const overflow = file.page(next)
    if (overflow === null) return null
    next = overflow.readUInt32BE(0)
    parts.push(overflow.subarray(4, 4 + Math.min(left, usable - 4)))
  }
  return Buffer.concat(parts)
}

const valuesOf = (payload: Buffer): readonly Value[] | null => {
  const [headerEnd, first] = varint(payload, 0)
  if (headerEnd > payload.length) return null
  const values: Value[] = []
  let at = headerEnd
  for (let index = first; index < headerEnd; ) {
    const [type, next] = varint(payload, index)
    const size = sizeOf(type)
    if (size === null || at + size > payload.length) return null
    values.push(valueOf(type, payload, at, size))
    at += size
    index = next
  }
  return at === payload.length ? values : null
}

const integerSizes = [0, 1, 2, 3, 4, 6, 8] as const

const sizeOf = (type: number): number | null => {
  if (type <= 6) return integerSizes[type] ?? 0
  if (type === 7) return 8
  if (type <= 9) return 0
  return type < 12 ? null : Math.floor((type - 12) / 2)
}

const valueOf = (type: number, payload: Buffer, at: number, size: number): Value => {
  if (type === 0) return null
  if (type === 6) return Number(payload.readBigInt64BE(at))
  if (type < 6) return payload.readIntBE(at, size)
  if (type === 7) return payload.readDoubleBE(at)
  if (type <= 9) return type - 8
  const bytes = payload.subarray(at, at + size)
  return type % 2 === 0 ? Buffer.from(bytes) : bytes.toString("utf8")
}
