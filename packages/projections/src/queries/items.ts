/** Items of a thread with their text, newest first. */

import type * as SqlError from "@effect/sql/SqlError"
import type { ItemView, Rows } from "@threadfold/contracts"
import { itemViews } from "@threadfold/core/model"
import { Effect } from "effect"
import type { ThreadListError } from "./Errors.js"
import type { Page, PageQuery } from "./Page.js"
import type { ReadSql } from "./ReadSql.js"
import { type ThreadList, threadPage } from "./read.js"
import { itemsRewound } from "./rewinds.js"
import { type Condition, selectRows } from "./select.js"

export interface ItemQuery extends PageQuery {
  /** Only the items of this turn. */
  readonly turnId?: string | undefined
  /** False: without items of turns that were taken back; true: those alone. */
  readonly rewound?: boolean | undefined
}

/** The streamed content of the items whose final text has not come, in one query. */
export const chunksOf = (
  sql: ReadSql,
  rows: readonly Rows["items"][],
): Effect.Effect<readonly Rows["item_chunks"][], SqlError.SqlError> => {
  const ids = rows.filter(({ hasFinal }) => hasFinal === 0).map(({ itemId }) => itemId)
  if (ids.length === 0) return Effect.succeed([])
  const ofThem = { sql: "item_id IN (SELECT value FROM json_each(?))", params: [JSON.stringify(ids)] }
  return selectRows(sql, "item_chunks", [ofThem], "ORDER BY item_id, ordinal")
}

export const itemList: ThreadList<"items", ItemView> = {
  name: "items",
  table: "items",
  order: "desc",
  columns: [{ sql: "ordinal", type: "number", value: ({ ordinal }) => ordinal }],
  view: (sql, rows) => Effect.map(chunksOf(sql, rows), (chunks) => itemViews(rows, chunks)),
}

/** A page of a thread's items. */
export const items = (
  sql: ReadSql,
  threadId: string,
  { rewound, turnId, ...query }: ItemQuery = {},
): Effect.Effect<Page<ItemView>, ThreadListError> => {
  const ofTurn: readonly Condition[] = turnId === undefined ? [] : [{ sql: "turn_id = ?", params: [turnId] }]
  return threadPage(sql, itemList, threadId, query, [...ofTurn, ...itemsRewound(rewound)])
}
