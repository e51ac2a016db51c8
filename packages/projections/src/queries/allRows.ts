/**
 * Turns, items, requests and model calls of all threads, newest first: requests in the order of the log, the others by their
 * time-ordered ids. A list is read in the order of an index; where only rows that are not over are wanted, a partial index holds those few, and they are sorted.
 */
import type {
  InferenceDetail,
  ItemDetail,
  RequestDetail,
  Rows,
  StorageUnavailable,
  TableName,
  TurnDetail,
} from "@threadfold/contracts"
import { type Values, valuesOf } from "@threadfold/contracts"
import { inferenceView, requestDetail, turnDetail } from "@threadfold/core/model"
import { Effect } from "effect"
import type { PageError } from "./Errors.js"
import { type AllThreadsFilter, ofFittingThreads, oneOf } from "./filters.js"
import { itemFilters, itemList } from "./items.js"
import { inferenceFilters } from "./lists.js"
import { type Page, type PageQuery, readPage } from "./Page.js"
import type { ReadSql } from "./ReadSql.js"
import { each, listPage, type ThreadList } from "./read.js"
import { byOpening, requestFilters } from "./requests.js"
import { rangesOf } from "./rewinds.js"
import type { Condition } from "./select.js"
import { turnFilters } from "./turns.js"

/** A list of all threads' rows of a table. */
interface AllRows<N extends TableName, A> extends ThreadList<N, A> {
  /** The key, in SQL. */
  readonly id: string
  /** States of rows that are not over, and which rows a partial index holds, in its words. */
  readonly open: { readonly states: readonly string[]; readonly sql: string }
}

const byId = <N extends TableName, A>(
  list: Pick<AllRows<N, A>, "id" | "name" | "open" | "table" | "view"> & { readonly conditions?: readonly Condition[] },
  idOf: (row: Rows[N]) => string,
): AllRows<N, A> => ({
  ...list,
  order: "desc",
  columns: [{ sql: list.id, type: "string", value: idOf }],
})

/** Turns with the ranges that hold them, thread by thread. */
const turnDetails = (sql: ReadSql, rows: readonly Rows["turns"][]) =>
  Effect.gen(function* () {
    const details = new Map<string, TurnDetail>()
    for (const threadId of new Set(rows.map((row) => row.threadId))) {
      const turns = rows.filter((row) => row.threadId === threadId)
      const ranges = yield* rangesOf(sql, turns)
      for (const turn of turns) details.set(turn.turnId, turnDetail(turn, ranges))
    }
    return rows.flatMap(({ turnId }) => details.get(turnId) ?? [])
  })

export const allTurnsList: AllRows<"turns", TurnDetail> = byId(
  {
    name: "all-turns",
    table: "turns",
    id: "turn_id",
    open: { states: ["running"], sql: "status = 'running'" },
    conditions: [{ sql: "steered_into IS NULL", params: [] }],
    view: turnDetails,
  },
  ({ turnId }) => turnId,
)

export const allItemsList: AllRows<"items", ItemDetail> = byId(
  {
    name: "all-items",
    table: "items",
    id: "item_id",
    open: { states: ["open"], sql: "status = 'open'" },
    view: (sql, rows) =>
      Effect.map(itemList.view(sql, rows), (views) =>
        views.flatMap((view, index) => {
          const threadId = rows[index]?.threadId
          return threadId === undefined ? [] : [{ threadId, ...view }]
        }),
      ),
  },
  ({ itemId }) => itemId,
)

export const allRequestsList: AllRows<"requests", RequestDetail> = {
  name: "requests",
  table: "requests",
  id: "request_id",
  order: "desc",
  columns: byOpening,
  open: { states: ["open", "answering"], sql: "status IN ('open', 'answering')" },
  view: each(requestDetail),
}

export const allInferencesList: AllRows<"inferences", InferenceDetail> = byId(
  {
    name: "all-inferences",
    table: "inferences",
    id: "inference_id",
    open: { states: ["running"], sql: "status = 'running'" },
    view: each((row) => ({ threadId: row.threadId, ...inferenceView(row) })),
  },
  ({ inferenceId }) => inferenceId,
)

/** The same list over the few rows that are not over. The plus keeps SQLite from walking through all rows in the order of their ids. */
export const openRows = <N extends TableName, A>(list: AllRows<N, A>): AllRows<N, A> => ({
  ...list,
  name: `open-${list.name}`,
  columns: list.columns.map((column) => ({ ...column, sql: `+${column.sql}` })),
  conditions: [...(list.conditions ?? []), { sql: list.open.sql, params: [] }],
})

/** Filters apply together. */
type AllRowsQuery<Filter> = PageQuery & AllThreadsFilter & Filter & { readonly status?: Values | undefined }

const pages =
  <N extends TableName, A extends object, Filter>(
    list: AllRows<N, A>,
    filters: (query: Filter) => readonly Condition[],
  ) =>
  (sql: ReadSql, query: AllRowsQuery<Filter>): Effect.Effect<Page<A>, PageError | StorageUnavailable> => {
    const states = valuesOf(query.status)
    const isOpen = states?.every((state) => list.open.states.includes(state)) === true
    const of = isOpen ? openRows(list) : list
    // An index begins with the thread: the rows of one that is named are found by it.
    const ofNamed = valuesOf(query.threadId)?.length === 1 ? oneOf(`${list.table}.thread_id`, query.threadId) : []
    const chosen = [...filters(query), ...oneOf(`${list.table}.thread_id`, query.threadId)]
    const wanted = [...chosen, ...ofFittingThreads(list.table, query)]
    return listPage(
      sql,
      list.table,
      readPage(sql, of, "", [...(of.conditions ?? []), ...ofNamed], query, wanted),
      (rows) => of.view(sql, rows),
    )
  }

export const allTurns = pages(allTurnsList, turnFilters)
export const allItems = pages(allItemsList, itemFilters)
export const allRequests = pages(allRequestsList, requestFilters)
export const allInferences = pages(allInferencesList, inferenceFilters)
