/**
 * The highest place in each list that a row has had so far. A list at an earlier moment is read from there: without it a page near the
 * beginning of a long thread would pass over everything that came later.
 */
import type { TableName } from "@threadfold/contracts"
import type { Change } from "@threadfold/core"
import { type Cells, cells, compareKeys, type Scalar } from "@threadfold/core/model"
import { threadLists } from "../queries/lists.js"

/** Table → the highest value in the first column of its list; a table without rows so far is left out. */
export type Tops = { readonly [N in TableName]?: Scalar }

/** Table → the property of its rows that its list is ordered by first. */
const firstColumns: ReadonlyMap<TableName, string> = new Map(
  threadLists.map(({ columns, table }) => [
    table,
    (columns[0]?.sql ?? "").replace(/_([a-z])/g, (_, c: string) => c.toUpperCase()),
  ]),
)

/** The tops after further changes. */
export const raisedBy = (tops: Tops, changes: readonly Change[]): Tops => {
  const raised: { [N in TableName]?: Scalar } = { ...tops }
  for (const change of changes) {
    if (change.op !== "put") continue
    const row: Cells = cells(change.row)
    const value = row[firstColumns.get(change.table) ?? ""]
    if (typeof value !== "string" && typeof value !== "number") continue
    const known = raised[change.table]
    if (known === undefined || compareKeys([value], [known]) > 0) raised[change.table] = value
  }
  return raised
}
