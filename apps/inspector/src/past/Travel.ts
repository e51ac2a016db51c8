/**
 * Where a reader of a thread is in time, and what is known of that moment. The worker and the thread's events are loaded when the past is
 * asked for, and followed while it is open.
 */
import type { ThreadPage } from "@threadfold/contracts/api"
import { type Api, isProblemOf } from "../api/Api.js"
import { asProblem, type PageProblem } from "../api/PageProblem.js"
import { changesOf, type Feed } from "../live/Feed.js"
import { ValueStore } from "../live/KeyedStore.js"
import { PastReader } from "./PastReader.js"
import type { PastDiff, PastStep } from "./pastMessages.js"
import { live, type Scrub, type ScrubAction, scrub } from "./scrubber.js"

/** What is known of the moment that is shown. */
export interface Moment {
  /** Its event, with what it changed; null: not known yet. */
  readonly step: PastStep | null
  /** What differs from the moment that it is compared with; null: not compared, or not known yet. */
  readonly diff: PastDiff | null
  /** It lies before the thread's first event: there is nothing to be known of it. */
  readonly isBefore: boolean
  readonly problem: PageProblem | null
}

const nothing: Moment = { step: null, diff: null, isBefore: false, problem: null }

/** Where the thread has grown, its new events are read after so long, ms. */
const growthPauseMs = 500
/** Moments a second while it plays. */
const mostMoments = 20

const isAborted = (error: unknown): boolean => error instanceof DOMException && error.name === "AbortError"

export class Travel {
  readonly state = new ValueStore<Scrub>(live)
  /** The past is open: with its scrubber, and with the worker behind it. */
  readonly open = new ValueStore(false)
  readonly moment = new ValueStore<Moment>(nothing)
  /** Events of the thread, as far as the server has told; null: not known yet. */
  readonly total = new ValueStore<number | null>(null)
  readonly reader: PastReader
  #started = false
  #asking: AbortController | null = null
  #player: ReturnType<typeof setTimeout> | undefined
  #growth: ReturnType<typeof setTimeout> | undefined
  readonly #stops: (() => void)[] = []

  constructor(
    private readonly api: Pick<Api, "fetch" | "get">,
    private readonly feed: Pick<Feed, "listen">,
    readonly threadId: string,
    reader?: PastReader,
  ) {
    this.reader = reader ?? new PastReader(api, threadId)
  }

  /** Does something that a person wants. */
  readonly act = (action: ScrubAction): void => {
    const before = this.state.get()
    const next = scrub(this.reader.line, before, action)
    if (next === before) return
    this.state.set(next)
    if (next.at !== null) this.show()
    if (next.at !== before.at || next.to !== before.to) this.#ask()
    if (next.playing !== before.playing) this.#play()
  }

  /** Opens the past; the moment stays. */
  readonly show = (): void => {
    this.open.set(true)
    this.#start()
  }

  /** Back to the present, and closed. */
  readonly hide = (): void => {
    this.act({ kind: "live" })
    this.open.set(false)
  }

  /** Ends everything that runs. */
  readonly close = (): void => {
    clearTimeout(this.#player)
    clearTimeout(this.#growth)
    for (const stop of this.#stops.splice(0)) stop()
    this.#asking?.abort()
    if (this.#started) this.reader.close()
  }

  #start(): void {
    if (this.#started) return
    this.#started = true
    const { progress } = this.reader
    let known = false
    this.#stops.push(
      progress.subscribe(() => {
        // The moment of an address lies in events that have come only now.
        const { at, to } = this.state.get()
        const knows = at !== null && this.reader.knows(Math.max(at, to ?? 0))
        if (knows && !known) this.#ask()
        known = knows
      }),
      this.feed.listen({
        restarted: () => this.#grown(),
        resumed: () => this.#grown(),
        changed: (changes) => {
          if (changes.streamId !== this.threadId) return
          for (const change of changesOf("threads", changes)) {
            if (change.kind === "put") this.total.set(change.row.streamVersion)
          }
          this.#grown()
        },
      }),
    )
    this.reader.read()
    this.api.get<ThreadPage>(`/v1/threads/${encodeURIComponent(this.threadId)}`, { limit: 1 }).then(
      ({ thread }) => this.total.set(Math.max(thread.streamVersion, this.total.get() ?? 0)),
      // The scrubber then ends where the events that are read end.
      () => undefined,
    )
  }

  #grown(): void {
    this.#growth ??= setTimeout(() => {
      this.#growth = undefined
      this.reader.read()
    }, growthPauseMs)
  }

  #ask(): void {
    this.#asking?.abort()
    const { at, to } = this.state.get()
    if (at === null) {
      this.moment.set(nothing)
      return
    }
    const asking = new AbortController()
    this.#asking = asking
    const { signal } = asking
    const work = async (): Promise<void> => {
      const step = await this.reader.step(at, { signal })
      const diff = to === null ? null : await this.reader.diff(Math.min(at, to), Math.max(at, to), { signal })
      const isBefore = this.reader.knows(at) && this.reader.line.placeOf(at) === 0
      if (!signal.aborted) this.moment.set({ step, diff, isBefore, problem: null })
    }
    work()
      .catch((error: unknown) => {
        if (isAborted(error)) return
        const isBefore = isProblemOf(error, "before-first-event")
        this.moment.set({ ...nothing, isBefore, problem: isBefore ? null : asProblem(error) })
      })
      .finally(() => {
        if (this.#asking === asking) this.#asking = null
      })
  }

  #play(): void {
    clearTimeout(this.#player)
    const { playing } = this.state.get()
    if (playing === null) return
    const moments = Math.min(mostMoments, playing)
    this.#player = setTimeout(() => {
      // A moment is shown before the next one is asked for.
      if (this.#asking === null) this.act({ kind: "tick", events: playing / moments })
      if (this.state.get().playing !== null) this.#play()
    }, 1_000 / moments)
  }
}
