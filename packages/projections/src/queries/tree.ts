/** A thread with the threads that it spawned; how full the context of a conversation is, and what its agent said last. */

import type * as SqlError from "@effect/sql/SqlError"
import type { Compaction, ContextMeter, LastWord, Rows, ThreadTree, TreeNode } from "@threadfold/contracts"
import { beginningOf, fitting, threadView, usageView } from "@threadfold/core/model"
import { Effect } from "effect"
import { chunkText, textBeginning } from "../LongTexts.js"
import type { RowError } from "./Errors.js"
import type { ReadSql } from "./ReadSql.js"
import { notFound, reading } from "./read.js"
import { byIds, headOf, selectRows, selectShown } from "./select.js"

/** Levels below the thread that is asked for. */
const deepest = 16
/** The newest items that are looked at for the last message, and for the last compaction. */
const mostSaid = 200
const mostCompacted = 2_000
/** Longest last word, bytes. */
const wordBytes = 1_024

/** Compaction of a thread, looked for from its end. */
const compactionOf = (sql: ReadSql, threadId: string): Effect.Effect<Compaction | null, SqlError.SqlError> =>
  Effect.map(
    sql.unsafe<Compaction>(
      `SELECT item_id AS "itemId", turn_id AS "turnId", status, at FROM
         (SELECT item_id, turn_id, status, kind, coalesce(ended_at, started_at) AS at FROM items
            WHERE thread_id = ? ORDER BY ordinal DESC LIMIT ${mostCompacted})
       WHERE kind = 'compaction' LIMIT 1`,
      [threadId],
    ),
    ([found]) => found ?? null,
  )

/** Tokens of a call: the provider's own sum, else prompt and answer. */
const tokensOf = (last: Rows["usage"]["last"]): number | null =>
  last?.totalTokens ??
  (last?.inputTokens === undefined || last.inputTokens === null ? null : last.inputTokens + (last.outputTokens ?? 0))

/** How full the context of a thread is. */
export const contextOf = (
  sql: ReadSql,
  threadId: string,
  usage: Rows["usage"] | null,
): Effect.Effect<ContextMeter, SqlError.SqlError> =>
  Effect.map(compactionOf(sql, threadId), (compaction) => ({
    used: tokensOf(usage?.last ?? null),
    window: usage?.contextWindow ?? null,
    compaction,
  }))

interface FoundWord {
  readonly itemId: string
  readonly turnId: string | null
  readonly text: string | null
  readonly at: number | null
}

/** The last message of an agent: its final text, or the beginning of what streams. */
const lastWordOf = (sql: ReadSql, threadId: string): Effect.Effect<LastWord | null, SqlError.SqlError> =>
  Effect.map(
    sql.unsafe<FoundWord>(
      `SELECT item_id AS "itemId", turn_id AS "turnId", at, coalesce(
           (SELECT substr(${textBeginning("items", "text")}, 1, ${wordBytes}) FROM items WHERE item_id = said.item_id),
           (SELECT substr(${chunkText("item_chunks")}, 1, ${wordBytes}) FROM item_chunks WHERE item_id = said.item_id AND ordinal = 0)) AS text
       FROM (SELECT item_id, turn_id, kind, coalesce(ended_at, started_at) AS at FROM items
               WHERE thread_id = ? ORDER BY ordinal DESC LIMIT ${mostSaid}) AS said
       WHERE kind = 'agent_message' LIMIT 1`,
      [threadId],
    ),
    ([found]) => (found === undefined ? null : { ...found, text: beginningOf(found.text ?? "", wordBytes) }),
  )

const nodeOf = (
  sql: ReadSql,
  row: Rows["threads"],
  depth: number,
  usage: Rows["usage"] | null,
): Effect.Effect<TreeNode, SqlError.SqlError> =>
  Effect.gen(function* () {
    const view = threadView(row)
    return {
      threadId: view.threadId,
      parentThreadId: view.parentThreadId,
      depth,
      title: view.title === null ? null : beginningOf(view.title, wordBytes),
      firstWords: view.firstWords,
      agent: view.agent,
      provider: view.provider,
      model: view.model,
      status: view.status,
      activeTurnId: view.activeTurnId,
      openRequests: view.openRequests,
      turns: view.turns,
      unread: view.unread,
      createdAt: view.createdAt,
      lastActivityAt: view.lastActivityAt,
      usage: usageView(usage),
      context: yield* contextOf(sql, row.threadId, usage),
      lastWord: yield* lastWordOf(sql, row.threadId),
    }
  })

interface Place {
  readonly id: string
  readonly depth: number
}

/** The thread and what it spawned, level by level, at most so many; a place is unique, so that not even a damaged link makes a circle. */
const placesOf = (sql: ReadSql, threadId: string, most: number): Effect.Effect<readonly Place[], SqlError.SqlError> =>
  Effect.gen(function* () {
    const places = new Map<string, number>([[threadId, 0]])
    let level: readonly string[] = [threadId]
    for (let depth = 1; depth <= deepest && level.length > 0 && places.size < most; depth++) {
      const found = yield* sql.unsafe<{ readonly id: string }>(
        `SELECT thread_id AS id FROM threads WHERE parent_thread_id IN (SELECT value FROM json_each(?))
           AND deleted_at IS NULL ORDER BY thread_id LIMIT ${most}`,
        [JSON.stringify(level)],
      )
      level = found
        .map(({ id }) => id)
        .filter((id) => !places.has(id))
        .slice(0, most - places.size)
      for (const id of level) places.set(id, depth)
    }
    return [...places].map(([id, depth]) => ({ id, depth }))
  })

/** A parent before its children. */
const inOrder = (nodes: readonly TreeNode[]): readonly TreeNode[] => {
  const children = new Map<string | null, TreeNode[]>()
  for (const node of nodes) {
    const parent = node.depth === 0 ? null : node.parentThreadId
    const siblings = children.get(parent)
    if (siblings === undefined) children.set(parent, [node])
    else siblings.push(node)
  }
  const from = (node: TreeNode): readonly TreeNode[] => [node, ...(children.get(node.threadId) ?? []).flatMap(from)]
  return (children.get(null) ?? []).flatMap(from)
}

/** The tree of a thread. Fails with `RowNotFound` where there is no such thread. */
export const threadTree = (sql: ReadSql, threadId: string, limit = 200): Effect.Effect<ThreadTree, RowError> =>
  reading(
    sql,
    Effect.gen(function* () {
      const sequence = yield* headOf(sql)
      const places = yield* placesOf(sql, threadId, limit + 1)
      const shown = places.slice(0, limit)
      const ids = byIds(
        "thread_id",
        shown.map(({ id }) => id),
      )
      const rows = new Map((yield* selectShown(sql, "threads", [ids], "")).map((row) => [row.threadId, row]))
      if (!rows.has(threadId)) return yield* notFound("threads", threadId)
      const usages = new Map((yield* selectRows(sql, "usage", [ids], "")).map((row) => [row.threadId, row]))
      const nodes = yield* Effect.forEach(shown, ({ depth, id }) => {
        const row = rows.get(id)
        return row === undefined
          ? Effect.succeed([])
          : Effect.map(nodeOf(sql, row, depth, usages.get(id) ?? null), (node) => [node])
      })
      const ordered = inOrder(nodes.flat())
      const items = ordered.slice(0, fitting(ordered))
      return { sequence, items, more: places.length > items.length }
    }),
  )
