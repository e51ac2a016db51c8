/** Searches of the index. What is found is looked at in the database again, so that what was purged or deleted is never shown. */
import { longestPageBytes, type SearchHit, type SearchText } from "@threadfold/contracts"
import { beginningOf, utf8Length } from "@threadfold/core/model"
import type Sqlite from "better-sqlite3"
import { noMirror, type ThreadFilter, threadConditions } from "../queries/filters.js"
import { whereAll } from "../queries/select.js"
import { ofWholeThreads } from "../queries/unfinished.js"
import { kindMark, matchBegins, matchEnds, threadMark } from "./documents.js"

/** How far the index is. */
export interface IndexState {
  /** Sequence up to which it has the log. */
  readonly watermark: number
  /** Sequence of the log. */
  readonly head: number
}

/** What is searched for. */
export interface SearchQuery extends ThreadFilter {
  /** An expression of FTS5 (`searchWords`). */
  readonly match: string
  readonly threadId?: readonly string[] | undefined
  /** Kinds of items, or `turn`, `thread`, `request`. */
  readonly kind?: readonly string[] | undefined
  /** True: also in deleted threads. */
  readonly deleted?: boolean | undefined
  readonly from?: number | undefined
  readonly to?: number | undefined
  /** Documents before this one; absent: from the newest on. */
  readonly before?: number | undefined
  readonly limit: number
}

/** What was found. */
export interface FoundPage {
  readonly sequence: number
  readonly watermark: number
  readonly items: readonly SearchHit[]
  /** The document that the next page begins after; null: nothing follows. */
  readonly last: number | null
}

/** Bytes of a page beside its entries, at most. */
const aroundItems = 1_024

/** Documents that a page looks at. */
const mostLookedAt = 2_000

/** Words of a text beside a match. */
const wordsOfText = 24

interface Found {
  readonly id: number
  readonly kind: string
  readonly rowId: string
  readonly threadId: string
  readonly turnId: string | null
  readonly at: number | null
}

/** Longest piece of a text, bytes: a word may be as long as its text. */
const longestPiece = 2_048
/** Units before the first match. */
const leading = 256
/** Longest title of a thread, bytes. */
const longestTitle = 1_024

/** Of a long piece what stands around its first match. */
const around = (text: string, matches: SearchText["matches"]): SearchText => {
  const wanted = Math.max(0, (matches[0]?.from ?? 0) - leading)
  // Not within a pair of surrogates.
  const from = (text.charCodeAt(wanted) & 0xfc00) === 0xdc00 ? wanted + 1 : wanted
  const shown = beginningOf(text.slice(from), longestPiece)
  const before = from > 0 ? "…" : ""
  const shift = before.length - from
  return {
    text: `${before}${shown}${from + shown.length < text.length ? "…" : ""}`,
    matches: matches
      .filter((one) => one.to <= from + shown.length)
      .map((one) => ({ from: one.from + shift, to: one.to + shift })),
  }
}

/** A snippet with its matches as ranges, in UTF-16 units. */
const textOf = (snippet: string | null): SearchText | null => {
  if (snippet === null || snippet === "") return null
  const matches: { readonly from: number; readonly to: number }[] = []
  let text = ""
  let from = 0
  for (const piece of snippet.split(new RegExp(`([${matchBegins}${matchEnds}])`))) {
    if (piece === matchBegins) from = text.length
    else if (piece === matchEnds) matches.push({ from, to: text.length })
    else text += piece
  }
  return text.length <= longestPiece ? { text, matches } : around(text, matches)
}

const among = (column: string, marks: readonly string[] | undefined): string =>
  marks === undefined ? "" : ` AND ${column} : (${marks.map((mark) => `"${mark}"`).join(" OR ")})`

/*
 * A number is bound as a REAL. FTS5 takes a rowid as INTEGER alone: of any other it leaves the condition out, and says that it has looked.
 */
