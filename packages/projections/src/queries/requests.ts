/** Approvals, questions and tool callbacks of a thread, by their time-ordered ids, newest first. */

import type * as SqlClient from "@effect/sql/SqlClient"
import type { Problem, RequestView } from "@threadfold/contracts"
import type { Effect } from "effect"
import { requestView } from "../view.js"
import type { Page, PageQuery } from "./Page.js"
import { each, type ThreadList, threadPage } from "./read.js"

export const requestList: ThreadList<"requests", RequestView> = {
  name: "requests",
  table: "requests",
  order: "desc",
  columns: [{ sql: "request_id", type: "string", value: ({ requestId }) => requestId }],
  view: each(requestView),
}

/** A page of them. */
export const requests = (
  sql: SqlClient.SqlClient,
  threadId: string,
  query: PageQuery = {},
): Effect.Effect<Page<RequestView>, Problem> => threadPage(sql, requestList, threadId, query)
