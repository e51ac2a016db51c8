/** Tokens of a thread. */

import type { SqlClient } from "@effect/sql"
import type { Problem, UsageView } from "@threadfold/contracts"
import { Effect } from "effect"
import { usageView } from "../view.js"
import { ofThread, reading, requireThread } from "./read.js"
import { selectRows } from "./select.js"

/** The sum of its turns, or null while nobody reported any. */
export const usage = (sql: SqlClient.SqlClient, threadId: string): Effect.Effect<UsageView | null, Problem> =>
  reading(
    sql,
    Effect.zipRight(requireThread(sql, threadId), selectRows(sql, "usage", [ofThread(threadId)], "LIMIT 1")).pipe(
      Effect.map(([row]) => usageView(row ?? null)),
    ),
  )
