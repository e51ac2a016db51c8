/**
 * Turns of a thread, newest first. A message that steered another turn made none: its row is left out. One turn by its id,
 * such a row included: it says which turn took the message.
 */

import type * as SqlClient from "@effect/sql/SqlClient"
import type { Problem, TurnDetail, TurnView } from "@threadfold/contracts"
import type { Effect } from "effect"
import { turnDetail, turnView } from "../view.js"
import type { Page, PageQuery } from "./Page.js"
import { each, type Resource, resource, type ThreadList, threadPage } from "./read.js"

export const turnList: ThreadList<"turns", TurnView> = {
  name: "turns",
  table: "turns",
  order: "desc",
  columns: [{ sql: "ordinal", type: "number", value: ({ ordinal }) => ordinal }],
  conditions: [{ sql: "steered_into IS NULL", params: [] }],
  view: each(turnView),
}

/** A page of them. */
export const turns = (
  sql: SqlClient.SqlClient,
  threadId: string,
  query: PageQuery = {},
): Effect.Effect<Page<TurnView>, Problem> => threadPage(sql, turnList, threadId, query)

/** One turn. */
export const turn = (sql: SqlClient.SqlClient, turnId: string): Effect.Effect<Resource<TurnDetail>, Problem> =>
  resource(sql, "turns", turnId, turnDetail)
