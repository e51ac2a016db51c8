/**
 * Rows of a thread and its open state, of one moment, for a program that folds further events itself: the header, what is open,
 * and the newest of every list. Bounded, however long the thread is; the answer says what it leaves out, so that the
 * program never takes a row that it does not hold for one that does not exist.
 */

import type * as SqlError from "@effect/sql/SqlError"
import { type AnyRow, columnName, longestTextBytes, type TableName } from "@threadfold/contracts"
import { decodeState, FOLD_VERSION, type FoldState } from "@threadfold/core"
import { type Cells, cells, keyOf, layout, toRow, utf8Length } from "@threadfold/core/model"
import { Effect } from "effect"
import { listCondition } from "../SqlText.js"
import { anomalyList } from "./anomalies.js"
import type { CursorInvalid, LimitInvalid, RowNotFound, ThreadListError } from "./Errors.js"
import { itemList } from "./items.js"
import { delegationList, inferenceList, noMore, queueList, realtimeRunList, taskList } from "./lists.js"
import { type List, limitOf, readPage } from "./Page.js"
import type { ReadSql } from "./ReadSql.js"
import { ofThread, reading, requireShown, shownCells } from "./read.js"
import { requestList } from "./requests.js"
import { holdingAny } from "./rewinds.js"
import { byIds, type Condition, headOf, type ShownRow, selectShown, shownChunks } from "./select.js"
import { sessionList } from "./sessions.js"
import { shownState } from "./shownState.js"
import { turnList } from "./turns.js"

/** At most so many open rows of a table, and rows of what belongs to a row, are put in. */
const usualOpen = 500
const mostParts = 5_000

export interface RowsSnapshotQuery {
  /** How many of the newest rows of each list, 1 to 500. Default 50. */
  readonly limit?: number | undefined
  /** Bytes of a text at most, where they are to be fewer than usual. */
  readonly textBytes?: number | undefined
  /** Open rows of a table at most, where they are to be fewer than usual. */
  readonly openRows?: number | undefined
  /** The open state of the moment; absent: the stored one. */
  readonly state?: FoldState | undefined
}

/** What is read: the body of the API without what names a place in streams. */
export interface ReadRows {
  readonly threadId: string
  readonly sequence: number
  readonly foldVersion: number
  readonly state: FoldState | null
  /** A row of which a text is cut has `truncated` beside its columns. */
  readonly rows: { readonly [N in TableName]?: readonly Cells[] }
  readonly rest: { readonly [N in TableName]?: string | null }
  readonly openComplete: boolean
  readonly whole: readonly string[]
  readonly more: { readonly [list: string]: string | null }
}

type Sql<A> = Effect.Effect<A, LimitInvalid | CursorInvalid | RowNotFound | SqlError.SqlError>

/** Table → its list that holds every open row of a thread. */
const openLists = [
  ["items", "openInTurn"],
  ["requests", "openInThread"],
  ["inferences", "openInThread"],
  ["delegations", "openInTurn"],
  ["tasks", "openInThread"],
] as const

/** Which rows a list holds, in the words of its index. */
const conditionOf = (table: TableName, name: string): string => {
  const list = layout(table).lists.get(name)
  return list === undefined ? "1" : listCondition(list)
}

/** Rows by table and key, each once. */
class Gathered {
  private readonly tables = new Map<TableName, Map<string, AnyRow>>()

  /** @param texts bytes of a text at most */
  constructor(private readonly texts: number) {}

  add(table: TableName, rows: readonly AnyRow[]): void {
    const held = this.tables.get(table) ?? new Map<string, AnyRow>()
    this.tables.set(table, held)
    for (const row of rows) held.set(JSON.stringify(keyOf(layout(table), cells(row))), row)
  }

  /** Adds the beginnings of what streams, in the order of the items, and notes on each item whether that is all. */
  addStreams(chunks: readonly ShownRow<"item_chunks">[]): void {
    const taken = new Map<string, { chunks: number; bytes: number }>()
    for (const chunk of chunks) {
      const sum = taken.get(chunk.itemId) ?? { chunks: 0, bytes: 0 }
      taken.set(chunk.itemId, sum)
      if (sum.bytes >= this.texts) continue
      this.add("item_chunks", [chunk])
      sum.chunks += 1
      sum.bytes += utf8Length(chunk.text)
    }
    for (const row of this.of("items")) {
      const item = toRow("items", cells(row))
      const { bytes = 0, chunks: held = 0 } = taken.get(item.itemId) ?? {}
      if (item.hasFinal === 1 || (held === item.chunks && bytes <= this.texts)) continue
      this.add("items", [{ ...item, ...{ wholeSizes: { text: item.chunkChars } } }])
    }
  }

