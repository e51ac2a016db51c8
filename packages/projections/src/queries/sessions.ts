/** Sessions of a thread, the newest epoch first; one session by its id. */

import type { SessionRow, SessionView } from "@threadfold/contracts"
import { sessionView } from "@threadfold/core/model"
import type { Effect } from "effect"
import type { RowError } from "./Errors.js"
import type { ReadSql } from "./ReadSql.js"
import { each, pagesOf, type Resource, resource, type ThreadList } from "./read.js"

export const sessionList: ThreadList<"sessions", SessionView> = {
  name: "sessions",
  table: "sessions",
  order: "desc",
  columns: [{ sql: "epoch", type: "number", value: ({ epoch }) => epoch }],
  view: each(sessionView),
}

/** A page of a thread's sessions. */
export const sessions = pagesOf(sessionList)

const sessionAs =
  <A>(view: (row: SessionRow) => A) =>
  (sql: ReadSql, sessionId: string): Effect.Effect<Resource<A>, RowError> =>
    resource(sql, "sessions", sessionId, view)

/** One session. */
export const session = sessionAs(sessionView)

/** One session as its row holds it. */
export const sessionRow = sessionAs((row) => row)
