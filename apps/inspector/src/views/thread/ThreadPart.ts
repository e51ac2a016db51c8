/**
 * One list of a thread, as far as it is read: its entries in the order of the server, and where older ones are. Rows have their places:
 * turns and items an ordinal, requests the sequence of their opening. A page of views has none, and is in that order itself.
 */

import type { ItemRow, RequestRow, TurnRow } from "@threadfold/contracts"
import type { Page } from "../../api/Api.js"
import { KeyedStore } from "../../live/KeyedStore.js"
import { countWhile } from "../../live/sorted.js"
import type { Reach } from "./entries.js"

/**
 * Id of the oldest row from which on none is missing, of rows of a snapshot: its newest, and older ones that are open. Ordinals have no
 * gaps, but for turns that steered another one, which no list has. A turn that is settled is never one of the older ones.
 */
export const floorOf = (rows: readonly (TurnRow | ItemRow)[], name: "turns" | "items"): string | null => {
  const newestFirst = rows
    .filter((row) => !("steeredInto" in row) || row.steeredInto === null)
    .sort((a, b) => b.ordinal - a.ordinal)
  const settled = newestFirst.findLastIndex((row) => name === "turns" && "settled" in row && row.settled === 1)
  let at = Math.max(0, settled)
  for (let next = newestFirst[at + 1]; next !== undefined; next = newestFirst[at + 1]) {
    if (next.ordinal + 1 !== newestFirst[at]?.ordinal) break
    at += 1
  }
  const floor = newestFirst[at]
  if (floor === undefined) return null
  return "itemId" in floor ? floor.itemId : floor.turnId
}

/**
 * Id of the oldest request from which on none is missing, of rows of a snapshot: its newest, and older ones that are open.
 *
 * @param newest how many of the newest the snapshot has
 */
export const floorOfRequests = (rows: readonly Pick<RequestRow, "openedSequence" | "requestId">[], newest: number) =>
  rows.toSorted((a, b) => b.openedSequence - a.openedSequence)[Math.min(newest, rows.length) - 1]?.requestId ?? null

export class ThreadPart<V> {
  readonly rows = new KeyedStore<V>()
  /** Ids of the entries that are read, oldest first. */
  readonly ids: string[] = []
  reach: Reach = { floor: null, cursor: null }
  /** Where an entry is among the others; those of one place are in the order of their ids. */
  readonly #places = new Map<string, number>()

  constructor(
    /** Its name in the API: `/v1/threads/{id}/<name>`. */
    readonly name: "turns" | "items" | "requests",
    private readonly idOf: (view: V) => string,
  ) {}

  /** An entry as it is now. True: it is new. */
  put(view: V, place: number): boolean {
    const id = this.idOf(view)
    const isNew = !this.#places.has(id)
    if (isNew) {
      this.ids.splice(this.#indexOf(place, id), 0, id)
      this.#places.set(id, place)
    }
    this.rows.set(id, view)
    return isNew
  }

  /** A page of older entries, the newest of them first. An entry of it that has come by the feed is newer. */
  takeOlder({ items, next }: Pick<Page<V>, "items" | "next">): void {
    let place = this.reach.floor === null ? 0 : (this.#places.get(this.reach.floor) ?? 0)
    for (const view of items) {
      const held = this.#places.get(this.idOf(view))
      // No place that is known is higher: each entry has one of its own.
      place = held === undefined ? place - 1 : Math.min(place, held)
      if (held === undefined) this.put(view, place)
    }
    const oldest = items.at(-1)
    this.beginAt(oldest === undefined ? this.reach.floor : this.idOf(oldest), next)
  }

  /** The newest entries of a moment, oldest first: what is older is behind the cursor. */
  begin(views: readonly V[], cursor: string | null): void {
    this.takeOlder({ items: views.toReversed(), next: cursor })
  }

  /** From which entry on all are there. */
  beginAt(floor: string | null, cursor: string | null): void {
    this.reach = { cursor, floor: cursor === null ? null : floor }
  }

  remove(id: string): void {
    const place = this.#places.get(id)
    if (place !== undefined) {
      const index = this.#indexOf(place, id)
      if (this.reach.floor === id) this.reach = { ...this.reach, floor: this.ids[index + 1] ?? null }
      this.ids.splice(index, 1)
      this.#places.delete(id)
    }
    this.rows.delete(id)
  }

  /** The entries, oldest first. */
  views(): readonly V[] {
    return this.ids.flatMap((id) => this.rows.get(id) ?? [])
  }

  clear(): void {
    this.ids.length = 0
    this.#places.clear()
    this.rows.clear()
    this.reach = { floor: null, cursor: null }
  }

  /** Where an entry is, or would be. */
  #indexOf(place: number, id: string): number {
    return countWhile(this.ids.length, (index) => {
      const other = this.ids[index] ?? ""
      const at = this.#places.get(other) ?? 0
      return at < place || (at === place && other < id)
    })
  }
}
