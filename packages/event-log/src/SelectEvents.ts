/**
 * A `ReadQuery` as one SQL statement. The writer's driver and the read-only log share it, so that a query means the
 * same on both sides.
 *
 * Three plans, chosen here and never left to the planner's guess:
 * - a stream walks its own index between two versions, which a bisection finds: a page at the end of a long stream
 *   costs what a page at its start costs;
 * - a few sparse types are merged from the type index, at most one page of each;
 * - everything else walks the log in order. `content.delta` is not in the type index (nine events of ten are deltas,
 *   and indexing them costs the write path a tenth): a walk meets the next one at once.
 */
import type { ReadQuery } from "./Driver.js"
import { eventSelection } from "./EventRow.js"

/** Largest page. */
const maxPage = 10_000
/** The one type that the type index leaves out. */
const unindexedType = "content.delta"
/** From this many types on, walking the log is cheaper than merging the index. */
const maxMergedTypes = 8

/** A statement with its positional values. */
export interface Select {
  readonly sql: string
  readonly params: readonly (string | number)[]
}

/** The page size that a query asks for, held within 1 and {@link maxPage}. */
export const pageLimit = (query: ReadQuery): number => Math.min(maxPage, Math.max(1, Math.trunc(query.limit)))

/**
 * Version of a stream as of a sequence: the highest version whose event is not after it. Sequence rises with version
 * inside a stream, so 31 index probes are enough, however long the stream is.
 */
const versionAt = `(WITH RECURSIVE bisect(low, step) AS (
    SELECT 0, 1073741824
    UNION ALL
    SELECT iif((SELECT sequence FROM events WHERE stream_id = ? AND stream_version >= low + step
                ORDER BY stream_version LIMIT 1) <= ?, low + step, low), step / 2
    FROM bisect WHERE step > 0)
  SELECT low FROM bisect WHERE step = 0)`

/** Adds the conditions on the type that a walk has; the sign keeps the planner from the type index. */
const chooseTypes = ({ except = [], types }: ReadQuery, conditions: string[], params: (string | number)[]): void => {
  if (types !== undefined) {
    conditions.push("+type IN (SELECT value FROM json_each(?))")
    params.push(JSON.stringify(types))
  }
  if (except.length > 0) {
    conditions.push("+type NOT IN (SELECT value FROM json_each(?))")
    params.push(JSON.stringify(except))
  }
}

const selectStream = (streamId: string, query: ReadQuery, direction: string): Select => {
  const conditions = ["stream_id = ?"]
  const params: (string | number)[] = [streamId]
  if (query.after !== undefined && query.after > 0) {
    conditions.push(`stream_version > ${versionAt}`)
    params.push(streamId, query.after)
  }
  if (query.until !== undefined) {
    conditions.push(`stream_version <= ${versionAt}`)
    params.push(streamId, query.until)
  }
  chooseTypes(query, conditions, params)
  params.push(pageLimit(query))
  return {
    sql: `SELECT ${eventSelection} FROM events WHERE ${conditions.join(" AND ")} ORDER BY stream_version ${direction} LIMIT ?`,
    params,
  }
}

const selectTypes = (types: readonly string[], query: ReadQuery, direction: string): Select => {
  const limit = pageLimit(query)
  const bounds = [
    query.after === undefined ? "" : " AND sequence > ?",
    query.until === undefined ? "" : " AND sequence <= ?",
  ]
  const one = `SELECT * FROM (SELECT sequence FROM events INDEXED BY events_by_type
      WHERE type = ? AND type <> '${unindexedType}'${bounds.join("")} ORDER BY sequence ${direction} LIMIT ?)`
  const params: (string | number)[] = []
  for (const type of types) {
    params.push(type)
    if (query.after !== undefined) params.push(query.after)
    if (query.until !== undefined) params.push(query.until)
    params.push(limit)
  }
  params.push(limit)
  return {
    sql: `SELECT ${eventSelection} FROM events WHERE sequence IN (${types.map(() => one).join(" UNION ALL ")})
      ORDER BY sequence ${direction} LIMIT ?`,
    params,
  }
}

const selectLog = (query: ReadQuery, direction: string): Select => {
  const conditions: string[] = []
  const params: (string | number)[] = []
  if (query.after !== undefined) {
    conditions.push("sequence > ?")
    params.push(query.after)
  }
  if (query.until !== undefined) {
    conditions.push("sequence <= ?")
    params.push(query.until)
  }
  chooseTypes(query, conditions, params)
  params.push(pageLimit(query))
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`
  return { sql: `SELECT ${eventSelection} FROM events ${where} ORDER BY sequence ${direction} LIMIT ?`, params }
}

/** The statement of a query. */
export const selectEvents = (query: ReadQuery): Select => {
  const direction = query.order === "desc" ? "DESC" : "ASC"
  if (query.streamId !== undefined) return selectStream(query.streamId, query, direction)
  const except = new Set(query.except)
  const types = query.types === undefined ? undefined : [...new Set(query.types)].filter((type) => !except.has(type))
  const sparse =
    types !== undefined && types.length > 0 && types.length <= maxMergedTypes && !types.includes(unindexedType)
  return sparse ? selectTypes(types, query, direction) : selectLog(query, direction)
}
