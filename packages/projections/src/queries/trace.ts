/** The trace of a thread, turn by turn, newest first. However long a thread is, a page reads the rows of its turns alone. */
import type * as SqlError from "@effect/sql/SqlError"
import type { Rows, TraceTurn } from "@threadfold/contracts"
import { type TracedItem, tracedAtMost, turnTrace } from "@threadfold/core/model"
import { Effect } from "effect"
import type { ReadSql } from "./ReadSql.js"
import { ofThread, pagesOf, type ThreadList } from "./read.js"
import { byIds, selectRows } from "./select.js"

/** Output items that are read for one turn. */
const mostOutputs = 1_000

const outputsOf = (
  sql: ReadSql,
  threadId: string,
  attempts: readonly Rows["inferences"][],
): Effect.Effect<readonly Rows["inference_items"][], SqlError.SqlError> => {
  const ids = attempts.filter(({ items }) => items > 0).map(({ inferenceId }) => inferenceId)
  if (ids.length === 0) return Effect.succeed([])
  const first = { sql: "ordinal <= ?", params: [tracedAtMost] }
  return selectRows(
    sql,
    "inference_items",
    [ofThread(threadId), byIds("inference_id", ids), first],
    `ORDER BY inference_id, ordinal LIMIT ${mostOutputs}`,
  )
}

/** What the thread shows of output items: by their keys, without texts and data. */
const itemsOf = (
  sql: ReadSql,
  turnId: string,
  keys: readonly string[],
): Effect.Effect<ReadonlyMap<string, TracedItem>, SqlError.SqlError> =>
  keys.length === 0
    ? Effect.succeed(new Map())
    : Effect.map(
        sql.unsafe<TracedItem>(
          `SELECT item_id AS "itemId", native_item_id AS "nativeItemId", kind, title, status,
                  started_at AS "startedAt", ended_at AS "endedAt"
           FROM items WHERE turn_id = ? AND native_item_id IN (SELECT value FROM json_each(?))`,
          [turnId, JSON.stringify(keys)],
        ),
        (found) => new Map(found.flatMap((item) => (item.nativeItemId === null ? [] : [[item.nativeItemId, item]]))),
      )

const subagentsOf = (sql: ReadSql, { endedAt, startedAt, threadId }: Rows["turns"]) =>
  startedAt === null
    ? Effect.succeed([])
    : sql.unsafe<TraceTurn["subagents"][number]>(
        `SELECT thread_id AS "threadId", title, status, created_at AS "createdAt" FROM threads
         WHERE parent_thread_id = ? AND created_at >= ? AND created_at <= ? ORDER BY created_at LIMIT ${tracedAtMost}`,
        [threadId, startedAt, endedAt ?? Number.MAX_SAFE_INTEGER],
      )

const traceOfTurn = (sql: ReadSql, turn: Rows["turns"]): Effect.Effect<TraceTurn, SqlError.SqlError> =>
  Effect.gen(function* () {
    const { threadId, turnId } = turn
    const ofTurn = { sql: "turn_id = ?", params: [turnId] }
    const tail = `ORDER BY inference_id LIMIT ${tracedAtMost + 1}`
    const attempts = yield* selectRows(sql, "inferences", [ofThread(threadId), ofTurn], tail)
    const outputs = yield* outputsOf(sql, threadId, attempts)
    const items = yield* itemsOf(
      sql,
      turnId,
      outputs.map(({ itemKey }) => itemKey),
    )
    return turnTrace({ turn, attempts, outputs, items, subagents: yield* subagentsOf(sql, turn) })
  })

const traceList: ThreadList<"turns", TraceTurn> = {
  name: "trace",
  table: "turns",
  order: "desc",
  columns: [{ sql: "ordinal", type: "number", value: ({ ordinal }) => ordinal }],
  conditions: [{ sql: "steered_into IS NULL", params: [] }],
  view: (sql, rows) => Effect.forEach(rows, (turn) => traceOfTurn(sql, turn)),
}

/** A page of a thread's trace. */
export const trace = pagesOf(traceList)
