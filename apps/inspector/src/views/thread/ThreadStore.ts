/**
 * One thread as it is shown: live, or as it was after a sequence of the log. It begins with the newest rows; older ones are read as the
 * reader goes up. Changes come by the feed, and are shown together, once a frame.
 */
import type {
  ItemRow,
  ItemView,
  QueueView,
  RealtimeRunView,
  RequestView,
  RewindRow,
  SessionRow,
  SessionView,
  TableName,
  ThreadDetail,
  ThreadRow,
  ThreadUsage,
  TurnRow,
  TurnView,
} from "@threadfold/contracts"
import type { RowChanges, RowsSnapshot, ThreadPage, UsagePage } from "@threadfold/contracts/api"
import { realtimeRunView, sessionView, threadDetail } from "@threadfold/core/views"
import type { Api, Page } from "../../api/Api.js"
import { asProblem, type PageProblem } from "../../api/PageProblem.js"
import { changesOf, type FeedListener, nextFrame } from "../../live/Feed.js"
import { KeyedStore, ValueStore } from "../../live/KeyedStore.js"
import { type Entry, entriesOf, mergedOf, type Placed, type Reach, sameEntries, startOf } from "./entries.js"
import { type Chunk, itemOfRow, queuedOfRow, requestOfRow, type Sent, turnOfRow } from "./rowViews.js"
import { floorOf, floorOfRequests, ThreadPart } from "./ThreadPart.js"

/** What is shown around the transcript. */
export interface ThreadHead {
  readonly thread: ThreadDetail
  readonly session: SessionView | null
  readonly queue: readonly QueueView[]
}

/** How far the transcript is read. */
export interface ReadState {
  readonly entries: readonly Entry[]
  /** Older entries are there to be read. */
  readonly older: boolean
  readonly loading: "first" | "older" | null
  readonly problem: PageProblem | null
}

/** Tokens, and how full the context is. */
export type Meter = Pick<typeof UsagePage.Type, "context"> & { readonly usage: ThreadUsage | null }

const firstRows = 60
const olderRows = 100
/** Pages in a row for one step up: lists of a thread may be of very different lengths. */
const mostPages = 12
const meterPauseMs = 1_500

/** Ranges of turns before the turns in them, pieces of texts before their items. */
const snapshotOrder: readonly TableName[] = [
  "rewinds",
  "item_chunks",
  "sessions",
  "realtime_runs",
  "turns",
  "items",
  "requests",
  "queue",
  "threads",
]

export class ThreadStore implements FeedListener {
  readonly #turns = new ThreadPart<TurnView>("turns", ({ turnId }) => turnId)
  readonly #items = new ThreadPart<ItemView>("items", ({ itemId }) => itemId)
  readonly #requests = new ThreadPart<RequestView>("requests", ({ requestId }) => requestId)
  readonly turns = this.#turns.rows
  readonly items = this.#items.rows
  readonly requests = this.#requests.rows
  /** What a person has opened or closed, by the id of the entry. */
  readonly opened = new KeyedStore<boolean>()
  readonly head = new ValueStore<ThreadHead | null>(null)
  readonly state = new ValueStore<ReadState>({ entries: [], older: false, loading: "first", problem: null })
  readonly meter = new ValueStore<Meter | null>(null)
  /** The newest voice conversation; null: it had none. */
  readonly voice = new ValueStore<RealtimeRunView | null>(null)