  of(table: TableName): readonly AnyRow[] {
    return [...(this.tables.get(table)?.values() ?? [])]
  }

  holds(table: TableName, id: string): boolean {
    return this.tables.get(table)?.has(JSON.stringify([id])) === true
  }

  all(): { readonly [N in TableName]?: readonly Cells[] } {
    return Object.fromEntries(
      [...this.tables].map(([table, rows]) => [
        table,
        [...rows.values()].map((row) => shownCells(table, cells(row), this.texts)),
      ]),
    )
  }
}

/** Name in SQL of the first key column. */
const idColumn = (table: TableName): string => columnName(layout(table).key[0] ?? "")

/** The highest id of a thread's rows that were not gathered; null: all were. Reads no more of the index than was gathered. */
const highestLeft = (
  sql: ReadSql,
  table: "turns" | "items" | "requests",
  threadId: string,
  gathered: Gathered,
): Effect.Effect<string | null, SqlError.SqlError> => {
  const column = idColumn(table)
  return sql
    .unsafe<{ readonly id: string }>(
      `SELECT ${column} AS id FROM ${table} WHERE thread_id = ? ORDER BY ${column} DESC LIMIT ?`,
      [threadId, gathered.of(table).length + 1],
    )
    .pipe(Effect.map((found) => found.find(({ id }) => !gathered.holds(table, id))?.id ?? null))
}

/** The open state that goes with the rows; null: another version of the fold made them, or they wait for a rebuild. */
const openState = (
  sql: ReadSql,
  threadId: string,
  streamVersion: number,
): Effect.Effect<FoldState | null, SqlError.SqlError> =>
  sql
    .unsafe<{ readonly state: string }>(
      "SELECT state FROM fold_state WHERE stream_id = ? AND fold_version = ? AND stream_version >= ? AND status = 'ok'",
      [threadId, FOLD_VERSION, streamVersion],
    )
    .pipe(Effect.map(([found]) => (found === undefined ? null : decodeState(found.state))))

/** Ids of rows that the open state names, by table: they are never left out. */
const namedBy = (state: FoldState | null): readonly (readonly [TableName, readonly string[]])[] =>
  state === null
    ? []
    : [
        ["turns", [state.active, ...state.requested, state.provisional].flatMap((turn) => turn?.turnId ?? [])],
        ["items", state.recentItems.map(({ itemId }) => itemId)],
        ["requests", state.elsewhere?.requestIds ?? []],
        ["realtime_runs", [state.realtime, ...state.pendingRealtime].flatMap((run) => run?.realtimeId ?? [])],
      ]

/** What is said of a purged thread, beside its row. */
const tombstone = (threadId: string, sequence: number): Omit<ReadRows, "rows" | "state"> => ({
  threadId,
  sequence,
  foldVersion: FOLD_VERSION,
  rest: {},
  openComplete: true,
  whole: [],
  more: noMore(queueList),
})

