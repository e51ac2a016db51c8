/** The threads of a bundle: each is folded once when it is opened, and again when a person looks into it. */
import { type Rows, type TableName, tableNames } from "@threadfold/contracts"
import { foldPage, initialState, isMirrorOf, upcast } from "@threadfold/core"
import { cells, ForkedStore, keyOf, layout, type Scalar } from "@threadfold/core/model"
import { countUpTo } from "../live/sorted.js"
import type { BundleEvent, BundleLog, BundleStream } from "./BundleLog.js"

/** Threads whose rows are held. */
const mostHeld = 4
/** Events that are folded at a time. */
const pageEvents = 500
/** Events between two pauses of opening: a browser makes each last some milliseconds, and a bundle may have 10,000 threads. */
const pauseEvents = 5_000

type ThreadRow = Rows["threads"]

/** Tables whose rows are found by one id. */
const byOneId: readonly TableName[] = tableNames.filter((table) => layout(table).key.length === 1)

/** The events from one place to another, from 0, as the fold takes them. */
export function* eventsFrom(log: BundleLog, stream: BundleStream, from: number, to: number): Generator<BundleEvent> {
  for (let place = from; place < to; place += 1) {
    const event = log.eventAt(stream, place)
    yield event.unreadable === true ? event : upcast(event).event
  }
}

export class BundleThreads {
  readonly #threads = new Map<string, ThreadRow>()
  readonly #held = new Map<string, ForkedStore>()
  /** Those that a list shows: no mirrors of others. */
  #listed: readonly ThreadRow[] = []
  /** Id of a row → its stream. */
  readonly #streams = new Map<string, BundleStream>()

  constructor(private readonly log: BundleLog) {}

  /** Folds all streams, one after the other; others may run now and then. */
  async foldAll(pause: () => Promise<void>): Promise<void> {
    let folded = 0
    for (const stream of this.log.streams) {
      const store = this.rows(stream)
      folded += stream.lines.length
      const [row] = [...store.all("threads")]
      if (row !== undefined) this.#threads.set(stream.streamId, row)
      for (const table of byOneId) {
        for (const one of store.all(table)) {
          const [id] = keyOf(layout(table), cells(one))
          if (typeof id === "string") this.#streams.set(`${table} ${id}`, stream)
        }
      }
      if (folded < pauseEvents) continue
      folded = 0
      await pause()
    }
    const byNativeId = new Map<string | null, ThreadRow[]>()
    for (const thread of this.#threads.values()) {
      const { nativeThreadId } = thread
      const of = byNativeId.get(nativeThreadId)
      if (of === undefined) byNativeId.set(nativeThreadId, [thread])
      else of.push(thread)
    }
    this.#listed = [...byNativeId].flatMap(([nativeThreadId, threads]) =>
      nativeThreadId === null
        ? threads
        : threads.filter((one) => !threads.some((other) => other !== one && isMirrorOf(one, other))),
    )
  }

  /** How many threads there are, mirrors included. */
  get count(): number {
    return this.#threads.size
  }

  /** Threads that are no mirrors of others. */
  get listed(): readonly ThreadRow[] {
    return this.#listed
  }

  /** The rows of a thread after its last event, or after those that are not later than a sequence. Not to be changed. */
  rows(stream: BundleStream, at: number | null = null): ForkedStore {
    const count = at === null ? stream.lines.length : placesUpTo(stream, at)
    const key = `${stream.streamId} ${count}`
    const known = this.#held.get(key)
    const store = known ?? this.#fold(stream, count)
    // The last one that was used is let go last.
    this.#held.delete(key)
    this.#held.set(key, store)
    for (const [old] of this.#held) {
      if (this.#held.size <= mostHeld) break
      this.#held.delete(old)
    }
    return store
  }

  /** A row by its key, with its stream; null: there is none. */
  find<N extends TableName>(
    table: N,
    key: readonly Scalar[],
  ): { readonly row: Rows[N]; readonly stream: BundleStream; readonly store: ForkedStore } | null {
    const [first = ""] = key
    const stream = this.#streams.get(`${table} ${first}`) ?? this.#ownerOf(String(first))
    if (stream === null) return null
    const store = this.rows(stream)
    const row = store.whole(table, key)
    return row === null ? null : { row, stream, store }
  }

  /** Rows of several keys begin with the id of what they belong to. */
  #ownerOf(id: string): BundleStream | null {
    return this.log.stream(id) ?? this.#streams.get(`items ${id}`) ?? this.#streams.get(`turns ${id}`) ?? null
  }

  #fold(stream: BundleStream, count: number): ForkedStore {
    const store = new ForkedStore()
    let state = initialState(stream.streamId)
    for (let from = 0; from < count; from += pageEvents) {
      const page = [...eventsFrom(this.log, stream, from, Math.min(count, from + pageEvents))]
      state = foldPage(state, page, store, store.apply)
    }
    return store
  }
}

/** How many events of a stream are not later than a sequence. */
export const placesUpTo = ({ sequences }: BundleStream, at: number): number => countUpTo(sequences, at)
