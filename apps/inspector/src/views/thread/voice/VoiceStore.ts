/** The voice conversations of a thread while they are shown: what was said, read from its end, and what comes. */

import type { SseEvent } from "@threadfold/client/sse"
import type { DelegationView } from "@threadfold/contracts"
import type { EventPage, RowChanges } from "@threadfold/contracts/api"
import { delegationView } from "@threadfold/core/views"
import { type Api, type Page, pathWith } from "../../../api/Api.js"
import { asProblem, type PageProblem } from "../../../api/PageProblem.js"
import { EventStream } from "../../../live/EventStream.js"
import { changesOf, type FeedListener } from "../../../live/Feed.js"
import { KeyedStore, ValueStore } from "../../../live/KeyedStore.js"
import { pieceType, type TalkEntry, type VoiceEvent, VoiceTalk, voiceTypes } from "./VoiceTalk.js"

export interface TalkState {
  readonly entries: readonly TalkEntry[]
  readonly loading: boolean
  readonly problem: PageProblem | null
  /** Older entries are there to be read. */
  readonly older: boolean
}

const pageSize = 100

export class VoiceStore implements FeedListener {
  readonly state = new ValueStore<TalkState>({ entries: [], loading: true, problem: null, older: false })
  /** Work that was handed over, by its id: it says in which turn it is done. */
  readonly delegations = new KeyedStore<DelegationView>()
  #talk = new VoiceTalk()
  #cursor: string | null = null
  #stream: EventStream | null = null
  #ends = new AbortController()

  constructor(
    private readonly api: Api,
    readonly threadId: string,
    /** Told what the voice has said, to its end. */
    private readonly heard: (text: string) => void,
    /** False: nothing comes any more, as in a bundle. */
    private readonly follows: boolean,
  ) {}

  get path(): string {
    return `/v1/threads/${encodeURIComponent(this.threadId)}`
  }

  /** Reads from the end, and follows what comes. */
  readonly start = (): void => {
    this.close()
    this.#ends = new AbortController()
    this.#talk = new VoiceTalk()
    this.#cursor = null
    this.#read((signal) => this.#begin(signal))
  }

  readonly close = (): void => {
    this.#ends.abort()
    this.#stream?.stop()
    this.#stream = null
  }

  readonly readOlder = (): void => {
    if (!this.state.get().loading && this.#cursor !== null) this.#read((signal) => this.#readBack(signal))
  }

  readonly restarted = (): void => {
    this.api
      .get<Page<DelegationView>>(`${this.path}/delegations`, { limit: pageSize }, { signal: this.#ends.signal })
      .then(({ items }) => {
        for (const one of items) this.delegations.set(one.delegationId, one)
      })
      // Without it the work is named, and not linked.
      .catch(() => undefined)
  }

  readonly changed = (changes: RowChanges): void => {
    if (changes.streamId !== this.threadId) return
    for (const change of changesOf("delegations", changes)) {
      if (change.kind === "put") this.delegations.set(change.row.delegationId, delegationView(change.row))
    }
  }

  #read(work: (signal: AbortSignal) => Promise<void>): void {
    const { signal } = this.#ends
    this.#show({ loading: true, problem: null })
    work(signal).then(
      () => !signal.aborted && this.#show({ loading: false }),
      (error: unknown) => !signal.aborted && this.#show({ loading: false, problem: asProblem(error) }),
    )
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const { items, next } = await this.#page(null, signal)
    if (signal.aborted) return
    for (const event of items.toReversed()) this.#talk.take(event)
    this.#cursor = next
    if (!this.follows) return
    // What is behind the newest of these are the pieces of what is being said.
    const path = pathWith(`${this.path}/events`, { types: [...voiceTypes, pieceType], after: items[0]?.sequence ?? 0 })
    this.#stream = new EventStream(this.api.fetch, { path, take: this.#take })
    this.#stream.start()
  }

  async #readBack(signal: AbortSignal): Promise<void> {
    const { items, next } = await this.#page(this.#cursor, signal)
    if (signal.aborted) return
    this.#talk.putBefore(items.toReversed())
    this.#cursor = next
  }

  #page(cursor: string | null, signal: AbortSignal): Promise<typeof EventPage.Type> {
    return this.api.get(
      `${this.path}/events`,
      { types: voiceTypes, order: "desc", limit: pageSize, cursor },
      { signal },
    )
  }

  readonly #take = ({ data, event }: SseEvent): void => {
    if (event === "synced") return
    // The log is another one: not within the reading of the stream, which this ends.
    if (event === "reset") return queueMicrotask(this.start)
    const next: VoiceEvent = JSON.parse(data)
    this.#talk.take(next)
    const last = this.#talk.entries.at(-1)
    if (next.type === "realtime.transcript.done" && last?.kind === "said" && last.role !== "user") this.heard(last.text)
    this.#show({})
  }

  #show(part: Partial<TalkState>): void {
    const older = this.#cursor !== null && !this.#talk.full
    this.state.set({ ...this.state.get(), entries: this.#talk.entries, older, ...part })
  }
}
