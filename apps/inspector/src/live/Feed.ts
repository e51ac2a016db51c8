/**
 * The one connection of this page that stays open: the rows of all threads as they change (`GET /v1/changes`). A browser opens six
 * connections to a server, so several tabs with a connection for each list would take all of them. It resumes where it was, tries again
 * with growing pauses, and is closed while the tab has been out of sight for long.
 */
import { SseDecoder, type SseEvent } from "@threadfold/client/sse"
import type { Rows, TableName } from "@threadfold/contracts"
import type { RowChanges } from "@threadfold/contracts/api"
import { asProblem, type PageProblem, problemOf } from "../api/PageProblem.js"
import type { Fetch } from "../session/Session.js"
import { ValueStore } from "./KeyedStore.js"

/** How the connection is. */
export type FeedState =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  /** Lost; the next try is at `nextAt`, ms since the epoch. */
  | { readonly kind: "reconnecting"; readonly nextAt: number; readonly failures: number; readonly problem: PageProblem }
  /** The machine has no network, or the tab was out of sight. */
  | { readonly kind: "offline" }

/** What listens to the changes. */
export interface FeedListener {
  /** Rows have changed, in this order. */
  readonly changed: (changes: RowChanges) => void
  /** All that was read may be out of date: read it again. Called when the connection begins, and when it cannot resume. */
  readonly restarted: () => void
}

/** A change of a row of a known table, or of another one. */
export type ChangeOf<N extends TableName> =
  | { readonly kind: "put"; readonly row: Rows[N] }
  | { readonly kind: "removed"; readonly key: readonly (string | number)[] }

/** The changes of one table. */
export const changesOf = <N extends TableName>(table: N, { changes }: RowChanges): readonly ChangeOf<N>[] =>
  changes.flatMap((change): readonly ChangeOf<N>[] => {
    if (change.table !== table) return []
    if ("deleted" in change) return [{ kind: "removed", key: change.key }]
    // The columns of a table are what the contracts say of it.
    return [{ kind: "put", row: change.row as unknown as Rows[N] }]
  })

const firstPauseMs = 500
const longestPauseMs = 15_000
/** A server says something every 15 s. */
const silenceMs = 45_000
/** How long a tab is out of sight before its connection is left to others, ms. */
const hiddenMs = 120_000

/** The pause before a try, ms: doubled each time, with a part that differs between tabs. */
export const pauseAfter = (failures: number, random: () => number = Math.random): number =>
  Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures - 1, 10)) * (0.75 + random() * 0.5)

export class Feed {
  readonly state = new ValueStore<FeedState>({ kind: "connecting" })
  readonly #listeners = new Set<FeedListener>()
  #cursor: string | null = null
  #synced = false
  #failures = 0
  #ends: AbortController | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #hiddenTimer: ReturnType<typeof setTimeout> | undefined
  #running = false

  constructor(private readonly fetch: Fetch) {}

  /** Listens until the function that is returned is called. One that begins while the connection is live is told to read at once. */
  listen(listener: FeedListener): () => void {
    this.#listeners.add(listener)
    if (this.#synced) listener.restarted()
    return () => this.#listeners.delete(listener)
  }

  /** Connects, and stays connected until {@link stop}. */
  start(): void {
    if (this.#running) return
    this.#running = true
    addEventListener("online", this.retryNow)
    addEventListener("offline", this.#lost)
    document.addEventListener("visibilitychange", this.#seen)
    void this.#connect()
  }

  stop(): void {
    this.#running = false
    removeEventListener("online", this.retryNow)
    removeEventListener("offline", this.#lost)
    document.removeEventListener("visibilitychange", this.#seen)
    clearTimeout(this.#timer)
    clearTimeout(this.#hiddenTimer)
    this.#ends?.abort()
    this.#cursor = null
    this.#synced = false
  }

  /** Tries again at once. */
  readonly retryNow = (): void => {
    if (!this.#running || this.state.get().kind === "live") return
    clearTimeout(this.#timer)
    this.#ends?.abort()
    void this.#connect()
  }

  readonly #lost = (): void => {
    clearTimeout(this.#timer)
    this.#ends?.abort()
    this.state.set({ kind: "offline" })
  }

  readonly #seen = (): void => {
    clearTimeout(this.#hiddenTimer)
    if (document.hidden) this.#hiddenTimer = setTimeout(this.#lost, hiddenMs)
    else if (this.state.get().kind !== "live") this.retryNow()
  }

  async #connect(): Promise<void> {
    const ends = new AbortController()
    this.#ends = ends
    try {
      await this.#read(ends)
      throw new Error("The server ended the stream.")
    } catch (error) {
      if (ends.signal.aborted && ends.signal.reason !== silence) return
      this.#failures += 1
      const pause = pauseAfter(this.#failures)
      const nextAt = Date.now() + pause
      this.state.set({ kind: "reconnecting", nextAt, failures: this.#failures, problem: asProblem(error) })
      this.#timer = setTimeout(() => void this.#connect(), pause)
    }
  }

  async #read(ends: AbortController): Promise<void> {
    let silent = setTimeout(() => ends.abort(silence), silenceMs)
    try {
      const answer = await this.fetch("/v1/changes", {
        signal: ends.signal,
        headers: {
          accept: "text/event-stream",
          ...(this.#cursor === null ? {} : { "last-event-id": this.#cursor }),
        },
      })
      if (!answer.ok || answer.body === null) throw await problemOf(answer)
      const decoder = new SseDecoder()
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader()
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        clearTimeout(silent)
        silent = setTimeout(() => ends.abort(silence), silenceMs)
        for (const event of decoder.push(value)) this.#take(event)
        if (decoder.tooLong) throw new Error("The server sent more in one piece than this page takes.")
      }
    } finally {
      clearTimeout(silent)
    }
  }

  #take({ data, event, id }: SseEvent): void {
    if (event === "overflow") throw new Error("The changes came faster than they were read.")
    if (event === "changes") {
      const changes: RowChanges = JSON.parse(data)
      for (const listener of this.#listeners) listener.changed(changes)
      // Changes with `more` are sent again after a loss: their place is that of the last one of their commit.
      if (changes.more !== true && id !== null) this.#cursor = id
      return
    }
    if (event !== "synced" && event !== "reset") return
    const isFirst = this.#cursor === null
    if (id !== null) this.#cursor = id
    if (event === "reset" || isFirst || !this.#synced) this.#restart()
    if (event === "synced") {
      this.#failures = 0
      this.state.set({ kind: "live" })
    }
  }

  #restart(): void {
    this.#synced = true
    for (const listener of this.#listeners) listener.restarted()
  }
}

/** Why a connection is ended of which nothing is heard. */
const silence = new DOMException("Nothing was heard of the server.", "TimeoutError")
