/** Long texts by range, in bytes of UTF-8: no part begins or ends inside of a character. */

import type * as SqlError from "@effect/sql/SqlError"
import { longestPageBytes, type TableName, type TextRange } from "@threadfold/contracts"
import { layout } from "@threadfold/core/model"
import { Effect } from "effect"
import { chunkBytes, chunkText, mayNameText } from "../LongTexts.js"
import { equals, sqlName } from "../SqlText.js"
import { type RowError, RowNotFound } from "./Errors.js"
import type { ReadSql } from "./ReadSql.js"
import { reading } from "./read.js"
import { headOf } from "./select.js"

/** Which part is asked for, bytes. */
export interface RangeQuery {
  readonly offset?: number | undefined
  readonly limit: number
}

/** Most bytes of a character before its last one. */
const inside = 3

/** Most that a part takes as JSON, bytes: what is left of a page is for what stands around it. */
const mostEscaped = longestPageBytes - 1_024

/** A byte that goes on with a character. */
const goesOn = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80

/**
 * The characters of a part.
 *
 * @param bytes what was read: from `inside` bytes before the offset, or from the start, to as many behind the limit
 * @param from where it was read from
 */
const rangeOf = (
  bytes: Uint8Array,
  from: number,
  { limit, offset = 0 }: RangeQuery,
  whole: number,
): Omit<TextRange, "mediaType" | "sequence"> => {
  if (offset >= whole) return { offset: whole, bytes: whole, next: null, text: "" }
  let start = offset - from
  while (start > 0 && goesOn(bytes[start])) start -= 1
  let end = Math.min(start + limit, bytes.length)
  while (end > start && end < bytes.length && goesOn(bytes[end])) end -= 1
  const next = from + end
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(start, end))
  // Signs that JSON escapes take six bytes there.
  if (Buffer.byteLength(JSON.stringify(text)) > mostEscaped) {
    return rangeOf(bytes, from, { offset, limit: Math.floor(limit / 2) }, whole)
  }
  return { offset: from + start, bytes: whole, next: next >= whole ? null : next, text }
}

/** Where a part is read from, and how much. */
const window = ({ limit, offset = 0 }: RangeQuery) => {
  const from = Math.max(0, offset - inside)
  return { from, length: offset - from + limit + inside }
}

/** What a piece that begins at `start` has of a window. */
const inWindow = (text: string | Uint8Array, start: number, query: RangeQuery): Uint8Array => {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text
  const { from, length } = window(query)
  return bytes.subarray(Math.max(0, from - start), Math.max(0, from + length - start))
}

/** The part of a text that is in memory. */
export const textRange = (text: string, query: RangeQuery): Omit<TextRange, "mediaType" | "sequence"> => {
  const bytes = new TextEncoder().encode(text)
  return rangeOf(inWindow(bytes, 0, query), window(query).from, query, bytes.length)
}

interface FoundBytes {
  readonly bytes: Uint8Array | null
  readonly whole: number | null
}

const noRow = (table: TableName, key: readonly (string | number)[]) =>
  new RowNotFound({ resource: "row", id: `${table} ${key.join(" ")}` })

/** A column that names a long text, or the bytes of one that holds its text. */
interface FoundColumn extends FoundBytes {
  readonly streamId: string | null
  readonly named: string | null
}

/** The bytes of a column in a window; null: the column is null. */
const columnBytes = (
  sql: ReadSql,
  table: TableName,
  key: readonly (string | number)[],
  column: string,
  query: RangeQuery,
): Effect.Effect<FoundBytes, RowNotFound | SqlError.SqlError> => {
  const of = layout(table)
  const { from, length } = window(query)
  const name = `"${sqlName(column)}"`
  const isNamed = of.columns.some((one) => one.name === column && mayNameText(one))
  const named = isNamed
    ? `${sqlName(of.owner)} AS "streamId", iif(typeof(${name}) = 'blob', CAST(${name} AS TEXT), NULL) AS named`
    : `NULL AS "streamId", NULL AS named`
  return Effect.flatMap(
    sql.unsafe<FoundColumn>(
      `SELECT substr(CAST(${name} AS BLOB), ?, ?) AS bytes, octet_length(${name}) AS whole, ${named}
       FROM ${table} WHERE ${equals(of.key)}`,
      [from + 1, length, ...key],
    ),
    ([found]): Effect.Effect<FoundBytes, RowNotFound | SqlError.SqlError> => {
      if (found === undefined) return Effect.fail(noRow(table, key))
      const { named: text, streamId } = found
      return text === null || streamId === null ? Effect.succeed(found) : namedBytes(sql, streamId, text, query)
    },
  )
}

