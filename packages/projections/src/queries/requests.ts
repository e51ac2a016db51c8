/** Approvals, questions and tool callbacks of a thread or of all threads, by their time-ordered ids, newest first. */

import type { RequestDetail } from "@threadfold/contracts"
import { requestDetail, requestView } from "@threadfold/core/model"
import type { Effect } from "effect"
import type { ListError, RowError } from "./Errors.js"
import { type Page, type PageQuery, readPage } from "./Page.js"
import type { ReadSql } from "./ReadSql.js"
import { each, listPage, newestFirst, pagesOf, type Resource, resource, type ThreadList } from "./read.js"
import type { Condition } from "./select.js"

export const requestList = newestFirst(
  { name: "requests", table: "requests", id: "request_id" },
  ({ requestId }) => requestId,
  requestView,
)

/** A page of a thread's requests. */
export const requests = pagesOf(requestList)

export interface AllRequestsQuery extends PageQuery {
  /** Only those that wait for an answer, or whose answer is on its way. */
  readonly status?: "open" | "answering" | undefined
}

/** Requests that are not over, in the words of the partial index that holds them. */
const notOver: Condition = { sql: "status IN ('open', 'answering')", params: [] }

/**
 * Requests that are not over. The plus keeps SQLite from walking through all requests there ever were in the order of their
 * ids: the partial index holds the few that are open, and those are sorted.
 */
export const openRequestList: ThreadList<"requests", RequestDetail> = {
  name: "open-requests",
  table: "requests",
  order: "desc",
  columns: [{ sql: "+request_id", type: "string", value: ({ requestId }) => requestId }],
  conditions: [notOver],
  view: each(requestDetail),
}

/** A page of the requests of all threads. */
export const allRequests = (
  sql: ReadSql,
  { status, ...query }: AllRequestsQuery = {},
): Effect.Effect<Page<RequestDetail>, ListError> => {
  const conditions: readonly Condition[] =
    status === undefined ? [] : [notOver, { sql: "status = ?", params: [status] }]
  const list = status === undefined ? requestList : openRequestList
  return listPage(sql, readPage(sql, list, "", conditions, query), (rows) => openRequestList.view(sql, rows))
}

/** One request. */
export const request = (sql: ReadSql, requestId: string): Effect.Effect<Resource<RequestDetail>, RowError> =>
  resource(sql, "requests", requestId, requestDetail)