const readRows = (
  sql: ReadSql,
  threadId: string,
  limit: number,
  { openRows: mostOpen = usualOpen, state: known, textBytes = longestTextBytes }: RowsSnapshotQuery,
): Sql<ReadRows> =>
  Effect.gen(function* () {
    const sequence = yield* headOf(sql)
    const thread = yield* requireShown(sql, "threads", threadId)
    const state = known ?? (yield* openState(sql, threadId, thread.streamVersion))
    const gathered = new Gathered(textBytes)
    const rest: { [N in TableName]?: string | null } = {}
    const more: Record<string, string | null> = {}
    const add = (table: TableName, where: Condition, tail = ""): Effect.Effect<number, SqlError.SqlError> =>
      Effect.map(selectShown(sql, table, [where], tail), (rows) => {
        gathered.add(table, rows)
        return rows.length
      })

    gathered.add("threads", [thread])
    // What a purge has yet to remove is gone already for who keeps a copy of the thread.
    if (thread.status === "purged") return { ...tombstone(threadId, sequence), state, rows: gathered.all() }
    yield* add("usage", ofThread(threadId))
    yield* add("queue", ofThread(threadId), `ORDER BY ${queueList.columns.map((column) => column.sql).join(", ")}`)
    if (thread.sessionId !== null) yield* add("sessions", byIds("session_id", [thread.sessionId]))

    const page = <N extends TableName>(list: List<N>): Sql<void> =>
      Effect.map(readPage(sql, list, threadId, [ofThread(threadId)], { limit }), ({ next, rows }) => {
        gathered.add(list.table, rows)
        more[list.name] = next
        if (next === null) return
        // A list in the order of its ids leaves out lower ones alone.
        const byId = list.columns.length === 1 && list.columns[0]?.sql === idColumn(list.table)
        const last = rows.at(-1)
        rest[list.table] = byId && last !== undefined ? String(keyOf(layout(list.table), cells(last))[0]) : null
      })
    yield* page(sessionList)
    yield* page(turnList)
    yield* page(itemList)
    yield* page(requestList)
    yield* page(inferenceList)
    yield* page(realtimeRunList)
    yield* page(delegationList)
    yield* page(taskList)
    yield* page(anomalyList)

    for (const [table, ids] of namedBy(state)) {
      if (ids.length > 0) yield* add(table, byIds(idColumn(table), ids))
    }

    let openComplete = true
    for (const [table, name] of openLists) {
      const where = { sql: `thread_id = ? AND ${conditionOf(table, name)}`, params: [threadId] }
      if ((yield* add(table, where, `LIMIT ${mostOpen + 1}`)) > mostOpen) openComplete = false
    }
    // What an inferred end has closed may come back with the turn.
    const interrupted = conditionOf("items", "interruptedCommandsOfTurn")
    const doubted = [state?.active, state?.provisional].flatMap((turn) => turn?.turnId ?? [])
    const whole = new Set<string>()
    for (const turnId of doubted) {
      const where = { sql: `thread_id = ? AND turn_id = ? AND ${interrupted}`, params: [threadId, turnId] }
      if ((yield* add("items", where, `LIMIT ${mostOpen + 1}`)) <= mostOpen) whole.add(turnId)
    }

    for (const table of ["turns", "items", "requests"] as const) {
      const highest = table in rest ? yield* highestLeft(sql, table, threadId, gathered) : null
      if (highest === null) delete rest[table]
      else rest[table] = highest
    }

    // What belongs to the rows: streamed text, the items of attempts that run, the ranges that hold the turns.
    const streaming = gathered
      .of("items")
      .flatMap((row) => ("hasFinal" in row && row.hasFinal === 0 ? [row.itemId] : []))
    gathered.addStreams(
      yield* selectShown(
        sql,
        "item_chunks",
        [byIds("item_id", streaming), { sql: `ordinal < ${shownChunks}`, params: [] }],
        "ORDER BY item_id, ordinal",
      ),
    )
    rest.item_chunks = null
    for (const itemId of streaming) whole.add(itemId)
    for (const row of gathered.of("inferences")) {
      if (!("upstreamRequestId" in row) || row.status !== "running") continue
      const where = { sql: "thread_id = ? AND inference_id = ?", params: [threadId, row.inferenceId] }
      if ((yield* add("inference_items", where, `LIMIT ${mostParts + 1}`)) <= mostParts) whole.add(row.inferenceId)
    }
    rest.inference_items = null
    if ((yield* add("rewinds", ofThread(threadId), `ORDER BY ordinal DESC LIMIT ${mostOpen}`)) === mostOpen) {
      rest.rewinds = null
      const turns = gathered.of("turns").flatMap((row) => ("steeredInto" in row ? [row] : []))
      yield* add("rewinds", holdingAny(threadId, turns))
    }
    const rows = gathered.all()
    return {
      threadId,
      sequence,
      foldVersion: FOLD_VERSION,
      state: shownState(state, rows),
      rows,
      rest,
      openComplete,
      whole: [...whole],
      more,
    }
  })

/** The snapshot. Fails with `thread-not-found`, `invalid-request` (a limit out of range) or `unavailable`. */
export const rowsSnapshot = (
  sql: ReadSql,
  threadId: string,
  query: RowsSnapshotQuery = {},
): Effect.Effect<ReadRows, ThreadListError> =>
  Effect.flatMap(limitOf(query), (limit) => reading(sql, readRows(sql, threadId, limit, query)))
