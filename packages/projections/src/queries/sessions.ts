/** Sessions of a thread, the newest epoch first; one session by its id. */

import type { Rows, SessionView } from "@threadfold/contracts"
import { sessionView } from "@threadfold/core/model"
import { Effect } from "effect"
import type { RowError } from "./Errors.js"
import type { ReadSql } from "./ReadSql.js"
import { each, pagesOf, type Resource, requireRow, resource, resourceOf, type ThreadList } from "./read.js"

export const sessionList: ThreadList<"sessions", SessionView> = {
  name: "sessions",
  table: "sessions",
  order: "desc",
  columns: [{ sql: "epoch", type: "number", value: ({ epoch }) => epoch }],
  view: each(sessionView),
}

/** A page of a thread's sessions. */
export const sessions = pagesOf(sessionList)

/** One session. */
export const session = (sql: ReadSql, sessionId: string): Effect.Effect<Resource<SessionView>, RowError> =>
  resource(sql, "sessions", sessionId, sessionView)

/** One session as its row holds it. */
export const sessionRow = (sql: ReadSql, sessionId: string): Effect.Effect<Resource<Rows["sessions"]>, RowError> =>
  resourceOf(
    sql,
    Effect.map(requireRow(sql, "sessions", sessionId), (row) => ({ row, value: row })),
  )
