/** Items of a thread with their text, newest first. */

import type * as SqlError from "@effect/sql/SqlError"
import type { ItemDetail, ItemView, Rows, Values } from "@threadfold/contracts"
import { itemView, itemViewer } from "@threadfold/core/model"
import { Effect } from "effect"
import { wholeText } from "../LongTexts.js"
import { type RowError, RowNotFound, type ThreadListError } from "./Errors.js"
import { holding, type MadeQuery, madeIn, valuesIn } from "./filters.js"
import type { Page, PageQuery } from "./Page.js"
import type { ReadSql } from "./ReadSql.js"
import { reading, shownEntry, type ThreadList, threadPage } from "./read.js"
import { itemsRewound } from "./rewinds.js"
import { byIds, type Condition, headOf, selectRows, selectShown, shownChunks } from "./select.js"

/** What items are chosen by, in one thread or in all. */
export interface ItemFilter extends MadeQuery {
  readonly status?: Values | undefined
  readonly kind?: Values | undefined
  readonly text?: string | undefined
}

export const itemFilters = ({ kind, status, text, ...made }: ItemFilter): readonly Condition[] => [
  ...valuesIn({ status, kind }),
  ...holding(["title", wholeText("items", "text")], text),
  ...madeIn("item_id", made),
]

export interface ItemQuery extends PageQuery, ItemFilter {
  /** Only the items of this turn. */
  readonly turnId?: string | undefined
  /** False: without items of turns that were taken back; true: those alone. */
  readonly rewound?: boolean | undefined
}

/**
 * The streamed content of the items whose final text has not come, in one query. @param whole true: all of it; else the beginning that
 * is shown
 */
export const chunksOf = (
  sql: ReadSql,
  rows: readonly Rows["items"][],
  whole = false,
): Effect.Effect<readonly Rows["item_chunks"][], SqlError.SqlError> => {
  const ids = rows.filter(({ hasFinal }) => hasFinal === 0).map(({ itemId }) => itemId)
  if (ids.length === 0) return Effect.succeed([])
  const tail = "ORDER BY item_id, ordinal"
  const ofItems = byIds("item_id", ids)
  return whole
    ? selectRows(sql, "item_chunks", [ofItems], tail)
    : selectShown(sql, "item_chunks", [ofItems, { sql: `ordinal < ${shownChunks}`, params: [] }], tail)
}

export const itemList: ThreadList<"items", ItemView> = {
  name: "items",
  table: "items",
  order: "desc",
  columns: [{ sql: "ordinal", type: "number", value: ({ ordinal }) => ordinal }],
  view: (sql, rows) => Effect.map(chunksOf(sql, rows), (chunks) => rows.map(itemViewer(chunks))),
}

/** A page of a thread's items. */
export const items = (
  sql: ReadSql,
  threadId: string,
  query: ItemQuery = {},
): Effect.Effect<Page<ItemView>, ThreadListError> => {
  const { rewound, turnId } = query
  const ofTurn: readonly Condition[] = turnId === undefined ? [] : [{ sql: "turn_id = ?", params: [turnId] }]
  return threadPage(sql, itemList, threadId, query, [...ofTurn, ...itemsRewound(rewound)], itemFilters(query))
}

/** Requests of a thread that are looked at for the one about an item, the newest. */
const mostRequests = 500

/** An item by its id, with its data as it is stored, and the last request about it. */
export interface FoundItem {
  readonly sequence: number
  readonly item: ItemDetail
  /** Its data whole; null: it has none, or more than 1 MiB. */
  readonly data: unknown
  /** The last request about it; null: there is none among the newest 500 of its thread. */
  readonly request: Rows["requests"] | null
}

/** One item. Fails with `RowNotFound`. */
export const item = (sql: ReadSql, itemId: string): Effect.Effect<FoundItem, RowError> =>
  reading(
    sql,
    Effect.gen(function* () {
      const sequence = yield* headOf(sql)
      const [row] = yield* selectShown(sql, "items", [{ sql: "item_id = ?", params: [itemId] }], "LIMIT 1")
      if (row === undefined) return yield* new RowNotFound({ resource: "row", id: itemId })
      const { data = null, threadId } = row
      const about: Condition = {
        sql: `request_id IN (SELECT request_id FROM
          (SELECT request_id, item_id FROM requests WHERE thread_id = ? ORDER BY opened_sequence DESC LIMIT ${mostRequests})
          WHERE item_id = ?)`,
        params: [threadId, itemId],
      }
      const [request = null] = yield* selectShown(sql, "requests", [about], "ORDER BY opened_sequence DESC LIMIT 1")
      const view = itemView(row, yield* chunksOf(sql, [row]))
      return { sequence, item: { threadId, ...shownEntry("items", row, view) }, data, request }
    }),
  )
