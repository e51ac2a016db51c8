/** Hand-overs from voice to the coding agent, by their time-ordered ids, newest first. */

import type { DelegationView } from "@threadfold/contracts"
import { delegationView } from "@threadfold/core/model"
import type { Effect } from "effect"
import type { ThreadListError } from "./Errors.js"
import type { Page, PageQuery } from "./Page.js"
import type { ReadSql } from "./ReadSql.js"
import { each, type ThreadList, threadPage } from "./read.js"

export const delegationList: ThreadList<"delegations", DelegationView> = {
  name: "delegations",
  table: "delegations",
  order: "desc",
  columns: [{ sql: "delegation_id", type: "string", value: ({ delegationId }) => delegationId }],
  view: each(delegationView),
}

/** A page of them. */
export const delegations = (
  sql: ReadSql,
  threadId: string,
  query: PageQuery = {},
): Effect.Effect<Page<DelegationView>, ThreadListError> => threadPage(sql, delegationList, threadId, query)