  readonly #itemRows = new Map<string, Sent<ItemRow>>()
  readonly #turnRows = new Map<string, Sent<TurnRow>>()
  readonly #chunks = new Map<string, Map<number, Chunk>>()
  readonly #queue = new Map<string, QueueView>()
  readonly #sessions = new Map<string, SessionRow>()
  readonly #rewinds = new Map<number, RewindRow>()
  readonly #changedItems = new Set<string>()
  #at: number | null
  #threadRow: ThreadRow | null = null
  /** Changes that came before the snapshot; null: it is there. */
  #early: RowChanges[] | null = []
  #reading: AbortController | null = null
  #planned = false
  /** Entries came, went or ended: a text that grows changes no order. */
  #orderChanged = false
  #meterTimer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly api: Pick<Api, "get">,
    readonly threadId: string,
    at: number | null,
    private readonly frame: (run: () => void) => void = nextFrame,
    /** False: the thread is one of a bundle, of which no changes come. */
    private readonly follows = true,
  ) {
    this.#at = at
  }

  /** What is shown goes on: it is neither an earlier moment nor a thread of a bundle. */
  get isLive(): boolean {
    return this.#at === null && this.follows
  }

  /** The moment that is shown, a sequence of the log; null: now. */
  get at(): number | null {
    return this.#at
  }

  get path(): string {
    return `/v1/threads/${encodeURIComponent(this.threadId)}`
  }

  /** Reads the thread from its newest rows on. */
  readonly restarted = (): void => {
    this.#early = []
    this.#begin("first", (signal) => (this.isLive ? this.#readNow(signal) : this.#readMoment(this.at, signal)))
    this.#readMeter(0)
  }

  /** Reads what a lost connection has kept from being read. */
  readonly resumed = (): void => {
    if (this.state.get().problem === null) return
    if (this.head.get() === null) this.restarted()
    else this.state.set({ ...this.state.get(), problem: null })
  }

  /** Shows another moment of the past. What is shown stays until that moment is read. */
  readonly goTo = (at: number): void => {
    if (at === this.#at) return
    this.#at = at
    this.#early = []
    this.#begin("first", (signal) => this.#readMoment(at, signal))
    this.#readMeter(meterPauseMs)
  }

  readonly changed = (changes: RowChanges): void => {
    if (!this.isLive || changes.streamId !== this.threadId) return
    // A thread that was not there has come to be: a copy that was being made.
    if (this.head.get() === null && this.state.get().problem !== null) this.restarted()
    else if (this.#early !== null) this.#early.push(changes)
    else this.#apply(changes)
  }

  /** Reads older entries, unless some are being read. */
  readonly readOlder = (): void => {
    if (this.#reading === null && this.state.get().older) this.#begin("older", (signal) => this.#readBack(signal))
  }

  readonly close = (): void => {
    this.#reading?.abort()
    clearTimeout(this.#meterTimer)
  }

  /** Turns that are read, oldest first: for a list to jump by. */
  readonly readTurns = (): readonly TurnView[] => this.#turns.views()

  #begin(loading: "first" | "older", work: (signal: AbortSignal) => Promise<void>): void {
    this.#reading?.abort()
    const reading = new AbortController()
    this.#reading = reading
    this.state.set({ ...this.state.get(), loading, problem: null })
    const end = (problem: PageProblem | null) => {
      if (this.#reading !== reading) return
      this.#reading = null
      // It came to be while it was asked for.
      if (problem !== null && loading === "first" && (this.#early?.length ?? 0) > 0) return this.restarted()
      this.#orderChanged = true
      this.#show({ loading: null, problem })
    }
    work(reading.signal).then(
      () => end(null),
      (error: unknown) => end(asProblem(error)),
    )
  }

  async #readNow(signal: AbortSignal): Promise<void> {
    const snapshot = await this.api.get<RowsSnapshot>(`${this.path}/snapshot`, { limit: firstRows }, { signal })
    this.#clear()
    const changes = snapshotOrder.flatMap((table) =>
      (snapshot.rows[table] ?? []).map((row) => ({ table, key: [], row })),
    )
    const all: RowChanges = { streamId: this.threadId, sequence: snapshot.sequence, changes }
    this.#apply(all)
    this.#putItems()
    const { items, requests, turns } = snapshot.more
    this.#turns.beginAt(floorOf([...this.#turnRows.values()], "turns"), turns ?? null)
    this.#items.beginAt(floorOf([...this.#itemRows.values()], "items"), items ?? null)
    const asked = changesOf("requests", all).flatMap((change) => (change.kind === "put" ? [change.row] : []))
    this.#requests.beginAt(floorOfRequests(asked, firstRows), requests ?? null)
    const early = this.#early ?? []
    this.#early = null
    for (const one of early) if (one.sequence > snapshot.sequence) this.#apply(one)
    this.#showChanged()
  }

  async #readMoment(at: number | null, signal: AbortSignal): Promise<void> {
    const page = await this.api.get<ThreadPage>(this.path, { at, limit: firstRows }, { signal })
    if (signal.aborted) return
    this.#clear()
    this.#turns.begin(page.turns, page.more.turns ?? null)
    this.#items.begin(page.items, page.more.items ?? null)
    this.#requests.begin(page.requests, page.more.requests ?? null)
    this.head.set({ thread: page.thread, session: page.session, queue: page.queue })
  }

  #reaches(): readonly Reach[] {
    return [this.#turns.reach, this.#items.reach, this.#requests.reach]
  }

  /** Reads the lists that reach least far back, until the transcript has more. */
  async #readBack(signal: AbortSignal): Promise<void> {
    const parts = [this.#turns, this.#items, this.#requests]
    let enough: number | null = null
    for (let pages = 0; pages < mostPages; pages += 1) {
      const merged = mergedOf(this.#placed())
      const start = startOf(merged, this.#reaches())
      const shown = merged.length - start
      enough ??= shown + olderRows / 2
      if (shown >= enough) return
      const first = merged[start]?.id ?? null
      const read = parts.find(({ reach: { cursor, floor } }) => cursor !== null && (floor === null || floor === first))
      if (read === undefined) return
      if (read === this.#turns) await this.#readPage(this.#turns, signal)
      else if (read === this.#items) await this.#readPage(this.#items, signal)
      else await this.#readPage(this.#requests, signal)
    }
  }

  async #readPage<V>(part: ThreadPart<V>, signal: AbortSignal): Promise<void> {
    const query = { cursor: part.reach.cursor, limit: olderRows, at: this.at }
    part.takeOlder(await this.api.get<Page<V>>(`${this.path}/${part.name}`, query, { signal }))
  }

  #clear(): void {
    for (const part of [this.#turns, this.#items, this.#requests]) part.clear()
    for (const map of [this.#itemRows, this.#turnRows, this.#chunks, this.#queue, this.#sessions, this.#rewinds]) {
      map.clear()
    }
    this.#changedItems.clear()
  }

  #apply(changes: RowChanges): void {
    for (const change of changesOf("rewinds", changes)) {
      if (change.kind === "put") this.#rewinds.set(change.row.ordinal, change.row)
    }
    const ranges = [...this.#rewinds.values()]
    if (changes.changes.some(({ table }) => table === "rewinds")) {
      for (const row of this.#turnRows.values()) this.#turns.put(turnOfRow(row, ranges), row.ordinal)
    }
    this.#orderChanged ||= changes.changes.some(({ table }) => table === "turns" || table === "requests")
    this.#applyTexts(changes)
    for (const change of changesOf("turns", changes)) {
      if (change.kind === "removed") this.#turns.remove(String(change.key[0]))
      else {
        this.#turnRows.set(change.row.turnId, change.row)
        this.#turns.put(turnOfRow(change.row, ranges), change.row.ordinal)
      }
    }
    for (const change of changesOf("requests", changes)) {
      if (change.kind === "removed") this.#requests.remove(String(change.key[0]))
      else this.#requests.put(requestOfRow(change.row), change.row.openedSequence)
    }
    for (const change of changesOf("queue", changes)) {
      if (change.kind === "removed") this.#queue.delete(String(change.key[0]))
      else this.#queue.set(change.row.messageId, queuedOfRow(change.row))
    }
    for (const change of changesOf("realtime_runs", changes)) {
      const isNewest = change.kind === "put" && change.row.realtimeId >= (this.voice.get()?.realtimeId ?? "")
      if (isNewest) this.voice.set(realtimeRunView(change.row))
    }
    for (const change of changesOf("sessions", changes)) {
      if (change.kind === "put") this.#sessions.set(change.row.sessionId, change.row)
    }
    for (const change of changesOf("threads", changes)) if (change.kind === "put") this.#threadRow = change.row
    if (changes.changes.some(({ table }) => table === "usage")) this.#readMeter(meterPauseMs)
    this.#plan()
  }

  /** Items and the pieces of their texts, which come one by one while a text streams. */
  #applyTexts(changes: RowChanges): void {
    for (const change of changesOf("item_chunks", changes)) {
      if (change.kind === "put") {
        const { itemId, ordinal, part, text } = change.row
        const of = this.#chunks.get(itemId) ?? new Map<number, Chunk>()
        this.#chunks.set(itemId, of.set(ordinal, { part, text }))
        this.#changedItems.add(itemId)
      } else {
        const [itemId, ordinal] = change.key
        if (ordinal === undefined) this.#chunks.delete(String(itemId))
        else this.#chunks.get(String(itemId))?.delete(Number(ordinal))
        this.#changedItems.add(String(itemId))
      }
    }
    for (const change of changesOf("items", changes)) {
      if (change.kind === "removed") {
        this.#orderChanged = true
        this.#itemRows.delete(String(change.key[0]))
        this.#items.remove(String(change.key[0]))
      } else {
        this.#itemRows.set(change.row.itemId, change.row)
        if (change.row.hasFinal === 1) this.#chunks.delete(change.row.itemId)
        this.#changedItems.add(change.row.itemId)
      }
    }
  }

  #plan(): void {
    if (this.#planned) return
    this.#planned = true
    this.frame(() => {
      this.#planned = false
      if (this.#early === null) this.#showChanged()
    })
  }

  #putItems(): void {
    for (const itemId of this.#changedItems) {
      const row = this.#itemRows.get(itemId)
      if (row === undefined) continue
      const isNew = this.#items.put(itemOfRow(row, this.#chunks.get(itemId) ?? new Map()), row.ordinal)
      this.#orderChanged ||= isNew
    }
    this.#changedItems.clear()
  }

  /** What has changed since the last frame. */
  #showChanged(): void {
    this.#putItems()
    const row = this.#threadRow
    if (row !== null) {
      const session = row.sessionId === null ? undefined : this.#sessions.get(row.sessionId)
      this.head.set({
        thread: threadDetail(row),
        session: session === undefined ? null : sessionView(session),
        queue: [...this.#queue.values()].sort((a, b) => a.position - b.position),
      })
    }
    this.#show({})
  }

  #show(part: Partial<ReadState>): void {
    const last = this.state.get()
    const entries = this.#orderChanged
      ? sameEntries(last.entries, entriesOf(this.#placed(), this.#reaches()))
      : last.entries
    this.#orderChanged = false
    const next = { ...last, entries, older: this.#reaches().some(({ cursor }) => cursor !== null), ...part }
    const isSame =
      next.entries === last.entries &&
      next.older === last.older &&
      next.loading === last.loading &&
      next.problem === last.problem
    if (!isSame) this.state.set(next)
  }

  #placed(): Placed {
    return {
      turns: this.#turns.views().map(({ parts, status, text, turnId }) => ({
        turnId,
        ended: status === "ended",
        asked: text !== null || parts !== null,
      })),
      items: this.#items.views(),
      requests: this.#requests.views().map(({ itemId, requestId, status, turnId }) => ({
        requestId,
        turnId,
        itemId,
        open: status === "open" || status === "answering",
      })),
    }
  }

  #readMeter(pauseMs: number): void {
    this.#meterTimer ??= setTimeout(() => {
      this.#meterTimer = undefined
      this.api
        .get<typeof UsagePage.Type>(`${this.path}/usage`, { at: this.at })
        .then(({ context, usage }) => this.meter.set({ context, usage }))
        // A thread without its tokens is still a thread.
        .catch(() => undefined)
    }, pauseMs)
  }
}
