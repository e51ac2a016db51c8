/**
 * The threads that a filter chooses, as far as they were read, in the order in which they are shown. Pages are read as the reader
 * comes to them; changes come by the feed. Its rows are in a {@link KeyedStore}, its order in an array for each group.
 */

import type { Inbox, ThreadView } from "@threadfold/contracts"
import type { RowChanges, ThreadPage } from "@threadfold/contracts/api"
import { threadView } from "@threadfold/core/views"
import type { Api, Page } from "../../api/Api.js"
import { asProblem, type PageProblem } from "../../api/PageProblem.js"
import { changesOf, type FeedListener } from "../../live/Feed.js"
import { KeyedStore, ValueStore } from "../../live/KeyedStore.js"
import { countWhile } from "../../live/sorted.js"
import { type Group, groupOf, groups, meets, queryOf, rankOf, type ThreadFilter } from "./threadRows.js"

/** Ids of a group in their order. */
export type Order = Readonly<Record<Group, readonly string[]>>

/** What the list shows beside its rows. */
export interface ListState {
  readonly order: Order
  /** Rows that are read. */
  readonly count: number
  /** There are older threads. */
  readonly more: boolean
  readonly loading: boolean
  /** What kept the last page from being read; null: nothing did. */
  readonly problem: PageProblem | null
}

const pageSize = 100
/** Pages with filters may be empty: so many are read in a row for one step. */
const mostEmptyPages = 20
/** Threads that need a person or are at work, which are read whatever their age, at most. */
const mostUrgent = 500
/** Entries of the inbox whose threads are looked for, at most. */
const mostWaiting = 50
/** A thread that is new to the list is asked for, not before this time, ms: the server alone knows whether it is in the list. */
const newsPauseMs = 400

const nothing: Order = { needs: [], working: [], rest: [] }

interface Place {
  readonly group: Group
  readonly rank: number
}

export class ThreadList implements FeedListener {
  readonly rows = new KeyedStore<ThreadView>()
  readonly state = new ValueStore<ListState>({ order: nothing, count: 0, more: false, loading: true, problem: null })
  readonly #places = new Map<string, Place>()
  #order: Record<Group, string[]> = { needs: [], working: [], rest: [] }
  #next: string | null = null
  #reading: AbortController | null = null
  #newsTimer: ReturnType<typeof setTimeout> | undefined
  #telling = false

  constructor(
    private readonly api: Pick<Api, "get">,
    readonly filter: ThreadFilter,
  ) {}

  /** Rows of threads have changed. */
  readonly changed = (changes: RowChanges): void => {
    let isNew = false
    for (const change of changesOf("threads", changes)) {
      if (change.kind === "removed") this.#remove(String(change.key[0]))
      else if (this.rows.get(change.row.threadId) !== undefined) this.#put(threadView(change.row))
      else if (meets(threadView(change.row), this.filter)) isNew = true
    }
    if (isNew) this.#news()
    this.#tell()
  }