/** The bytes of a long text of a stream in a window. Where its segments begin is looked at, those of the window alone are read. */
const namedBytes = (
  sql: ReadSql,
  streamId: string,
  key: string,
  query: RangeQuery,
): Effect.Effect<FoundBytes, SqlError.SqlError> =>
  Effect.gen(function* () {
    const of = [streamId, key]
    const { from, length } = window(query)
    const [text] = yield* sql.unsafe<{ readonly bytes: number }>(
      "SELECT bytes FROM texts WHERE stream_id = ? AND sha256 = ?",
      of,
    )
    const segments = yield* sql.unsafe<{ readonly start: number }>(
      "SELECT start FROM text_segments WHERE stream_id = ? AND sha256 = ? ORDER BY start",
      of,
    )
    const wanted = segments.filter(
      ({ start }, at) => start < from + length && (segments[at + 1]?.start ?? Number.POSITIVE_INFINITY) > from,
    )
    const found: Uint8Array[] = []
    for (const { start } of wanted) {
      const [segment] = yield* sql.unsafe<{ readonly text: string | null }>(
        "SELECT text FROM text_segments WHERE stream_id = ? AND sha256 = ? AND start = ?",
        [...of, start],
      )
      found.push(inWindow(segment?.text ?? "", start, query))
    }
    return { bytes: segments.length === 0 ? null : Buffer.concat(found), whole: text?.bytes ?? null }
  })

/** What stands between two parts of streamed content. */
const betweenParts = new Uint8Array([10, 10])

/**
 * The bytes of streamed content in a window: the chunks of a part end to end, the parts with a blank line between. The lengths of all
 * chunks are looked at, the chunks of the window alone are read.
 */
const streamedBytes = (sql: ReadSql, itemId: string, query: RangeQuery): Effect.Effect<FoundBytes, SqlError.SqlError> =>
  Effect.gen(function* () {
    const { from, length } = window(query)
    const chunks = yield* sql.unsafe<{ readonly ordinal: number; readonly part: number; readonly bytes: number }>(
      `SELECT ordinal, part, ${chunkBytes("item_chunks")} AS bytes FROM item_chunks WHERE item_id = ? ORDER BY part, ordinal`,
      [itemId],
    )
    const found: Uint8Array[] = []
    let whole = 0
    for (const [index, { bytes, ordinal, part }] of chunks.entries()) {
      if (index > 0 && part !== chunks[index - 1]?.part) {
        found.push(inWindow(betweenParts, whole, query))
        whole += betweenParts.length
      }
      if (whole < from + length && whole + bytes > from) {
        const [chunk] = yield* sql.unsafe<{ readonly text: string }>(
          `SELECT ${chunkText("item_chunks")} AS text FROM item_chunks WHERE item_id = ? AND ordinal = ?`,
          [itemId, ordinal],
        )
        found.push(inWindow(chunk?.text ?? "", whole, query))
      }
      whole += bytes
    }
    return { bytes: chunks.length === 0 ? null : Buffer.concat(found), whole }
  })

/** A part of a text. Fails with `RowNotFound` where there is no such row or column. */
export const rowText = (
  sql: ReadSql,
  table: TableName,
  key: readonly (string | number)[],
  column: string,
  query: RangeQuery,
): Effect.Effect<TextRange, RowError> => {
  const of = layout(table)
  const found = of.columns.find(({ name }) => name === column)
  const mediaType = found?.json === true ? "application/json" : "text/plain"
  return reading(
    sql,
    Effect.gen(function* () {
      if (found === undefined || key.length !== of.key.length) return yield* noRow(table, [...key, column])
      const sequence = yield* headOf(sql)
      const ofItem = table === "items" && column === "text"
      const [item] = ofItem
        ? yield* sql.unsafe<{ readonly streams: number }>(
            "SELECT has_final = 0 AND chunks > 0 AS streams FROM items WHERE item_id = ?",
            [...key],
          )
        : []
      const { bytes, whole } =
        item?.streams === 1
          ? yield* streamedBytes(sql, String(key[0]), query)
          : yield* columnBytes(sql, table, key, column, query)
      if (bytes === null || whole === null) return { sequence, offset: 0, bytes: 0, next: null, mediaType, text: null }
      return { sequence, mediaType, ...rangeOf(bytes, window(query).from, query, whole) }
    }),
  )
}

/** The end of what a background task has printed. Fails with `RowNotFound` where there is no such task. */
export const taskOutput = (sql: ReadSql, taskId: string, limit: number): Effect.Effect<TextRange, RowError> =>
  Effect.gen(function* () {
    const [task] = yield* reading(
      sql,
      sql.unsafe<{ readonly itemId: string | null }>('SELECT item_id AS "itemId" FROM tasks WHERE task_id = ?', [
        taskId,
      ]),
    )
    if (task === undefined) return yield* noRow("tasks", [taskId])
    const { itemId } = task
    if (itemId === null) {
      const sequence = yield* reading(sql, headOf(sql))
      return { sequence, offset: 0, bytes: 0, next: null, mediaType: "text/plain", text: null }
    }
    const { bytes } = yield* rowText(sql, "items", [itemId], "text", { limit: inside + 1 })
    return yield* rowText(sql, "items", [itemId], "text", { offset: Math.max(0, bytes - limit), limit: limit + inside })
  })
