/** Approvals, questions and tool callbacks of a thread, by their time-ordered ids, newest first; one by its id. */

import type { RequestDetail, RequestView, Values } from "@threadfold/contracts"
import { requestDetail, requestView } from "@threadfold/core/model"
import type { Effect } from "effect"
import type { RowError } from "./Errors.js"
import { holding, type MadeQuery, madeIn, valuesIn } from "./filters.js"
import type { PageQuery } from "./Page.js"
import type { ReadSql } from "./ReadSql.js"
import { newestFirst, pagesOf, type Resource, resource } from "./read.js"
import type { Condition } from "./select.js"

export const requestList = newestFirst(
  { name: "requests", table: "requests", id: "request_id" },
  ({ requestId }) => requestId,
  requestView,
)

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
