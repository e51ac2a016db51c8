/** Approvals, questions and tool callbacks of a thread, in the order of the log, newest first; one by its id. */

import type { RequestDetail, RequestView, Rows, Values } from "@threadfold/contracts"
import { requestDetail, requestView } from "@threadfold/core/model"
import type { Effect } from "effect"
import type { RowError } from "./Errors.js"
import { holding, type MadeQuery, madeIn, valuesIn } from "./filters.js"
import type { OrderColumn, PageQuery } from "./Page.js"
import type { ReadSql } from "./ReadSql.js"
import { each, pagesOf, type Resource, resource, type ThreadList } from "./read.js"
import type { Condition } from "./select.js"

/**
 * Ids of one millisecond stand in no order, and a source's clock may go back: the log has the order in which requests were asked. Rows
 * that an older version has made have no place there until they are folded again; their ids keep them apart.
 */
export const byOpening: readonly OrderColumn<Rows["requests"]>[] = [
  { sql: "opened_sequence", type: "number", value: ({ openedSequence }) => openedSequence },
  { sql: "request_id", type: "string", value: ({ requestId }) => requestId },
]

export const requestList: ThreadList<"requests", RequestView> = {
  name: "requests",
  table: "requests",
  order: "desc",
  columns: byOpening,
  view: each(requestView),
}

/** What requests are chosen by, in one thread or in all. */
export interface RequestFilter extends MadeQuery {
  readonly status?: Values | undefined
  readonly kind?: Values | undefined
  readonly text?: string | undefined
}

export const requestFilters = ({ kind, status, text, ...made }: RequestFilter): readonly Condition[] => [
  ...valuesIn({ status, kind }),
  ...holding(["title"], text),
  ...madeIn("request_id", made),
]

/** A page of a thread's requests. */
export const requests = pagesOf<"requests", RequestView, PageQuery & RequestFilter>(requestList, requestFilters)

/** One request. */
export const request = (sql: ReadSql, requestId: string): Effect.Effect<Resource<RequestDetail>, RowError> =>
  resource(sql, "requests", requestId, requestDetail)