  /** Reads the first page, and what needs a person, again. What is shown stays until then. */
  readonly restarted = (): void => {
    this.#reading?.abort()
    void this.#read(async (signal) => {
      const [page, urgent, waiting] = await Promise.all([
        this.#page(null, signal),
        this.#urgent(signal),
        this.#waiting(signal),
      ])
      const found = [...page.items, ...urgent]
      const known = new Set(found.map(({ threadId }) => threadId))
      const read = [
        ...found,
        ...(await this.#each(
          waiting.filter((id) => !known.has(id)),
          signal,
        )),
      ]
      const ids = new Set(read.map(({ threadId }) => threadId))
      // What was read before may be gone, or older than what was missed.
      for (const id of [...this.#places.keys()]) if (!ids.has(id)) this.#remove(id)
      for (const thread of read) this.#put(thread)
      this.#next = page.next
    })
  }

  /** Reads what a lost connection has kept from being read. */
  readonly resumed = (): void => {
    if (this.state.get().problem === null) return
    if (this.rows.size === 0) this.restarted()
    else this.#publish(null)
  }

  /** Reads the next page, unless one is being read. */
  readonly readMore = (): void => {
    if (this.#reading !== null || this.#next === null) return
    void this.#read(async (signal) => {
      for (let pages = 0; pages < mostEmptyPages && this.#next !== null; pages += 1) {
        const page: Page<ThreadView> = await this.#page(this.#next, signal)
        this.#next = page.next
        for (const thread of page.items) this.#put(thread)
        if (page.items.length > 0) return
      }
    })
  }

  /** Ends what is being read. */
  readonly close = (): void => {
    clearTimeout(this.#newsTimer)
    this.#reading?.abort()
  }

  #page(cursor: string | null, signal: AbortSignal): Promise<Page<ThreadView>> {
    return this.api.get("/v1/threads", { ...queryOf(this.filter), limit: pageSize, cursor }, { signal })
  }

  async #urgent(signal: AbortSignal): Promise<readonly ThreadView[]> {
    if (this.filter.archived || this.filter.status.length > 0) return []
    const query = { ...queryOf(this.filter), status: ["waiting", "stalled", "working", "starting"], limit: mostUrgent }
    return (await this.api.get<Page<ThreadView>>("/v1/threads", query, { signal })).items
  }

  /** Ids of the threads in the inbox: one whose last turn failed weeks ago is idle, and waits all the same. */
  async #waiting(signal: AbortSignal): Promise<readonly string[]> {
    if (this.filter.archived) return []
    const { items } = await this.api.get<Inbox>("/v1/inbox", { limit: mostWaiting }, { signal })
    return [...new Set(items.map(({ threadId }) => threadId))]
  }

  #each(ids: readonly string[], signal: AbortSignal): Promise<readonly ThreadView[]> {
    const read = async (id: string): Promise<readonly ThreadView[]> => {
      try {
        const path = `/v1/threads/${encodeURIComponent(id)}`
        return [(await this.api.get<Pick<ThreadPage, "thread">>(path, { limit: 1 }, { signal })).thread]
      } catch (error) {
        if (signal.aborted) throw error
        // It may have been purged meanwhile.
        return []
      }
    }
    return Promise.all(ids.map(read)).then((threads) => threads.flat())
  }

  async #read(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    const reading = new AbortController()
    this.#reading = reading
    this.#publish(null)
    let problem: PageProblem | null = null
    try {
      await work(reading.signal)
    } catch (error) {
      if (reading.signal.aborted) return
      problem = asProblem(error)
    }
    if (this.#reading !== reading) return
    this.#reading = null
    this.#publish(problem)
  }

  /** A thread that is not in the list may belong to it: mirrors and copies that are being made do not. */
  #news(): void {
    this.#newsTimer ??= setTimeout(() => {
      this.#newsTimer = undefined
      const signal = new AbortController().signal
      this.#page(null, signal)
        .then(({ items }) => {
          for (const thread of items) this.#put(thread)
          this.#tell()
        })
        .catch(() => undefined)
    }, newsPauseMs)
  }

  #put(thread: ThreadView): void {
    const { threadId } = thread
    const known = this.rows.get(threadId)
    // A page may have been read before a change that has come already.
    if (known !== undefined && known.streamVersion > thread.streamVersion) return
    if (!meets(thread, this.filter)) return this.#remove(threadId)
    const group = groupOf(thread)
    const place = { group, rank: rankOf(thread, group) }
    const old = this.#places.get(threadId)
    this.rows.set(threadId, thread)
    if (old !== undefined && old.group === place.group && old.rank === place.rank) return
    if (old !== undefined) this.#order[old.group].splice(this.#indexOf(old, threadId), 1)
    this.#places.set(threadId, place)
    this.#order[group].splice(this.#indexOf(place, threadId), 0, threadId)
  }

  #remove(threadId: string): void {
    const old = this.#places.get(threadId)
    if (old === undefined) return
    this.#order[old.group].splice(this.#indexOf(old, threadId), 1)
    this.#places.delete(threadId)
    this.rows.delete(threadId)
  }

  /** Where a thread of this place is, or would be. Higher ranks come first; of one rank the newer id. */
  #indexOf({ group, rank }: Place, threadId: string): number {
    const ids = this.#order[group]
    return countWhile(ids.length, (index) => {
      const id = ids[index] ?? ""
      const other = this.#places.get(id)?.rank ?? 0
      return other > rank || (other === rank && id > threadId)
    })
  }

  /** Tells of a new order, once for all changes that come together. */
  #tell(): void {
    if (this.#telling) return
    this.#telling = true
    queueMicrotask(() => {
      this.#telling = false
      this.#publish(this.state.get().problem)
    })
  }

  #publish(problem: PageProblem | null): void {
    const last = this.state.get()
    const order = Object.fromEntries(groups.map((group) => [group, same(last.order[group], this.#order[group])]))
    const next: ListState = {
      order: { needs: [], working: [], rest: [], ...order },
      count: this.rows.size,
      more: this.#next !== null,
      loading: this.#reading !== null,
      problem,
    }
    const isSame =
      groups.every((group) => next.order[group] === last.order[group]) &&
      next.more === last.more &&
      next.loading === last.loading &&
      next.problem === last.problem
    if (!isSame) this.state.set(next)
  }
}

/** The list that was shown, if it is still right: then nothing is rendered for it. */
const same = (shown: readonly string[], now: readonly string[]): readonly string[] =>
  shown.length === now.length && shown.every((id, index) => id === now[index]) ? shown : [...now]
