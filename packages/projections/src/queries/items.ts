/** Items of a thread with their text, newest first. */

import type * as SqlError from "@effect/sql/SqlError"
import type { ItemView, Rows } from "@threadfold/contracts"
import { type ChunkText, itemView } from "@threadfold/core/model"
import { Effect } from "effect"
import type { ThreadListError } from "./Errors.js"
import type { Page, PageQuery } from "./Page.js"
import type { ReadSql } from "./ReadSql.js"
import { type ThreadList, threadPage } from "./read.js"
import { itemsRewound } from "./rewinds.js"
import type { Condition } from "./select.js"

export interface ItemQuery extends PageQuery {
  /** Only the items of this turn. */
  readonly turnId?: string | undefined
  /** False: without items of turns that were taken back; true: those alone. */
  readonly rewound?: boolean | undefined
}

/** The chunks of the items whose final text has not come, in one query for the page. */
const chunksOf = (
  sql: ReadSql,
  rows: readonly Rows["items"][],
): Effect.Effect<ReadonlyMap<string, readonly ChunkText[]>, SqlError.SqlError> => {
  const ids = rows.filter(({ hasFinal }) => hasFinal === 0).map(({ itemId }) => itemId)
  if (ids.length === 0) return Effect.succeed(new Map())
  return sql
    .unsafe<ChunkText>(
      `SELECT item_id AS "itemId", ordinal, part, text FROM item_chunks
         WHERE item_id IN (SELECT value FROM json_each(?)) ORDER BY item_id, ordinal`,
      [JSON.stringify(ids)],
    )
    .pipe(
      Effect.map((chunks) => {
        const byItem = new Map<string, ChunkText[]>()
        for (const chunk of chunks) {
          const list = byItem.get(chunk.itemId)
          if (list === undefined) byItem.set(chunk.itemId, [chunk])
          else list.push(chunk)
        }
        return byItem
      }),
    )
}

export const itemList: ThreadList<"items", ItemView> = {
  name: "items",
  table: "items",
  order: "desc",
  columns: [{ sql: "ordinal", type: "number", value: ({ ordinal }) => ordinal }],
  view: (sql, rows) =>
    chunksOf(sql, rows).pipe(Effect.map((chunks) => rows.map((row) => itemView(row, chunks.get(row.itemId) ?? [])))),
}

/** A page of them. */
export const items = (
  sql: ReadSql,
  threadId: string,
  { rewound, turnId, ...query }: ItemQuery = {},
): Effect.Effect<Page<ItemView>, ThreadListError> => {
  const ofTurn: readonly Condition[] = turnId === undefined ? [] : [{ sql: "turn_id = ?", params: [turnId] }]
  return threadPage(sql, itemList, threadId, query, [...ofTurn, ...itemsRewound(rewound)])
}
