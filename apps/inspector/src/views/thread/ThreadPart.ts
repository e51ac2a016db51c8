/** One list of a thread, as far as it is read: its entries by id, in the order of their ids, and where older ones are. */
import type { Page } from "../../api/Api.js"
import { KeyedStore } from "../../live/KeyedStore.js"
import type { Reach } from "./entries.js"

export class ThreadPart<V> {
  readonly rows = new KeyedStore<V>()
  /** Ids of the entries that are read, oldest first. */
  readonly ids: string[] = []
  reach: Reach = { floor: "", cursor: null }

  constructor(
    /** Its name in the API: `/v1/threads/{id}/<name>`. */
    readonly name: "turns" | "items" | "requests",
    private readonly idOf: (view: V) => string,
  ) {}

  /** An entry as it is now. True: it is new. */
  put(view: V): boolean {
    const id = this.idOf(view)
    const at = this.#placeOf(id)
    const isNew = this.ids[at] !== id
    if (isNew) this.ids.splice(at, 0, id)
    this.rows.set(id, view)
    return isNew
  }

  /** Entries of a page. One that has come by the feed is newer. */
  take(views: readonly V[]): void {
    for (const view of views) if (this.rows.get(this.idOf(view)) === undefined) this.put(view)
  }

  /** A page of older entries, the newest of them first. */
  takeOlder({ items, next }: Pick<Page<V>, "items" | "next">): void {
    this.take(items)
    const oldest = items.at(-1)
    const floor = oldest === undefined ? this.reach.floor : this.idOf(oldest)
    this.reach = { cursor: next, floor: next === null ? "" : floor }
  }

  /** The newest entries of a moment: what is older is behind the cursor. */
  begin(views: readonly V[], cursor: string | null): void {
    this.take(views)
    this.reach = { cursor, floor: cursor === null ? "" : (this.ids[0] ?? "") }
  }

  remove(id: string): void {
    const at = this.#placeOf(id)
    if (this.ids[at] === id) this.ids.splice(at, 1)
    this.rows.delete(id)
  }

  /** The entries, oldest first. */
  views(): readonly V[] {
    return this.ids.flatMap((id) => this.rows.get(id) ?? [])
  }

  /** How many are read from an id on. */
  countFrom(id: string): number {
    return this.ids.length - this.#placeOf(id)
  }

  clear(): void {
    this.ids.length = 0
    this.rows.clear()
    this.reach = { floor: "", cursor: null }
  }

  /** Where an id is, or would be. */
  #placeOf(id: string): number {
    let low = 0
    let high = this.ids.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.ids[middle] ?? "") < id) low = middle + 1
      else high = middle
    }
    return low
  }
}
