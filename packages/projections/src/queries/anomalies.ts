/** What the fold refused to apply, over all threads or of one, the latest first. */

import type { AnomalyReason, AnomalyView, StorageUnavailable } from "@threadfold/contracts"
import { anomalyView } from "@threadfold/core/model"
import { Effect } from "effect"
import type { ListError } from "./Errors.js"
import { type Page, type PageQuery, readPage } from "./Page.js"
import type { ReadSql } from "./ReadSql.js"
import { each, listPage, ofThread, reading, type ThreadList } from "./read.js"
import type { Condition } from "./select.js"
import { ofWholeThreads } from "./unfinished.js"

/** Filters apply together. */
export interface AnomalyQuery extends PageQuery {
  /** The stream: a thread or a connection. */
  readonly threadId?: string | undefined
  readonly reason?: AnomalyReason | undefined
  /** For example `turn:<id>`. */
  readonly subject?: string | undefined
}

export const anomalyList: ThreadList<"anomalies", AnomalyView> = {
  name: "anomalies",
  table: "anomalies",
  order: "desc",
  columns: [
    { sql: "last_sequence", type: "number", value: ({ lastSequence }) => lastSequence },
    { sql: "thread_id", type: "string", value: ({ threadId }) => threadId },
    { sql: "subject", type: "string", value: ({ subject }) => subject },
    { sql: "reason", type: "string", value: ({ reason }) => reason },
  ],
  view: each(anomalyView),
}

/** A page of anomalies. One that comes again moves to the front of the list. */
export const anomalies = (
  sql: ReadSql,
  { threadId, reason, subject, ...query }: AnomalyQuery = {},
): Effect.Effect<Page<AnomalyView>, ListError> => {
  const where: Condition[] = threadId === undefined ? [ofWholeThreads] : [ofThread(threadId)]
  if (reason !== undefined) where.push({ sql: "reason = ?", params: [reason] })
  if (subject !== undefined) where.push({ sql: "subject = ?", params: [subject] })
  return listPage(sql, "anomalies", readPage(sql, anomalyList, threadId ?? "", where, query), (rows) =>
    anomalyList.view(sql, rows),
  )
}

/** How many anomalies each of these threads has; those without any are left out. */
export const anomalyCounts = (
  sql: ReadSql,
  threadIds: readonly string[],
): Effect.Effect<ReadonlyMap<string, number>, StorageUnavailable> =>
  reading(
    sql,
    sql.unsafe<{ readonly id: string; readonly n: number }>(
      `SELECT thread_id AS id, count(*) AS n FROM anomalies
         WHERE thread_id IN (SELECT value FROM json_each(?)) GROUP BY thread_id`,
      [JSON.stringify(threadIds)],
    ),
  ).pipe(Effect.map((rows) => new Map(rows.map(({ id, n }) => [id, n]))))
