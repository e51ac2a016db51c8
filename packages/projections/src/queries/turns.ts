/**
 * Turns of a thread, newest first. A message that steered another turn made none: its row is left out. One turn by its id,
 * such a row included: it names the turn that took the message.
 */

import type { TurnDetail, TurnView } from "@threadfold/contracts"
import { turnDetail, turnView } from "@threadfold/core/model"
import { Effect } from "effect"
import type { RowError, ThreadListError } from "./Errors.js"
import type { Page, PageQuery } from "./Page.js"
import type { ReadSql } from "./ReadSql.js"
import { type Resource, reading, requireRow, type ThreadList, threadPage } from "./read.js"
import { rangesOf, turnsRewound } from "./rewinds.js"
import { headOf } from "./select.js"

export interface TurnQuery extends PageQuery {
  /** False: without turns that were taken back; true: those alone. */
  readonly rewound?: boolean | undefined
}

export const turnList: ThreadList<"turns", TurnView> = {
  name: "turns",
  table: "turns",
  order: "desc",
  columns: [{ sql: "ordinal", type: "number", value: ({ ordinal }) => ordinal }],
  conditions: [{ sql: "steered_into IS NULL", params: [] }],
  view: (sql, rows) => Effect.map(rangesOf(sql, rows), (ranges) => rows.map((row) => turnView(row, ranges))),
}

/** A page of a thread's turns. */
export const turns = (
  sql: ReadSql,
  threadId: string,
  { rewound, ...query }: TurnQuery = {},
): Effect.Effect<Page<TurnView>, ThreadListError> => threadPage(sql, turnList, threadId, query, turnsRewound(rewound))

/** One turn. */
export const turn = (sql: ReadSql, turnId: string): Effect.Effect<Resource<TurnDetail>, RowError> =>
  reading(
    sql,
    Effect.gen(function* () {
      const sequence = yield* headOf(sql)
      const row = yield* requireRow(sql, "turns", turnId)
      const value = turnDetail(row, yield* rangesOf(sql, [row]))
      return { sequence, version: value.version, value }
    }),
  )
