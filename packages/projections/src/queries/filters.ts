/** Conditions that choose rows of a list. Values are parameters, always; columns are of this package alone. */
import { type Values, valuesOf } from "@threadfold/contracts"
import { fullestSources } from "@threadfold/core"
import { sqlName } from "../SqlText.js"
import type { Condition } from "./select.js"
import { ofWholeThreads } from "./unfinished.js"

/** The place of a thread among those of one native thread, as `isMirrorOf` of core has it. */
const placeOf = (row: string): string => {
  const sources = fullestSources.map((source, index) => `WHEN '${source}' THEN ${index}`).join(" ")
  const place = `CASE WHEN ${row}.source IS NULL THEN -1 ELSE CASE ${row}.source ${sources} ELSE ${fullestSources.length} END END`
  return `(${place}, coalesce(${row}.created_at, 0), ${row}.thread_id)`
}

/** Threads that are no mirror of another one: the rule is `isMirrorOf` of core, and a test compares the two. */
export const noMirror = `(threads.source IS NULL OR NOT EXISTS (
  SELECT 1 FROM threads AS primary_one
  WHERE primary_one.native_thread_id = threads.native_thread_id AND primary_one.provider IS threads.provider
    AND primary_one.source IS NOT threads.source AND primary_one.deleted_at IS NULL
    AND ${placeOf("primary_one")} < ${placeOf("threads")}))`

/** Rows that hold one of these values in a column; a plus before the column keeps SQLite from its index. */
export const oneOf = (column: string, values: Values | undefined): readonly Condition[] => {
  const all = valuesOf(values)
  return all === undefined
    ? []
    : [{ sql: `${column} IN (SELECT value FROM json_each(?))`, params: [JSON.stringify(all)] }]
}

/** Rows of which one of these columns, or expressions, holds a text, in any case of ASCII letters. */
export const holding = (columns: readonly string[], text: string | undefined): readonly Condition[] => {
  if (text === undefined) return []
  const pattern = `%${text.replace(/[\\%_]/g, (sign) => `\\${sign}`)}%`
  return [
    {
      sql: `(${columns.map((column) => `${column} LIKE ? ESCAPE '\\'`).join(" OR ")})`,
      params: columns.map(() => pattern),
    },
  ]
}

/** Rows whose number in a column is `from` or more, and less than `to`. */
export const within = (column: string, from: number | undefined, to: number | undefined): readonly Condition[] => [
  ...(from === undefined ? [] : [{ sql: `${column} >= ?`, params: [from] }]),
  ...(to === undefined ? [] : [{ sql: `${column} < ?`, params: [to] }]),
]

/** How the ids of a millisecond begin; a time outside of what ids can name is the nearest one. */
const idsOf = (ms: number): string => {
  const hex = Math.min(2 ** 48 - 1, Math.max(0, ms))
    .toString(16)
    .padStart(12, "0")
  return `${hex.slice(0, 8)}-${hex.slice(8)}`
}

/** Times by which rows are chosen: those in their ids. */
export interface MadeQuery {
  /** From this time on, ms since the epoch. */
  readonly from?: number | undefined
  /** Before this time, ms since the epoch. */
  readonly to?: number | undefined
}

/** Rows of time-ordered ids that were made in a time. */
export const madeIn = (id: string, { from, to }: MadeQuery): readonly Condition[] => [
  ...(from === undefined ? [] : [{ sql: `${id} >= ?`, params: [idsOf(from)] }]),
  ...(to === undefined ? [] : [{ sql: `${id} < ?`, params: [idsOf(to)] }]),
]

/** Which threads rows may be of. */
export interface ThreadFilter {
  readonly agent?: Values | undefined
  readonly provider?: Values | undefined
  readonly model?: Values | undefined
  /** Folders: what is in one of them, or below. */
  readonly folder?: Values | undefined
  /** True: without threads that another one spawned; false: those alone. */
  readonly root?: boolean | undefined
}

/** A folder without the separator at its end, but the root, which is one. */
const bare = (folder: string): string => (folder.length > 1 ? folder.replace(/[/\\]+$/, "") : folder)

/** Threads in one of the folders, or below it. */
export const inFolders = (folders: Values | undefined): readonly Condition[] => {
  const all = valuesOf(folders)?.map(bare)
  if (all === undefined) return []
  const one = (folder: string): Condition => {
    const separator = folder.includes("/") || !folder.includes("\\") ? "/" : "\\"
    const below = folder.endsWith(separator) ? folder : `${folder}${separator}`
    const end = `${below.slice(0, -1)}${String.fromCharCode(separator.charCodeAt(0) + 1)}`
    return { sql: "(threads.cwd = ? OR (threads.cwd >= ? AND threads.cwd < ?))", params: [folder, below, end] }
  }
  const each = all.map(one)
  return [{ sql: `(${each.map(({ sql }) => sql).join(" OR ")})`, params: each.flatMap(({ params }) => params) }]
}

/** Conditions of rows of `threads`. */
export const threadConditions = ({ agent, folder, model, provider, root }: ThreadFilter): readonly Condition[] => [
  ...oneOf("threads.agent", agent),
  ...oneOf("threads.provider", provider),
  ...oneOf("threads.model", model),
  ...inFolders(folder),
  ...(root === undefined
    ? []
    : [
        {
          sql: `coalesce(threads.parent_thread_id, threads.parent_native_thread_id) IS ${root ? "" : "NOT "}NULL`,
          params: [],
        },
      ]),
]

/** Which rows of all threads. */
export interface AllThreadsFilter extends ThreadFilter, MadeQuery {
  readonly threadId?: Values | undefined
  /** True: with rows of mirrors; else they are left out. */
  readonly mirrors?: boolean | undefined
}

/** Rows whose threads fit. Threads that are named may be deleted, or mirrors. */
export const ofFittingThreads = (table: string, query: AllThreadsFilter): readonly Condition[] => {
  const named = query.threadId !== undefined
  const where = [
    ...(named ? [] : [{ sql: "threads.deleted_at IS NULL", params: [] }]),
    ...(named || query.mirrors === true ? [] : [{ sql: noMirror, params: [] }]),
    ...threadConditions(query),
  ]
  const fits: readonly Condition[] =
    where.length === 0
      ? []
      : [
          {
            sql: `EXISTS (SELECT 1 FROM threads WHERE threads.thread_id = ${table}.thread_id AND ${where.map(({ sql }) => sql).join(" AND ")})`,
            params: where.flatMap(({ params }) => params),
          },
        ]
  return [...fits, { ...ofWholeThreads, sql: `${table}.${ofWholeThreads.sql}` }]
}

/** Conditions on the columns of a row that take some values, by the names of their columns. */
export const valuesIn = (columns: { readonly [column: string]: Values | undefined }): readonly Condition[] =>
  Object.entries(columns).flatMap(([column, values]) => oneOf(sqlName(column), values))
