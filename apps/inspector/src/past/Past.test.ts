import type { EventEnvelope } from "@threadfold/contracts"
import { fold, initialState } from "@threadfold/core"
import { MapStore, snapshotOf } from "@threadfold/core/model"
import fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import { type LongThread, longThread, pageOf, pagesOf } from "../../test/longThread.js"
import { Checkpoints, checkpointEvery } from "./Checkpoints.js"
import { EventPages } from "./EventPages.js"
import { threadPage } from "./momentPages.js"
import { Past, unlessMissing } from "./Past.js"
import { EventMark } from "./pastMessages.js"

/** Events of the thread under test: several checkpoints. */
const count = 3_200
let thread: LongThread
/** The documents of some moments, by a fold from the first event. */
const documents = new Map<number, unknown>()
const looked = (place: number) => place % 97 === 0 || place === 1 || place === count

beforeAll(() => {
  thread = longThread(count)
  const store = new MapStore()
  let state = initialState(thread.threadId)
  for (const [index, event] of thread.events.entries()) {
    const folded = fold(state, event, store)
    state = folded.state
    store.apply(folded.changes)
    const place = index + 1
    if (looked(place)) documents.set(place, snapshotOf(store.rowsOf(thread.threadId), event.sequence))
  }
})

const full = (past: Past, pages: Iterable<ArrayBuffer>): Past => {
  for (const page of pages) past.add(new Uint8Array(page))
  return past
}

const documentAt = (past: Past, place: number): unknown => {
  const { sequence } = thread.events[place - 1] as EventEnvelope
  const page = threadPage(past.at(past.placeOf(sequence)), past.threadId, sequence, Number.MAX_SAFE_INTEGER)
  if (page === null) return null
  const { more: _, ...document } = page
  return document
}

/** Reads what was let go again, as the page does. */
const reading = <A>(past: Past, body: () => A): A => {
  for (;;) {
    const found = unlessMissing(body)
    if (typeof found !== "object" || found === null || !("kind" in found) || found.kind !== "missing") return found as A
    const from = thread.events.findIndex(({ sequence }) => sequence > found.after)
    // The server's pages need not be cut at the same places.
    past.add(new Uint8Array(pageOf(thread.events, from, 500)))
  }
}

