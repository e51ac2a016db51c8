/** Tokens of a thread. */

import type * as SqlClient from "@effect/sql/SqlClient"
import type { Problem, UsageView } from "@threadfold/contracts"
import { Effect } from "effect"
import { usageView } from "../view.js"
import { ofThread, reading, requireThread } from "./read.js"
import { headOf, selectRows } from "./select.js"

/** Tokens, and the sequence of the log that they are true for. */
export interface ThreadUsage {
  readonly sequence: number
  /** The sum of the thread's turns; null while nobody reported any. */
  readonly usage: UsageView | null
}

export const usage = (sql: SqlClient.SqlClient, threadId: string): Effect.Effect<ThreadUsage, Problem> =>
  reading(
    sql,
    Effect.gen(function* () {
      yield* requireThread(sql, threadId)
      const sequence = yield* headOf(sql)
      const [row] = yield* selectRows(sql, "usage", [ofThread(threadId)], "LIMIT 1")
      return { sequence, usage: usageView(row ?? null) }
    }),
  )
