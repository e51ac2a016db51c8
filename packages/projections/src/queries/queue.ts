/** Messages that wait for their turn, in the order in which they run. */

import type { QueueView } from "@threadfold/contracts"
import { queueView } from "@threadfold/core/model"
import type { Effect } from "effect"
import type { ThreadListError } from "./Errors.js"
import type { Page, PageQuery } from "./Page.js"
import type { ReadSql } from "./ReadSql.js"
import { each, type ThreadList, threadPage } from "./read.js"

export const queueList: ThreadList<"queue", QueueView> = {
  name: "queue",
  table: "queue",
  order: "asc",
  columns: [
    { sql: "position", type: "number", value: ({ position }) => position },
    { sql: "message_id", type: "string", value: ({ messageId }) => messageId },
  ],
  view: each(queueView),
}

/** A page of them. */
export const queue = (
  sql: ReadSql,
  threadId: string,
  query: PageQuery = {},
): Effect.Effect<Page<QueueView>, ThreadListError> => threadPage(sql, queueList, threadId, query)
