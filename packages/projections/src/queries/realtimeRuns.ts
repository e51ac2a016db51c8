/** Voice runs of a thread, by their time-ordered ids, newest first. */

import type { RealtimeRunView } from "@threadfold/contracts"
import { realtimeRunView } from "@threadfold/core/model"
import type { Effect } from "effect"
import type { ThreadListError } from "./Errors.js"
import type { Page, PageQuery } from "./Page.js"
import type { ReadSql } from "./ReadSql.js"
import { each, type ThreadList, threadPage } from "./read.js"

export const realtimeRunList: ThreadList<"realtime_runs", RealtimeRunView> = {
  name: "realtimeRuns",
  table: "realtime_runs",
  order: "desc",
  columns: [{ sql: "realtime_id", type: "string", value: ({ realtimeId }) => realtimeId }],
  view: each(realtimeRunView),
}

/** A page of them. */
export const realtimeRuns = (
  sql: ReadSql,
  threadId: string,
  query: PageQuery = {},
): Effect.Effect<Page<RealtimeRunView>, ThreadListError> => threadPage(sql, realtimeRunList, threadId, query)
