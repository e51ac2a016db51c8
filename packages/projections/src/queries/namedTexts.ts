/**
 * The texts of rows that were just read. A column that names a long text of the log holds its key: hardly any row has one, so that lists
 * are read without a look at the log, and what a row names is read by itself.
 */
import type * as SqlError from "@effect/sql/SqlError"
import type { Layout, LayoutColumn } from "@threadfold/core/model"
import { Effect } from "effect"
import { isPieceLength, joinSegments, mayNameText, selectSegments } from "../LongTexts.js"
import type { ReadSql } from "./ReadSql.js"

const selectPiece =
  "SELECT iif(json_valid(payload), payload ->> '$.delta', NULL) AS text FROM events WHERE sequence = ?"

type Read = Record<string, unknown>

/** Columns of a table that may name a text. */
const namingColumns = ({ columns, table }: Layout): readonly LayoutColumn[] =>
  columns.filter((column) => mayNameText(column) || (table === "item_chunks" && column.name === "text"))

const textOf = (
  sql: ReadSql,
  { sequence, threadId }: Read,
  key: string,
  part: "whole" | "beginning",
): Effect.Effect<string | null, SqlError.SqlError> =>
  Effect.map(
    isPieceLength(key)
      ? sql.unsafe<{ readonly text: string | null }>(selectPiece, [sequence])
      : sql.unsafe<{ readonly text: string | null }>(selectSegments[part], [threadId, key]),
    (found) => joinSegments(found.map(({ text }) => text)),
  )

/**
 * The rows with the texts that they name, whole or at least the first 64 KiB of each. A text that the log has lost is null; of a chunk,
 * which has a text always, it is empty.
 */
export const withNamedTexts = (
  sql: ReadSql,
  of: Layout,
  rows: readonly Read[],
  part: "whole" | "beginning",
): Effect.Effect<readonly Read[], SqlError.SqlError> => {
  const columns = namingColumns(of)
  const naming = rows.filter((row) => columns.some(({ name }) => Buffer.isBuffer(row[name])))
  if (naming.length === 0) return Effect.succeed(rows)
  return Effect.gen(function* () {
    for (const row of naming) {
      for (const { name } of columns) {
        const key = row[name]
        if (!Buffer.isBuffer(key)) continue
        const text = yield* textOf(sql, row, key.toString("latin1"), part)
        row[name] = of.table === "item_chunks" ? (text ?? "") : text
      }
    }
    return rows
  })
}
