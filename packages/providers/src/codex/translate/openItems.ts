/**
 * What the translator remembers of items that are open: approvals do not repeat the patch that they are about, and the
 * provider's own review of an item comes apart from it.
 */
import type { ChangedFile } from "@threadfold/contracts"
import type { Fact } from "../../runtime/Fact.js"
import { type Fields, hintArray, hintFields, hintText, isFields } from "../../runtime/readFields.js"
import { readItem } from "./readItem.js"

interface OpenItem {
  /** The item as it was told last. */
  item: Fields
  /** What a reviewer decided of it. */
  review: Fields | undefined
}

/** A reviewer's decision of an item that has not come. */
interface EarlyReview {
  readonly review: Fields
  /** What tells it, for a row of its own where the item never comes. */
  readonly told: Fields
}

/** The open items of a thread, by the provider's id; gone with their end, or with their turn's. */
export interface OpenItems {
  readonly byId: Map<string, OpenItem>
  /** Reviews that came before their item. */
  readonly early: Map<string, EarlyReview>
  /** Ids of the items that were refused last, for a review that comes after the end of its item. */
  readonly refused: Set<string>
}

/** How many refused items are remembered: a review follows its item at once. */
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

/** Learns from a notification of the thread, before it is mapped. */
export const hearItem = (items: OpenItems, method: string, params: Fields): void => {
  if (method === "item/started") return noteStart(items, hintFields(params, "item") ?? {})
  if (method === "item/fileChange/patchUpdated") {
    const id = hintText(params, "itemId") ?? ""
    const open = items.byId.get(id)
    const changes = hintArray(params, "changes")
    if (open !== undefined) open.item = { ...open.item, changes }
    else noteStart(items, { type: "fileChange", id, changes })
  }
}

/** Forgets what a notification ended, after it was mapped. */
export const leaveItem = (items: OpenItems, method: string, params: Fields): void => {
  if (method === "item/completed") noteEnd(items, hintFields(params, "item") ?? {})
  if (method === "turn/completed") forgetItems(items)
}

export const forgetItems = ({ byId, early }: OpenItems): void => {
  byId.clear()
  early.clear()
}

/** What a reviewer's decision adds to its item: all of its data; null: the item is still to come. */
export const noteReview = (items: OpenItems, itemId: string, review: Fields, told: Fields): Fields | null => {
  const open = items.byId.get(itemId)
  if (open !== undefined) {
    open.review = review
    return { ...readItem(open.item).data, review }
  }
  // Of an item that has ended the row has the rest.
  if (items.refused.has(itemId)) return { review }
  items.early.set(itemId, { review, told })
  return null
}

/** Reviews whose item has not come and, at the end of their turn, does not come any more: what told them. */
export const lostReviews = ({ early }: OpenItems): readonly Fields[] => [...early.values()].map(({ told }) => told)

/** An item's event with the review of that item, where there is one. */
export const withReview = (items: OpenItems, told: Fact): Fact => {
  if (told.type !== "item.started" && told.type !== "item.completed") return told
  const id = told.native?.itemId ?? ""
  const review = items.byId.get(id)?.review ?? items.early.get(id)?.review
  if (review === undefined || !isFields(told.payload)) return told
  const { data } = told.payload
  return { ...told, payload: { ...told.payload, data: { ...(isFields(data) ? data : {}), review } } }
}

const kindOf = (change: Fields): string | undefined => {
  const kind = change.kind ?? change.type
  return typeof kind === "string" ? kind : isFields(kind) ? hintText(kind, "type") : undefined
}

/** One file of a patch, in the words of either protocol. */
const changedFile = (path: string, change: Fields): ChangedFile => {
  const kind = kindOf(change)
  const diff = [change.diff, change.unified_diff, change.content].find((one) => typeof one === "string")
  return { path, ...(kind === undefined ? {} : { kind }), ...(typeof diff === "string" ? { diff } : {}) }
}

/** The files of a patch: those of the item that an approval is about, or those that an older approval lists itself. */
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
