/** What a turn is known to have changed: its diff where the provider reports one, else the data of its file changes. */

import type * as SqlError from "@effect/sql/SqlError"
import { Effect } from "effect"
import { wholeText } from "../LongTexts.js"
import { parseJson } from "../SqlText.js"
import type { RowError } from "./Errors.js"
import type { ReadSql } from "./ReadSql.js"
import { notFound, reading } from "./read.js"
import { headOf } from "./select.js"

/** Diffs that are looked at, UTF-16 units … */
const mostUnits = 4 * 1024 * 1024
/** … and items. */
const mostItems = 500

/** A file change of a turn that was made. */
export interface ChangingItem {
  readonly itemId: string
  readonly data: unknown
}

/** What a turn is known to have changed. */
export interface ReadChanges {
  readonly sequence: number
  /** The turn's own diff, from its start; null: it has none. */
  readonly diff: string | null
  /** Without a diff: the file changes, in their order. */
  readonly items: readonly ChangingItem[]
  /** True: there is more than was read. */
  readonly partial: boolean
}

interface FoundItem {
  readonly itemId: string
  readonly data: string | null
  readonly units: number
}

const itemsOf = (
  sql: ReadSql,
  turnId: string,
): Effect.Effect<Pick<ReadChanges, "items" | "partial">, SqlError.SqlError> =>
  Effect.gen(function* () {
    const listed = yield* sql.unsafe<Omit<FoundItem, "data">>(
      `SELECT item_id AS "itemId", length(data) AS units FROM items
         WHERE turn_id = ? AND kind = 'file_change' AND status = 'completed' ORDER BY ordinal LIMIT ${mostItems + 1}`,
      [turnId],
    )
    const items: ChangingItem[] = []
    let units = 0
    for (const { itemId, units: more } of listed.slice(0, mostItems)) {
      units += more
      if (units > mostUnits) break
      const [found] = yield* sql.unsafe<Pick<FoundItem, "data">>("SELECT data FROM items WHERE item_id = ?", [itemId])
      items.push({ itemId, data: parseJson(found?.data ?? "null") })
    }
    return { items, partial: items.length < listed.length }
  })

/** What a turn changed. Fails with `RowNotFound` where there is no such turn. */
export const turnChanges = (sql: ReadSql, turnId: string): Effect.Effect<ReadChanges, RowError> =>
  reading(
    sql,
    Effect.gen(function* () {
      const sequence = yield* headOf(sql)
      const [turn] = yield* sql.unsafe<{ readonly diff: string | null; readonly units: number | null }>(
        `SELECT substr(diff, 1, ${mostUnits}) AS diff, length(diff) AS units
         FROM (SELECT ${wholeText("turns", "diff")} AS diff FROM turns WHERE turn_id = ?)`,
        [turnId],
      )
      if (turn === undefined) return yield* notFound("turns", turnId)
      return turn.diff === null || turn.diff === ""
        ? { sequence, diff: null, ...(yield* itemsOf(sql, turnId)) }
        : { sequence, diff: turn.diff, items: [], partial: (turn.units ?? 0) > mostUnits }
    }),
  )
