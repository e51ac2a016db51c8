/**
 * The log, or the events of one thread, as far as they are looked at: pages are read where a person is, by sequence, and those far away
 * are dropped. What comes is added at the end. Where the rows of a page are is known by {@link PageIndex}.
 */
import type { SseEvent } from "@threadfold/client/sse"
import { type Api, pathWith } from "../../api/Api.js"
import { asProblem, type PageProblem } from "../../api/PageProblem.js"
import { EventStream } from "../../live/EventStream.js"
import { ValueStore } from "../../live/KeyedStore.js"
import type { Fetch } from "../../session/Session.js"
import type { LogFilter } from "./logAddress.js"
import { type LogEvent, type LogRow, type Pieces, piecesIn, rowsOf, sequenceOf } from "./logRows.js"
import { PageIndex, type RowPlace } from "./PageIndex.js"

/** Sequences of a page. */
export const pageSize = 256
/** Pages whose events are kept. */
const mostKept = 48
/** Pages that are read at a time. */
const mostAtOnce = 2
/** Rows of a page until one was read: a fold leaves most pieces out. */
const foldedRows = 64
/** What comes is shown together, ms. */
const togetherMs = 40

const noPieces: ReadonlyMap<string, Pieces> = new Map()

interface Answer {
  readonly items: readonly LogEvent[]
  readonly next: string | null
  /** Head of the log. */
  readonly sequence: number
}

/** A page whose events are here. */
interface Kept {
  readonly events: LogEvent[]
  rows: readonly LogRow[]
}

/** Events from the end up, which were read without a gap. */
interface Older {
  /** Leads to those before; null: there are none. */
  readonly cursor: string | null
  /** The first of what is not read: everything behind it is. */
  readonly to: number
  /** Events of the page of `to` that were read already. */
  readonly rest: readonly LogEvent[]
}

/** What is told of it. Another object with every change of its rows. */
export interface LogState {
  /** Sequence of the end of the log, as far as is known; null: it is not read yet. */
  readonly head: number | null
  /** What kept something from being read; null: nothing did. */
  readonly problem: PageProblem | null
  /** Events that came at the end since it was opened. */
  readonly come: number
}

export class LogPages {
  readonly state = new ValueStore<LogState>({ head: null, problem: null, come: 0 })
  readonly #path: string
  readonly #query: Readonly<Record<string, string | readonly string[]>>
  #index: PageIndex
  readonly #kept = new Map<number, Kept>()
  readonly #reading = new Map<number, AbortController>()
  readonly #open = new Set<string>()
  readonly #changed = new Set<number>()
  /** Pieces of texts by page, also of pages that were dropped: a text that goes on has its row on the first of them. */
  readonly #pieces = new Map<number, ReadonlyMap<string, Pieces>>()
  #wanted: readonly number[] = []
  /** Sequence before the first page. */
  #base = 0
  #head = 0
  #come = 0
  #older: Older | null = null
  #isReadingOlder = false
  #problem: PageProblem | null = null
  #telling: ReturnType<typeof setTimeout> | undefined
  #ends = new AbortController()
  #stream: EventStream | null = null

  constructor(
    private readonly api: Pick<Api, "get">,
    /** What the stream of new events is read with; null: none come, as in a bundle. */
    private readonly fetch: Fetch | null,
    readonly filter: LogFilter,
  ) {
    this.#path = filter.thread === null ? "/v1/events" : `/v1/threads/${encodeURIComponent(filter.thread)}/events`
    this.#query = { types: filter.types, except: filter.except }
    this.#index = this.#empty()
  }

  /** Reads the end of the log, and follows it. */
  readonly start = (): void => {
    this.#ends = new AbortController()
    void this.#begin(this.#ends.signal)
  }

