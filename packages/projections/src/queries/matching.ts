/** Threads by what a person calls them. */

import type { StorageUnavailable } from "@threadfold/contracts"
import { Effect } from "effect"
import type { ReadSql } from "./ReadSql.js"
import { reading } from "./read.js"

/** Ids of the threads that a text may mean: a full id, the beginning of one, or a native id. At most `limit`, in order. */
export const matchingThreads = (
  sql: ReadSql,
  text: string,
  limit: number,
): Effect.Effect<readonly string[], StorageUnavailable> =>
  reading(
    sql,
    sql.unsafe<{ readonly id: string }>(
      `SELECT thread_id AS id FROM threads WHERE substr(thread_id, 1, ?) = ? OR native_thread_id = ?
         ORDER BY thread_id LIMIT ?`,
      [text.length, text.toLowerCase(), text, limit],
    ),
  ).pipe(Effect.map((rows) => rows.map(({ id }) => id)))
