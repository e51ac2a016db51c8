/**
 * Which text a walk keeps. Nearly all that a long thread holds is text: streamed content, and the columns that the tables call heavy. The
 * fold reads none of it, so a walk whose reader does not either goes without.
 */
import type { TableName } from "@threadfold/contracts"
import type { Change } from "../Change.js"
import { type Cells, cells, keyOf, layout, withoutHeavy } from "./Layout.js"
import { putOf } from "./Overlay.js"

/** Whether the heavy columns of a row are kept; of a chunk: whether it is. `key`: the row's key, of which a chunk's begins with its item. */
export type KeepsText = (table: TableName, key: readonly unknown[]) => boolean

/** Keeps the text of what a step touched, and that of every row which is no item: their text is short beside that of the items. */
export const textOfStep = (changes: readonly Change[]): KeepsText => {
  const items = new Set<unknown>()
  for (const change of changes) {
    if (change.op === "clear-chunks") items.add(change.itemId)
    else if (change.op === "append-chunk") items.add(change.row.itemId)
    else if (change.op === "delete" && isOfItem(change.table)) items.add(change.key[0])
    else if (change.op === "put" && (change.table === "items" || change.table === "item_chunks")) {
      items.add(change.row.itemId)
    }
  }
  return (table, key) => !isOfItem(table) || items.has(key[0])
}

const isOfItem = (table: TableName): boolean => table === "items" || table === "item_chunks"

/** Changes without the text that is not kept. */
export const lightened = (changes: readonly Change[], keeps: KeepsText): readonly Change[] => {
  const light: Change[] = []
  for (const change of changes) {
    if (change.op === "append-chunk") {
      if (keeps("item_chunks", [change.row.itemId, change.row.ordinal])) light.push(change)
      continue
    }
    if (change.op !== "put") {
      light.push(change)
      continue
    }
    const of = layout(change.table)
    const row = cells(change.row)
    if (change.table === "item_chunks") {
      if (keeps("item_chunks", keyOf(of, row))) light.push(change)
      continue
    }
    const without = of.heavy.length === 0 ? row : withoutHeavy(of, row)
    light.push(without === row || keeps(change.table, keyOf(of, row)) ? change : putOf(change.table, without))
  }
  return light
}

/** Whether what a step did to the document cannot be told without the text that was not kept. */
export const needsText = (changes: readonly Change[], keeps: KeepsText): boolean =>
  changes.some((change) => {
    if (change.op === "append-chunk") return !keeps("item_chunks", [change.row.itemId, change.row.ordinal])
    if (change.op === "clear-chunks") return !keeps("item_chunks", [change.itemId])
    if (change.op === "anomaly") return false
    const of = layout(change.table)
    if (change.op === "delete") return of.heavy.length > 0 && !keeps(change.table, change.key)
    const row: Cells = cells(change.row)
    // A row that leaves its text out keeps what is stored. Of an item it may still be shown in another way than before.
    const tells = isOfItem(change.table) || withoutHeavy(of, row) !== row
    return tells && !keeps(change.table, keyOf(of, row))
  })
