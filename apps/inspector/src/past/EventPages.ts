/**
 * The events of a thread as they came: pages of JSON, decoded again where they are needed. The bytes that are held are bounded: the pages
 * furthest from where the reader looks are let go, and have to be read from the server again.
 */

import type { EventEnvelope } from "@threadfold/contracts"
import type { EventPage } from "@threadfold/contracts/api"
import { countWhile } from "../live/sorted.js"

/** Bytes that are held at most. */
const mostBytes = 96 * 1024 * 1024

/** Pages that are held decoded. */
const mostDecoded = 4

interface HeldPage {
  /** Place of its first event in the thread, from 1. */
  readonly first: number
  readonly count: number
  /** Sequence of the event before it; 0: none. */
  readonly after: number
  /** Null: they were let go. */
  bytes: Uint8Array | null
  size: number
  /** Sequence → JSON of a payload that the page has cut. */
  payloads: ReadonlyMap<number, string>
}

const text = new TextDecoder()

/** The events of an answer of the API. */
export const decodePage = (bytes: Uint8Array): EventPage => JSON.parse(text.decode(bytes))

const whole = ({ truncated: _, ...event }: EventPage["items"][number], payload: string | undefined): EventEnvelope =>
  payload === undefined ? event : { ...event, payload: JSON.parse(payload) }

/** The page that has to be read from the server before a walk can go on. */
export class PageMissing extends Error {
  constructor(readonly after: number) {
    super("A page of events was let go.")
  }
}

export class EventPages {
  readonly #pages: HeldPage[] = []
  readonly #decoded = new Map<HeldPage, readonly EventEnvelope[]>()
  #bytes = 0

  constructor(private readonly most: number = mostBytes) {}

  /** How many events are known. */
  get count(): number {
    const last = this.#pages.at(-1)
    return last === undefined ? 0 : last.first + last.count - 1
  }

  /** Bytes of the JSON that is held. */
  get bytes(): number {
    return this.#bytes
  }

  /** Takes a page: the one behind what is known, or one that was let go. `after`: sequence of the event before it. */
  take(after: number, bytes: Uint8Array, count: number, payloads: ReadonlyMap<number, string>): void {
    const known = this.#pages.find((one) => one.after === after)
    const size = bytes.length + [...payloads.values()].reduce((sum, { length }) => sum + length, 0)
    if (known === undefined) this.#pages.push({ first: this.count + 1, count, after, bytes, size, payloads })
    else if (known.bytes === null) Object.assign(known, { bytes, size, payloads })
    else return
    this.#bytes += size
  }

  /** Whether the page behind a sequence is known; it may have been let go. */
  knows(after: number): boolean {
    return this.#pages.some((one) => one.after === after)
  }

  /** How many events the known page behind a sequence has. */
  countBehind(after: number): number {
    return this.#pages.find((one) => one.after === after)?.count ?? 0
  }

  /** The events from one place to another, both included, page by page, with what each event weighs in bytes. */
  *between(
    first: number,
    last: number,
  ): Generator<{ readonly events: readonly EventEnvelope[]; readonly weight: number }> {
    for (let at = this.#pageOf(first); at < this.#pages.length; at += 1) {
      const page = this.#pages[at]
      if (page === undefined || page.first > last) return
      const events = this.#decode(page).slice(Math.max(0, first - page.first), last - page.first + 1)
      yield { events, weight: page.size / page.count }
    }
  }

  /** The event at a place. */
  at(place: number): EventEnvelope | undefined {
    for (const { events } of this.between(place, place)) return events[0]
    return undefined
  }

  /** Lets pages go, the furthest from this place first, until the rest is within bounds. */
  shrink(place: number): void {
    while (this.#bytes > this.most) {
      let furthest: HeldPage | null = null
      for (const page of this.#pages) {
        if (page.bytes === null) continue
        if (furthest === null || Math.abs(page.first - place) > Math.abs(furthest.first - place)) furthest = page
      }
      // The last one that is held stays: it is what the reader looks at.
      if (furthest === null || furthest.size === this.#bytes) return
      this.#bytes -= furthest.size
      furthest.bytes = null
      furthest.payloads = new Map()
      this.#decoded.delete(furthest)
    }
  }

  #pageOf(place: number): number {
    return Math.max(0, countWhile(this.#pages.length, (index) => (this.#pages[index]?.first ?? 0) <= place) - 1)
  }

  #decode(page: HeldPage): readonly EventEnvelope[] {
    const known = this.#decoded.get(page)
    if (known !== undefined) return known
    if (page.bytes === null) throw new PageMissing(page.after)
    const events = decodePage(page.bytes).items.map((event) => whole(event, page.payloads.get(event.sequence)))
    const oldest = this.#decoded.keys().next()
    if (this.#decoded.size >= mostDecoded && oldest.done !== true) this.#decoded.delete(oldest.value)
    this.#decoded.set(page, events)
    return events
  }
}
