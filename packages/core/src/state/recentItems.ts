/** The open items that were touched last: a short list that is replaced and never changed. */
import type { ItemRow } from "@threadfold/contracts"
import { recentItemsLimit } from "./FoldState.js"

type RecentItems = readonly ItemRow[]

/** The held item with this id, or null: it is not open, or others were touched since. */
export const recentItem = (recent: RecentItems, itemId: string): ItemRow | null => {
  for (let index = recent.length - 1; index >= 0; index--) {
    const item = recent[index]
    if (item !== undefined && item.itemId === itemId) return item
  }
  return null
}

/** The list with this open item at its end; the one that was touched longest ago leaves a full list. */
export const withRecentItem = (recent: RecentItems, item: ItemRow): RecentItems => {
  const copy: ItemRow[] = []
  for (const each of recent) if (each.itemId !== item.itemId) copy.push(each)
  if (copy.length >= recentItemsLimit) copy.shift()
  copy.push(item)
  return copy
}

/** The list without the item; the same object where it is not in it. */
export const withoutRecentItem = (recent: RecentItems, itemId: string): RecentItems =>
  recentItem(recent, itemId) === null ? recent : recent.filter((each) => each.itemId !== itemId)