describe("the past of a thread", () => {
  it("is at any place what a fold from the first event makes of it, wherever one looked before", () => {
    const places = [...documents.keys()]
    const past = full(new Past(thread.threadId), pagesOf(thread, 130))
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...places), { minLength: 1, maxLength: 8 }), (looks) => {
        for (const place of looks) expect(documentAt(past, place)).toEqual(documents.get(place))
      }),
      { numRuns: 20 },
    )
  })

  it("is the same with few checkpoints and pages, which stay within their bounds", () => {
    const most = { count: 3, bytes: 1_000_000 }
    const pageBytes = 400_000
    const past = full(
      new Past(thread.threadId, { checkpoints: new Checkpoints(most), pages: new EventPages(pageBytes) }),
      pagesOf(thread, 200),
    )
    const places = [...documents.keys()]
    const order = places.toSorted((a, b) => ((a * 7919) % 104_729) - ((b * 7919) % 104_729))
    for (const place of order) {
      expect(reading(past, () => documentAt(past, place))).toEqual(documents.get(place))
      expect(past.held.checkpoints).toBeLessThanOrEqual(most.count)
      expect(past.held.checkpointBytes).toBeLessThanOrEqual(most.bytes)
      expect(past.held.events).toBeLessThanOrEqual(pageBytes + 600_000)
    }
  })

  it("tells of each event what it changed, forwards and backwards, and marks what stands out", () => {
    const past = full(new Past(thread.threadId), pagesOf(thread, 500))
    const forward = Array.from({ length: 300 }, (_, index) => past.step(index + 1))
    const backward = Array.from({ length: 300 }, (_, index) => past.step(300 - index)).reverse()
    expect(backward).toEqual(forward)
    expect(forward[1]?.rows.map(({ change, row }) => [change, row.split("/")[0]])).toContainEqual(["added", "turns"])
    expect(past.step(0)).toBeNull()
    expect(past.step(count + 1)).toBeNull()
    expect(past.anomalies.length).toBe(
      Math.floor(thread.events.filter(({ type }) => type === "turn.started").length / 50),
    )
    for (const { sequence } of past.anomalies) {
      expect(past.step(past.placeOf(sequence))?.anomalies.length).toBe(1)
    }
  })

  it("answers a page with the columns of its events, and grows as the thread does", () => {
    const past = new Past(thread.threadId)
    const sequences: number[] = []
    let marks = 0
    for (const page of pagesOf(thread, 700)) {
      const { columns, last } = past.add(new Uint8Array(page))
      sequences.push(...columns.sequences)
      marks += columns.marks.filter((mark) => (mark & EventMark.turnStart) !== 0).length
      expect(last).toBe(columns.sequences.at(-1))
    }
    expect(sequences).toEqual(thread.events.map(({ sequence }) => sequence))
    expect(marks).toBe(thread.events.filter(({ type }) => type === "turn.started").length)
    // A page that is known, and an empty one, change nothing.
    const before = past.count
    past.add(new Uint8Array(pageOf(thread.events, 0, 700)))
    past.add(new Uint8Array(pageOf(thread.events, count, 700)))
    expect(past.count).toBe(before)
    expect(() =>
      past.add(
        new Uint8Array(pageOf([{ ...thread.events[0], sequence: 1e9, streamVersion: count + 2 } as EventEnvelope], 0)),
      ),
    ).toThrow(`Event ${count + 2} of the thread came where event ${count + 1} was due`)
    expect(past.placeOf(0)).toBe(0)
    expect(past.placeOf(4)).toBe(1)
    expect(past.placeOf(Number.MAX_SAFE_INTEGER)).toBe(count)
  })

  it("folds a page whose long texts were read, with the texts", () => {
    const events = thread.events.slice(0, 40)
    const long = events.find(({ payload, type }) => type === "item.completed" && JSON.stringify(payload).length > 100)
    const cut = events.map((event) =>
      event === long
        ? { ...event, payload: null, truncated: { payload: { bytes: 5, href: `/v1/events/${event.sequence}/text` } } }
        : event,
    )
    const past = new Past(thread.threadId)
    const bytes = new TextEncoder().encode(JSON.stringify({ sequence: 0, items: cut, next: null }))
    const added = past.add(bytes)
    expect(added.cut).toEqual([{ sequence: long?.sequence, href: `/v1/events/${long?.sequence}/text` }])
    expect(past.count).toBe(0)
    const { last } = past.payloads([{ sequence: long?.sequence ?? 0, payload: JSON.stringify(long?.payload) }])
    expect([last, past.count]).toEqual([events.at(-1)?.sequence, events.length])
    const whole = full(new Past(thread.threadId), [pageOf(events, 0)])
    expect([...past.at(40).rows()]).toEqual([...whole.at(40).rows()])
  })
})

describe("checkpoints", () => {
  it("stay close together where the reader is, and leave no long gap elsewhere", () => {
    const checkpoints = new Checkpoints({ count: 20, bytes: Number.MAX_SAFE_INTEGER })
    const { state, store } = { state: initialState("t"), store: full(new Past("t"), []).rows }
    const reader = 60_000
    for (let place = checkpointEvery.events; place <= 100_000; place += checkpointEvery.events) {
      checkpoints.add({ place, state, store, weight: 1 }, reader)
    }
    expect(checkpoints.count).toBe(20)
    const behind = (place: number) => place - (checkpoints.before(place)?.place ?? 0)
    expect(behind(reader + 250)).toBeLessThanOrEqual(4 * checkpointEvery.events)
    for (let place = 0; place <= 100_000; place += 500) expect(behind(place)).toBeLessThanOrEqual(40_000)
  })
})