export const searchesOf = (database: Sqlite.Database, handle: Sqlite.Database) => {
  const matching = handle.prepare<[string, number], Found>(
    `SELECT documents.id, kind, row_id AS "rowId", thread_id AS "threadId", turn_id AS "turnId", at
     FROM texts JOIN documents ON documents.id = texts.rowid WHERE texts MATCH ? AND texts.rowid < CAST(? AS INTEGER) ORDER BY texts.rowid DESC`,
  )
  const snippets = handle.prepare<[string, number], { readonly title: string | null; readonly body: string | null }>(
    `SELECT snippet(texts, 1, '${matchBegins}', '${matchEnds}', '…', ${wordsOfText}) AS title,
       snippet(texts, 2, '${matchBegins}', '${matchEnds}', '…', ${wordsOfText}) AS body
     FROM texts WHERE texts MATCH ? AND rowid = CAST(? AS INTEGER)`,
  )
  const itemKind = database.prepare<[string], string>("SELECT kind FROM items WHERE item_id = ?").pluck()
  const wasRewound = database
    .prepare<[string], number>(
      `SELECT EXISTS (SELECT 1 FROM turns JOIN rewinds ON rewinds.thread_id = turns.thread_id
         AND rewinds.from_ordinal <= turns.ordinal AND rewinds.to_ordinal >= turns.ordinal WHERE turns.turn_id = ?)`,
    )
    .pluck()

  /** Titles of threads that fit; null: the thread does not. */
  const fitting = ({ deleted, threadId, ...filter }: SearchQuery) => {
    const { params, sql: where } = whereAll([
      { sql: "threads.thread_id = ?", params: [] },
      ofWholeThreads,
      { sql: "status <> 'purged'", params: [] },
      ...(threadId === undefined ? [{ sql: noMirror, params: [] }] : []),
      ...(deleted === true ? [] : [{ sql: "threads.deleted_at IS NULL", params: [] }]),
      ...threadConditions(filter),
    ])
    const statement = database.prepare<unknown[], { readonly title: string | null }>(
      `SELECT coalesce(title, first_words) AS title FROM threads${where}`,
    )
    const known = new Map<string, { readonly title: string | null } | null>()
    return (id: string) => {
      const found = known.get(id) ?? (known.has(id) ? null : (statement.get(id, ...params) ?? null))
      known.set(id, found)
      return found
    }
  }

  /** What is shown of a document; null: it is gone from the database. */
  const hitOf = (found: Found, match: string, threadTitle: string | null): SearchHit | null => {
    const { at, id, kind, rowId, threadId, turnId } = found
    const of = kind === "item" ? itemKind.get(rowId) : kind
    const shown = snippets.get(match, id)
    if (of === undefined || shown === undefined) return null
    return {
      threadId,
      threadTitle: threadTitle === null ? null : beginningOf(threadTitle, longestTitle),
      turnId,
      itemId: kind === "item" ? rowId : null,
      requestId: kind === "request" ? rowId : null,
      kind: of,
      at,
      rewound: turnId !== null && wasRewound.get(turnId) === 1,
      title: textOf(shown.title),
      text: textOf(shown.body),
    }
  }

  return (query: SearchQuery, { head, watermark }: IndexState): FoundPage => {
    const { from, kind, limit, threadId, to } = query
    const match =
      `{title body} : (${query.match})` +
      among("marks", threadId?.map(threadMark)) +
      among("marks", kind?.map(kindMark))
    const threadOf = fitting(query)
    const items: SearchHit[] = []
    let room = longestPageBytes - aroundItems
    let looked = 0
    let last: number | null = null
    for (const found of matching.iterate(match, query.before ?? Number.MAX_SAFE_INTEGER)) {
      if (items.length === limit || looked === mostLookedAt) {
        return { sequence: head, watermark, items, last }
      }
      looked += 1
      const before = last
      last = found.id
      const at = found.at ?? 0
      if ((from !== undefined && at < from) || (to !== undefined && at >= to)) continue
      const thread = threadOf(found.threadId)
      const hit = thread === null ? null : hitOf(found, match, thread.title)
      if (hit === null) continue
      room -= utf8Length(JSON.stringify(hit)) + 1
      if (room < 0 && items.length > 0) return { sequence: head, watermark, items, last: before }
      items.push(hit)
    }
    return { sequence: head, watermark, items, last: null }
  }
}
