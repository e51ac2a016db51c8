/**
 * Rows of which a text is cut. Such a row has `truncated` beside its columns: what the reducer makes of it has it too, for as long as the
 * text is the same.
 */
import { type TableName, Truncated } from "@threadfold/contracts"
import { type Cells, layout } from "@threadfold/core/model"
import { Schema } from "effect"

const isTruncated = Schema.is(Truncated)

/** Column → what is cut of it; null: nothing is. */
export const truncatedOf = (row: Cells): Truncated | null => {
  const { truncated } = row
  return truncated !== undefined && isTruncated(truncated) ? truncated : null
}

/** Whether the streamed content of an item is held in part only: what comes of it is not added to the part. */
export const isCutStream = (item: Cells | null): boolean =>
  item !== null && item.hasFinal === 0 && truncatedOf(item)?.text !== undefined

/** Whether a rule that is given the row could miss something of it. @param heavy true: rules are given its heavy columns, too */
export const lacksText = (table: TableName, row: Cells, heavy: boolean): boolean =>
  Object.keys(truncatedOf(row) ?? {}).some((column) => heavy || !layout(table).heavy.includes(column))

/** The row with what is still cut of it. @param before the row in whose place it comes */
export const stillTruncated = (before: Cells | null, row: Cells): Cells => {
  const cut = before === null ? null : truncatedOf(before)
  if (before === null || cut === null || truncatedOf(row) !== null) return row
  const kept = Object.entries(cut).filter(
    ([column]) => row[column] === before[column] && (column !== "text" || row.hasFinal === before.hasFinal),
  )
  return kept.length === 0 ? row : { ...row, truncated: Object.fromEntries(kept) }
}
