/** Tokens of a thread. */

import type { ThreadUsage } from "@threadfold/contracts"
import { threadUsage } from "@threadfold/core/model"
import { Effect } from "effect"
import type { RowError } from "./Errors.js"
import type { ReadSql } from "./ReadSql.js"
import { ofThread, reading, requireThread } from "./read.js"
import { headOf, selectRows } from "./select.js"

/** Tokens, and the sequence of the log that they are true for. */
export interface UsageAnswer {
  readonly sequence: number
  /** The sum of the thread's turns; null while nobody reported any. */
  readonly usage: ThreadUsage | null
}

export const usage = (sql: ReadSql, threadId: string): Effect.Effect<UsageAnswer, RowError> =>
  reading(
    sql,
    Effect.gen(function* () {
      yield* requireThread(sql, threadId)
      const sequence = yield* headOf(sql)
      const [row] = yield* selectRows(sql, "usage", [ofThread(threadId)], "LIMIT 1")
      return { sequence, usage: threadUsage(row ?? null) }
    }),
  )
