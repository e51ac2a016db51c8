/** What needs a person, of all threads. SQL names the threads that may have something; the rule is `inboxOf` of core. */

import type { Inbox, InboxEntry, RequestRow, StorageUnavailable, ThreadRow, TurnRow } from "@threadfold/contracts"
import { countInbox, inboxOf, orderInbox } from "@threadfold/core"
import { beginningOf, fitting } from "@threadfold/core/model"
import { Effect } from "effect"
import { noMirror } from "./filters.js"
import type { ReadSql } from "./ReadSql.js"
import { reading } from "./read.js"
import { byIds, type Condition, headOf, selectShown } from "./select.js"
import { ofWholeThreads } from "./unfinished.js"

/** Threads and requests that are looked at, at most: beyond, the answer says that it is partial. */
const mostLookedAt = 1_000

/** Entries of an answer where its caller does not say how many. */
const defaultItems = 100

/** Threads that may have something beside a request, in the words of the partial index that holds them. */
const mayNeedPerson: Condition = {
  sql: "(failed_turn_id IS NOT NULL OR queue_held = 1 OR uncertain_turns > 0 OR status = 'stalled')",
  params: [],
}

const inSight: readonly Condition[] = [
  { sql: "deleted_at IS NULL", params: [] },
  ofWholeThreads,
  { sql: noMirror, params: [] },
]

const grouped = <Row extends { readonly threadId: string }>(
  rows: readonly Row[],
): ReadonlyMap<string, readonly Row[]> => {
  const groups = new Map<string, Row[]>()
  for (const row of rows) {
    const group = groups.get(row.threadId)
    if (group === undefined) groups.set(row.threadId, [row])
    else group.push(row)
  }
  return groups
}

/** Longest text of an entry, bytes: it is one line. */
const lineBytes = 1_024

/** An entry whose texts are no longer than a line. */
const inOneLine = (entry: InboxEntry): InboxEntry => ({
  ...entry,
  threadTitle: entry.threadTitle === null ? null : beginningOf(entry.threadTitle, lineBytes),
  text: entry.text === null ? null : beginningOf(entry.text, lineBytes),
})

/** The open requests, oldest first; the plus keeps SQLite from walking all requests there ever were. */
const openRequests = (sql: ReadSql) =>
  selectShown(
    sql,
    "requests",
    [{ sql: "status IN ('open', 'answering') AND status = 'open'", params: [] }],
    `ORDER BY +opened_sequence LIMIT ${mostLookedAt + 1}`,
  )

/** The inbox with so many entries; its counts are of all. */
export const inbox = (sql: ReadSql, limit = defaultItems): Effect.Effect<Inbox, StorageUnavailable> =>
  reading(
    sql,
    Effect.gen(function* () {
      const sequence = yield* headOf(sql)
      const asked: readonly RequestRow[] = yield* openRequests(sql)
      const others: readonly ThreadRow[] = yield* selectShown(
        sql,
        "threads",
        [mayNeedPerson, ...inSight],
        `ORDER BY thread_id LIMIT ${mostLookedAt + 1}`,
      )
      const looked = asked.slice(0, mostLookedAt)
      const known = new Map(others.slice(0, mostLookedAt).map((thread) => [thread.threadId, thread]))
      const unknown = [...new Set(looked.map(({ threadId }) => threadId))].filter((id) => !known.has(id))
      for (const thread of yield* selectShown(sql, "threads", [byIds("thread_id", unknown), ...inSight], "")) {
        known.set(thread.threadId, thread)
      }
      const ids = [...known.keys()]
      const waiting: readonly TurnRow[] = yield* selectShown(
        sql,
        "turns",
        [byIds("thread_id", ids), { sql: "settled = 0 AND status = 'requested'", params: [] }],
        "",
      )
      const failedIds = [...known.values()].flatMap(({ failedTurnId }) => (failedTurnId === null ? [] : [failedTurnId]))
      const failed: readonly TurnRow[] = yield* selectShown(sql, "turns", [byIds("turn_id", failedIds)], "")
      const held = [...known.values()].filter(({ queueHeld }) => queueHeld === 1).map(({ threadId }) => threadId)
      const queues = yield* selectShown(
        sql,
        "queue",
        [byIds("thread_id", held), { sql: "position = 1", params: [] }],
        "",
      )
      const since = new Map(queues.map(({ queuedAt, threadId }) => [threadId, queuedAt]))
      const requestsOf = grouped(looked)
      const turnsOf = grouped([...waiting, ...failed])
      const entries = orderInbox(
        [...known.values()].flatMap((thread) =>
          inboxOf({
            thread,
            requests: requestsOf.get(thread.threadId) ?? [],
            turns: turnsOf.get(thread.threadId) ?? [],
            queuedSince: since.get(thread.threadId) ?? null,
          }),
        ),
        new Map(looked.map(({ openedSequence, requestId }) => [requestId, openedSequence])),
      )
      const shown = entries.slice(0, limit).map(inOneLine)
      const items = shown.slice(0, fitting(shown))
      return {
        sequence,
        counts: countInbox(entries),
        items,
        more: entries.length > items.length,
        partial: asked.length > mostLookedAt || others.length > mostLookedAt,
      }
    }),
  )
