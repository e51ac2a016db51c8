/**
 * The translator's state of open items. Approvals do not repeat the patch that they are about, and the provider's own review
 * of an item comes in a message of its own.
 */
import type { ChangedFile } from "@threadfold/contracts"
import type { Fact } from "../../runtime/Fact.js"
import { type Fields, hintArray, hintFields, hintText, isFields } from "../../runtime/readFields.js"
import { readItem } from "./readItem.js"

interface OpenItem {
  /** The item as the wire showed it last. */
  item: Fields
  /** The reviewer's decision. */
  review: Fields | undefined
}

/** A reviewer's decision about an item that has not come. */
interface EarlyReview {
  readonly review: Fields
  /** The notification of the decision. It becomes an item of its own where the reviewed item never comes. */
  readonly params: Fields
}

/** The open items of a thread, by native id. They are removed with their end or the end of their turn. */
export interface OpenItems {
  readonly byId: Map<string, OpenItem>
  /** Reviews that came before their item. */
  readonly early: Map<string, EarlyReview>
  /** Ids of the last refused items, for reviews that come after the end of their item. */
  readonly refused: Set<string>
}

/** How many refused items are kept. A review follows its item at once, so a few are enough. */
const refusedLimit = 64

export const makeOpenItems = (): OpenItems => ({ byId: new Map(), early: new Map(), refused: new Set() })

const noteStart = ({ byId, early }: OpenItems, item: Fields): void => {
  const id = hintText(item, "id")
  if (id === undefined) return
  byId.set(id, { item, review: early.get(id)?.review })
  early.delete(id)
}

const noteEnd = ({ byId, early, refused }: OpenItems, item: Fields): void => {
  const id = hintText(item, "id")
  if (id === undefined) return
  byId.delete(id)
  early.delete(id)
  if (item.status !== "declined" && item.status !== "failed") return
  refused.add(id)
  const [oldest] = refused
  if (refused.size > refusedLimit && oldest !== undefined) refused.delete(oldest)
}

/** Updates the open items before a notification is mapped. */
export const noteOpening = (items: OpenItems, method: string, params: Fields): void => {
  if (method === "item/started") return noteStart(items, hintFields(params, "item") ?? {})
  if (method === "item/fileChange/patchUpdated") {
    const id = hintText(params, "itemId") ?? ""
    const open = items.byId.get(id)
    const changes = hintArray(params, "changes")
    if (open !== undefined) open.item = { ...open.item, changes }
    else noteStart(items, { type: "fileChange", id, changes })
  }
}

/** Removes the items that a notification ended, after it was mapped. */
export const noteClosing = (items: OpenItems, method: string, params: Fields): void => {
  if (method === "item/completed") noteEnd(items, hintFields(params, "item") ?? {})
  if (method === "turn/completed") forgetItems(items)
}

export const forgetItems = ({ byId, early }: OpenItems): void => {
  byId.clear()
  early.clear()
}

/** The data of an item with the reviewer's decision. Null: the item has not come yet. */
export const noteReview = (items: OpenItems, itemId: string, review: Fields, params: Fields): Fields | null => {
  const open = items.byId.get(itemId)
  if (open !== undefined) {
    open.review = review
    return { ...readItem(open.item).data, review }
  }
  // The row of an ended item holds the other data.
  if (items.refused.has(itemId)) return { review }
  items.early.set(itemId, { review, params })
  return null
}

/** The notifications of reviews whose item has not come. Read at the end of the turn: the items will not come any more. */
export const lostReviews = ({ early }: OpenItems): readonly Fields[] => [...early.values()].map(({ params }) => params)

/** The fact of an item with the review of that item, where there is one. */
export const withReview = (items: OpenItems, what: Fact): Fact => {
  if (what.type !== "item.started" && what.type !== "item.completed") return what
  const id = what.native?.itemId ?? ""
  const review = items.byId.get(id)?.review ?? items.early.get(id)?.review
  if (review === undefined || !isFields(what.payload)) return what
  const { data } = what.payload
  return { ...what, payload: { ...what.payload, data: { ...(isFields(data) ? data : {}), review } } }
}

const kindOf = (change: Fields): string | undefined => {
  const kind = change.kind ?? change.type
  return typeof kind === "string" ? kind : isFields(kind) ? hintText(kind, "type") : undefined
}

/** One file of a patch, in the form of the current or the older protocol. */
const changedFile = (path: string, change: Fields): ChangedFile => {
  const kind = kindOf(change)
  const diff = [change.diff, change.unified_diff, change.content].find((one) => typeof one === "string")
  return { path, ...(kind === undefined ? {} : { kind }), ...(typeof diff === "string" ? { diff } : {}) }
}

/** The files of a patch: those of the item that an approval concerns, or those that an older approval lists itself. */
export const changesOf = (items: OpenItems | undefined, params: Fields, itemId: string | undefined) => {
  const item = itemId === undefined ? undefined : items?.byId.get(itemId)?.item
  const listed = hintArray(item ?? {}, "changes").flatMap((change): readonly ChangedFile[] => {
    const path = isFields(change) ? hintText(change, "path") : undefined
    return path === undefined || !isFields(change) ? [] : [changedFile(path, change)]
  })
  const named = Object.entries(hintFields(params, "fileChanges") ?? {}).flatMap(([path, change]) =>
    isFields(change) ? [changedFile(path, change)] : [],
  )
  return [...listed, ...named]
}
