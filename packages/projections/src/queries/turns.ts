/**
 * Turns of a thread, newest first. A message that steered another turn made none: its row is left out. One turn by its id,
 * such a row included: it names the turn that took the message.
 */

import type { TurnDetail, TurnView, Values } from "@threadfold/contracts"
import { turnDetail, turnView } from "@threadfold/core/model"
import { Effect } from "effect"
import { wholeText } from "../LongTexts.js"
import type { RowError, ThreadListError } from "./Errors.js"
import { holding, type MadeQuery, madeIn, valuesIn } from "./filters.js"
import type { Page, PageQuery } from "./Page.js"
import type { ReadSql } from "./ReadSql.js"
import { type Resource, reading, remadeOf, requireShown, shownEntry, type ThreadList, threadPage } from "./read.js"
import { rangesOf, turnsRewound } from "./rewinds.js"
import { type Condition, headOf } from "./select.js"

/** What turns are chosen by, in one thread or in all. */
export interface TurnFilter extends MadeQuery {
  readonly status?: Values | undefined
  readonly outcome?: Values | undefined
  readonly origin?: Values | undefined
  readonly text?: string | undefined
}

export const turnFilters = ({ outcome, origin, status, text, ...made }: TurnFilter): readonly Condition[] => [
  ...valuesIn({ status, outcome, origin }),
  ...holding([wholeText("turns", "text")], text),
  ...madeIn("turn_id", made),
]

export interface TurnQuery extends PageQuery, TurnFilter {
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
  query: TurnQuery = {},
): Effect.Effect<Page<TurnView>, ThreadListError> =>
  threadPage(sql, turnList, threadId, query, turnsRewound(query.rewound), turnFilters(query))

/** One turn. */
export const turn = (sql: ReadSql, turnId: string): Effect.Effect<Resource<TurnDetail>, RowError> =>
  reading(
    sql,
    Effect.gen(function* () {
      const sequence = yield* headOf(sql)
      const row = yield* requireShown(sql, "turns", turnId)
      const value = shownEntry("turns", row, turnDetail(row, yield* rangesOf(sql, [row])))
      return { sequence, version: value.version, remade: yield* remadeOf(sql), value }
    }),
  )
