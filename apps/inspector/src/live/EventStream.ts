/**
 * A stream of the server that stays connected: it resumes where it was, tries again with growing pauses, and is closed while the tab
 * has been out of sight for long.
 */
import { SseDecoder, type SseEvent } from "@threadfold/client/sse"
import { asProblem, type PageProblem, problemOf } from "../api/PageProblem.js"
import type { Fetch } from "../session/Session.js"
import { ValueStore } from "./KeyedStore.js"

/** How the connection is. */
export type StreamState =
  | { readonly kind: "connecting" }
  | { readonly kind: "live" }
  /** Lost; the next try is at `nextAt`, ms since the epoch. */
  | { readonly kind: "reconnecting"; readonly nextAt: number; readonly failures: number; readonly problem: PageProblem }
  /** The machine has no network, or the tab was out of sight. */
  | { readonly kind: "offline" }
  /** It has come to its end, and is not connected again. */
  | { readonly kind: "ended" }

export interface StreamOptions {
  readonly path: string
  /** Takes what came. Where it throws, the connection begins anew. */
  readonly take: (event: SseEvent) => void
  /** True: the stream ends with what it tells of. Else its end is a loss. */
  readonly ends?: boolean
}

const firstPauseMs = 500
const longestPauseMs = 15_000
/** A server says something every 15 s. */
const silenceMs = 45_000
/** How long a tab is out of sight before its connection is left to others, ms. */
const hiddenMs = 120_000

/** The pause before a try, ms: doubled each time, with a part that differs between tabs. */
export const pauseAfter = (failures: number, random: () => number = Math.random): number =>
  Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(failures - 1, 10)) * (0.75 + random() * 0.5)

/** Why a connection is ended of which nothing is heard. */
const silence = new DOMException("Nothing was heard of the server.", "TimeoutError")

export class EventStream {
  readonly state = new ValueStore<StreamState>({ kind: "connecting" })
  #cursor: string | null = null
  #failures = 0
  #ends: AbortController | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #hiddenTimer: ReturnType<typeof setTimeout> | undefined
  #running = false

  constructor(
    private readonly fetch: Fetch,
    private readonly options: StreamOptions,
  ) {}

  /** The `id` of what came last; null: nothing with one. */
  get cursor(): string | null {
    return this.#cursor
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

  /** Ends it. One that is started again begins anew. */
  stop(): void {
    this.#leave()
    this.#cursor = null
    this.#ends?.abort()
  }

  /** Tries again at once. */
  readonly retryNow = (): void => {
    if (!this.#running || this.state.get().kind === "live") return
    clearTimeout(this.#timer)
    this.#ends?.abort()
    void this.#connect()
  }

  #leave(): void {
    this.#running = false
    removeEventListener("online", this.retryNow)
    removeEventListener("offline", this.#lost)
    document.removeEventListener("visibilitychange", this.#seen)
    clearTimeout(this.#timer)
    clearTimeout(this.#hiddenTimer)
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
      if (this.options.ends !== true) throw new Error("The server ended the stream.")
      this.#leave()
      this.state.set({ kind: "ended" })
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
      const answer = await this.fetch(this.options.path, {
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
        for (const event of decoder.push(value)) {
          // What was waiting to be read when it was ended is left.
          if (ends.signal.aborted) return
          this.#take(event)
        }
        if (decoder.tooLong) throw new Error("The server sent more in one piece than this page takes.")
      }
    } finally {
      clearTimeout(silent)
    }
  }

  #take(event: SseEvent): void {
    if (event.event === "overflow") throw new Error("More came than was read.")
    this.options.take(event)
    if (event.id !== null) this.#cursor = event.id
    if (event.event === "synced" || this.options.ends === true) {
      this.#failures = 0
      this.state.set({ kind: "live" })
    }
  }
}