  readonly stop = (): void => {
    this.#ends.abort()
    this.#stream?.stop()
    this.#stream = null
    clearTimeout(this.#telling)
    this.#telling = undefined
    for (const reading of this.#reading.values()) reading.abort()
    this.#reading.clear()
  }

  /** Drops all that was read, and begins anew. */
  readonly restart = (): void => {
    this.stop()
    this.#kept.clear()
    this.#pieces.clear()
    this.#index = this.#empty()
    this.#older = null
    this.#head = 0
    this.#problem = null
    this.state.set({ head: null, problem: null, come: 0 })
    this.start()
  }

  /** All rows, those that are not read by their mean. */
  get total(): number {
    return this.#index.total
  }

  /** Where a row is; null: there is no such row. */
  place(row: number): RowPlace | null {
    return this.#index.at(row)
  }

  /** The row number of a place, as far as the index knows now. */
  rowOf({ page, row }: RowPlace): number {
    return this.#index.before(page) + Math.min(row, Math.max(0, this.#index.count(page) - 1))
  }

  /** A row; null: it is not read. One of pieces counts those of the next pages that go on with it. */
  at({ page, row }: RowPlace): LogRow | null {
    const found = this.#kept.get(page)?.rows[row] ?? null
    if (found?.kind !== "folded") return found
    let { count, last } = found
    for (let next = page + 1; ; next += 1) {
      const more = this.#pieces.get(next)?.get(found.of)
      if (more === undefined) return count === found.count ? found : { ...found, count, last }
      count += more.count
      last = more.last
    }
  }

  /** Where the row of a sequence is, or the one before it; `exact`: its page was read. */
  find(sequence: number): RowPlace & { readonly exact: boolean } {
    const page = this.#pageOf(Math.min(Math.max(sequence, this.#base + 1), Math.max(this.#head, this.#base + 1)))
    const rows = this.#kept.get(page)?.rows
    if (rows !== undefined) {
      const row = rows.findLastIndex((one) => sequenceOf(one) <= sequence)
      return { page, row: Math.max(0, row), exact: true }
    }
    const part = (sequence - this.#startOf(page)) / pageSize
    return {
      page,
      row: Math.max(0, Math.floor(part * this.#index.count(page))),
      exact: this.#index.isKnown(page) && this.#index.count(page) === 0,
    }
  }

  /** The pages of these rows are seen: they are read, and others are left. */
  want(firstRow: number, lastRow: number): void {
    const first = this.place(Math.max(0, firstRow))?.page
    const last = this.place(Math.min(this.total - 1, lastRow))?.page
    if (first === undefined || last === undefined) return
    const pages: number[] = []
    for (let page = first; page <= last; page += 1) if (this.#isMissing(page)) pages.push(page)
    // What is beside comes after what is seen.
    for (const page of [last + 1, first - 1])
      if (page >= 0 && page < this.#index.pages && this.#isMissing(page)) pages.push(page)
    this.#wanted = pages
    for (const [page, reading] of this.#reading) if (page < first - 2 || page > last + 2) reading.abort()
    this.#drop((first + last) / 2)
    this.#read()
  }

  /** Opens pieces, or closes them. */
  readonly toggle = (of: string): void => {
    if (!this.#open.delete(of)) this.#open.add(of)
    for (const [page, pieces] of this.#pieces) {
      if (!pieces.has(of)) continue
      if (this.#kept.has(page)) this.#changed.add(page)
      else this.#index.set(page, null)
    }
    this.#tellNow()
  }

  /** Takes an event of the stream. */
  readonly take = ({ data, event, id }: SseEvent): void => {
    if (event === "reset") {
      // Not within the reading of the stream, which it ends.
      queueMicrotask(this.restart)
      return
    }
    if (event === "synced") {
      const sequence = Number(id?.slice(id.lastIndexOf(".") + 1))
      if (sequence > this.#head) this.#head = sequence
      return
    }
    const next: LogEvent = JSON.parse(data)
    if (next.sequence <= this.#head) return
    this.#append(next)
  }

  #empty(): PageIndex {
    const { except, fold, thread, types } = this.filter
    // Of the whole log each sequence is a row.
    const isAll = !fold && thread === null && types.length === 0 && except.length === 0
    return new PageIndex(fold ? foldedRows : pageSize, isAll)
  }

  #pageOf(sequence: number): number {
    return Math.floor((sequence - this.#base - 1) / pageSize)
  }

  #startOf(page: number): number {
    return this.#base + page * pageSize + 1
  }

  /** The last sequence of a page that there is. */
  #endOf(page: number): number {
    return Math.min(this.#head, this.#startOf(page) + pageSize - 1)
  }

  #isMissing(page: number): boolean {
    return !this.#kept.has(page) && !(this.#index.isKnown(page) && this.#index.count(page) === 0)
  }

  async #begin(signal: AbortSignal): Promise<void> {
    try {
      if (this.filter.thread !== null) {
        const { items } = await this.api.get<Answer>(this.#path, { limit: 1 }, { signal })
        this.#base = Math.max(0, (items[0]?.sequence ?? 1) - 1)
      }
      await this.#readOlder(signal)
      if (signal.aborted) return
      if (this.fetch === null) return this.#tellNow()
      const path = pathWith(this.#path, { ...this.#query, after: this.#head, audio: true })
      this.#stream = new EventStream(this.fetch, { path, take: this.take })
      this.#stream.start()
    } catch (error) {
      if (signal.aborted) return
      this.#problem = asProblem(error)
    }
    this.#tellNow()
  }

  /** Reads the events before those that were read from the end up. */
  async #readOlder(signal: AbortSignal): Promise<void> {
    const last = this.#older
    const query = { ...this.#query, order: "desc", limit: pageSize, cursor: last?.cursor }
    const { items, next, sequence } = await this.api.get<Answer>(this.#path, query, { signal })
    if (signal.aborted) return
    if (last === null) {
      this.#head = sequence
      this.#index.grow(this.#pageOf(sequence) + 1)
    }
    const from = next === null ? this.#base + 1 : (items.at(-1)?.sequence ?? this.#base + 1)
    const page = this.#pageOf(from)
    const isWhole = from === this.#startOf(page)
    const events = [...items.toReversed(), ...(last?.rest ?? [])]
    this.#cover(events, isWhole ? from : this.#startOf(page + 1), last?.to ?? this.#head)
    this.#older = {
      cursor: next,
      // What came meanwhile is not among what was read.
      to: isWhole ? from - 1 : Math.min(this.#endOf(page), last?.to ?? this.#head),
      rest: isWhole ? [] : events.filter((event) => event.sequence <= this.#endOf(page)),
    }
  }

  /** Takes over what was read of a range of sequences without a gap: each page that lies in it. */
  #cover(events: readonly LogEvent[], from: number, to: number): void {
    const byPage = new Map<number, LogEvent[]>()
    for (const event of events) {
      const page = this.#pageOf(event.sequence)
      const of = byPage.get(page)
      if (of === undefined) byPage.set(page, [event])
      else of.push(event)
    }
    const first = this.#pageOf(from + pageSize - 1)
    for (let page = Math.max(0, first); page < this.#index.pages && this.#endOf(page) <= to; page += 1) {
      const of = byPage.get(page)
      if (of === undefined) {
        this.#kept.delete(page)
        this.#index.set(page, 0)
      } else {
        this.#kept.set(page, { events: of, rows: [] })
        this.#changed.add(page)
      }
    }
  }

  /** Reads what is wanted, a few pages at a time. */
  #read(): void {
    for (const page of this.#wanted) {
      if (this.#reading.size >= mostAtOnce) return
      if (this.#reading.has(page) || !this.#isMissing(page)) continue
      const isNext = this.#older !== null && this.#older.cursor !== null && page === this.#pageOf(this.#older.to)
      if (isNext && this.#isReadingOlder) continue
      const reading = new AbortController()
      this.#reading.set(page, reading)
      this.#isReadingOlder ||= isNext
      const work = isNext ? this.#readOlder(this.#ends.signal) : this.#readPage(page, reading.signal)
      work
        .then(
          () => {
            this.#problem = null
          },
          (error: unknown) => {
            if (reading.signal.aborted || this.#ends.signal.aborted) return
            this.#problem = asProblem(error)
            this.#wanted = []
          },
        )
        .finally(() => {
          if (isNext) this.#isReadingOlder = false
          if (this.#reading.get(page) === reading) this.#reading.delete(page)
          if (this.#ends.signal.aborted) return
          this.#tellNow()
          this.#read()
        })
    }
  }

  /** Reads a page by its sequences. With a filter it may read the next ones at the same time. */
  async #readPage(page: number, signal: AbortSignal): Promise<void> {
    const start = this.#startOf(page)
    const events: LogEvent[] = []
    for (;;) {
      const after = events.at(-1)?.sequence ?? start - 1
      const query = { ...this.#query, after, limit: pageSize }
      const { items, next, sequence } = await this.api.get<Answer>(this.#path, query, { signal })
      if (signal.aborted) return
      events.push(...items)
      const to = next === null ? Math.max(sequence, after) : (events.at(-1)?.sequence ?? sequence)
      if (to < this.#endOf(page) && (items.length > 0 || next !== null)) continue
      this.#cover(events, start, to)
      return
    }
  }

  #append(event: LogEvent): void {
    const page = this.#pageOf(event.sequence)
    const last = this.#index.pages - 1
    this.#head = event.sequence
    this.#come += 1
    // Of the pages between nothing came.
    for (let between = last + 1; between < page; between += 1) this.#index.set(between, 0)
    const kept = this.#kept.get(page)
    if (kept !== undefined) {
      // A page that was read a moment ago may have it already.
      if ((kept.events.at(-1)?.sequence ?? 0) < event.sequence) kept.events.push(event)
      this.#changed.add(page)
    } else if (page > last || (this.#index.isKnown(page) && this.#index.count(page) === 0)) {
      this.#index.grow(page + 1)
      this.#kept.set(page, { events: [event], rows: [] })
      this.#changed.add(page)
    } else {
      this.#index.set(page, null)
    }
    this.#telling ??= setTimeout(this.#tellNow, togetherMs)
  }

  /** Leaves the events of pages that are far from where a person is. How many rows they have stays known. */
  #drop(middle: number): void {
    if (this.#kept.size <= mostKept) return
    const far = [...this.#kept.keys()].sort((a, b) => Math.abs(b - middle) - Math.abs(a - middle))
    for (const page of far.slice(0, this.#kept.size - mostKept)) this.#kept.delete(page)
  }

  readonly #tellNow = (): void => {
    clearTimeout(this.#telling)
    this.#telling = undefined
    for (const page of [...this.#changed]) {
      const events = this.#kept.get(page)?.events
      const pieces = events === undefined || !this.filter.fold ? noPieces : piecesIn(events)
      const isOther = pieces.size !== (this.#pieces.get(page)?.size ?? 0)
      if (pieces.size > 0) this.#pieces.set(page, pieces)
      // The next page may go on with a text of this one.
      if (isOther) this.#changed.add(page + 1)
    }
    for (const page of this.#changed) {
      const kept = this.#kept.get(page)
      if (kept === undefined) continue
      const continued = this.#pieces.get(page - 1) ?? noPieces
      kept.rows = rowsOf(kept.events, { fold: this.filter.fold, open: this.#open, continued })
      this.#index.set(page, kept.rows.length)
    }
    this.#changed.clear()
    const head = this.#older === null ? null : this.#head
    this.state.set({ head, problem: this.#problem, come: this.#come })
  }
}
