/** The page's side of time travel, with the worker's own code behind it and a server that has a long thread. */
import type { ThreadPage } from "@threadfold/contracts/api"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import { type LongThread, longThread, pageOf } from "../../test/longThread.js"
import type { Api, Page } from "../api/Api.js"
import type { FeedListener } from "../live/Feed.js"
import { PastReader } from "./PastReader.js"
import { Travel } from "./Travel.js"

const limit = 500

/** A server with the first events of a thread; more may come. */
class Server {
  readonly asked: string[] = []
  /** Paths that are read with the calls of the API, and not by the worker. */
  readonly reads: string[] = []
  count: number
  fails = false

  constructor(
    readonly thread: LongThread,
    count = thread.events.length,
  ) {
    this.count = count
  }

  readonly api: Pick<Api, "fetch" | "get"> = {
    fetch: async (path) => {
      if (this.fails) throw new Error("The server has gone.")
      this.asked.push(path)
      const after = Number(new URL(path, "http://server").searchParams.get("after"))
      const known = this.thread.events.slice(0, this.count)
      const from = known.findIndex(({ sequence }) => sequence > after)
      return new Response(pageOf(known, from === -1 ? known.length : from, limit))
    },
    get: async <A>(path: string): Promise<A> => {
      this.reads.push(path)
      return { thread: { streamVersion: this.count }, items: [], next: null } as A
    },
  }
}

/** The part of the worker, in this thread: what is sent is copied, as between threads. */
const inProcess = async () => {
  vi.resetModules()
  const { answer } = await import("../worker/pastPart.js")
  return { ask: async (message: unknown) => structuredClone(answer(structuredClone(message))), end: () => {} }
}

const thread = longThread(1_900)
const sequenceAt = (place: number): number => thread.events[place - 1]?.sequence ?? 0

/** A busy machine takes its time. */
const eventually = (body: () => void) => vi.waitFor(body, { timeout: 600_000 })

const open: (() => void)[] = []
afterEach(() => {
  for (const close of open.splice(0)) close()
})

const readerOf = async (server: Server): Promise<PastReader> => {
  const reader = new PastReader(server.api, thread.threadId, await inProcess())
  open.push(reader.close)
  return reader
}

const done = (reader: PastReader) => eventually(() => expect(reader.progress.get().done).toBe(true))

describe("the reader of a thread's past", () => {
  it("reads all events page by page, and those that come later", async () => {
    const server = new Server(thread, 1_200)
    const reader = await readerOf(server)
    reader.read()
    await done(reader)
    expect(reader.line.count).toBe(1_200)
    server.count = 1_900
    reader.read()
    await eventually(() => expect(reader.line.count).toBe(1_900))
    expect(reader.line.at(1_900)).toMatchObject({ sequence: sequenceAt(1_900), type: thread.events.at(-1)?.type })
    // Each page once, and the end of the thread twice.
    expect(server.asked.length).toBeLessThanOrEqual(7)
  })

  it("answers moments by the worker, and leaves to the server what the worker does not know", async () => {
    const server = new Server(thread)
    const reader = await readerOf(server)
    const path = `/v1/threads/${thread.threadId}`
    const at = sequenceAt(900)
    await reader.get(path, { at, limit: 5 })
    expect(server.reads).toEqual([path])
    reader.read()
    await done(reader)
    const page = await reader.get<ThreadPage>(path, { at, limit: 5 })
    expect([page.sequence, page.turns.length, page.thread.streamVersion]).toEqual([at, 5, 900])
    const older = await reader.get<Page<unknown>>(`${path}/turns`, { at, limit: 4, cursor: page.more.turns ?? null })
    expect(older.items.length).toBe(4)
    // The present, tokens, another thread, a cursor of the server.
    for (const [other, query] of [
      [path, { limit: 5 }],
      [`${path}/usage`, { at }],
      [`${path}0`, { at, limit: 5 }],
      [`${path}/turns`, { at, limit: 5, cursor: "c2VydmVy" }],
    ] as const) {
      await reader.get(other, query)
      expect(server.reads.at(-1)).toBe(other)
    }
    expect(await reader.step(at)).toMatchObject({ event: { sequence: at } })
    expect((await reader.diff(sequenceAt(100), at))?.rows.length).toBeGreaterThan(0)
    expect((await reader.timeline()).lanes.find(({ lane }) => lane === "turns")?.starts.length).toBeGreaterThan(10)
  })

  it("asks for nothing that nobody waits for any more", async () => {
    const reader = await readerOf(new Server(thread))
    reader.read()
    await done(reader)
    const gone = new AbortController()
    const first = reader.step(sequenceAt(10))
    const second = reader.step(sequenceAt(20), { signal: gone.signal })
    const third = reader.step(sequenceAt(30))
    gone.abort()
    await expect(second).rejects.toThrow("Another moment")
    expect([(await first)?.event.sequence, (await third)?.event.sequence]).toEqual([sequenceAt(10), sequenceAt(30)])
  })

  it("reads all again where its worker has failed", async () => {
    let worker = await inProcess()
    let fails = false
    const reader = new PastReader(new Server(thread).api, thread.threadId, {
      ask: (message) => (fails ? Promise.reject(new Error("Out of memory.")) : worker.ask(message)),
      end: () => {},
    })
    open.push(reader.close)
    reader.read()
    await done(reader)
    fails = true
    await expect(reader.step(sequenceAt(10))).rejects.toThrow("Out of memory.")
    expect(reader.progress.get().problem?.detail).toBe("Out of memory.")
    // Another worker knows nothing.
    worker = await inProcess()
    fails = false
    reader.read()
    await eventually(() => expect(reader.progress.get()).toEqual({ count: 1_900, done: true, problem: null }))
    expect((await reader.step(sequenceAt(10)))?.event.sequence).toBe(sequenceAt(10))
  })

  it("says why it cannot read on, and goes on when it is asked again", async () => {
    const server = new Server(thread)
    server.fails = true
    const reader = await readerOf(server)
    reader.read()
    await eventually(() => expect(reader.progress.get().problem?.detail).toBe("The server has gone."))
    server.fails = false
    reader.read()
    await done(reader)
    expect(reader.progress.get()).toEqual({ count: 1_900, done: true, problem: null })
  })
})

describe("travelling", () => {
  const listeners = new Set<FeedListener>()
  const feed = {
    listen: (listener: FeedListener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  beforeEach(() => listeners.clear())

  const travelOf = async (server: Server): Promise<Travel> => {
    const travel = new Travel(server.api, feed, thread.threadId, await readerOf(server))
    open.push(travel.close)
    return travel
  }

  it("loads nothing before the past is asked for", async () => {
    const server = new Server(thread)
    await travelOf(server)
    expect([server.asked, server.reads, listeners.size]).toEqual([[], [], 0])
  })

  it("shows the moment of an address once its events are read, and what an event changed", async () => {
    const travel = await travelOf(new Server(thread))
    travel.act({ kind: "address", at: sequenceAt(700), to: null })
    expect(travel.open.get()).toBe(true)
    await eventually(() => expect(travel.moment.get().step?.event.sequence).toBe(sequenceAt(700)))
    await done(travel.reader)
    travel.act({ kind: "step", by: 1, unit: "event" })
    await eventually(() => expect(travel.moment.get().step?.event.sequence).toBe(sequenceAt(701)))
    travel.act({ kind: "compare" })
    travel.act({ kind: "place", place: 900 })
    await eventually(() => expect(travel.moment.get().diff?.rows.length).toBeGreaterThan(0))
    travel.hide()
    expect([travel.state.get().at, travel.open.get(), travel.moment.get().step]).toEqual([null, false, null])
  })

  it("knows of a moment before the first event that there is nothing to wait for", async () => {
    const travel = await travelOf(new Server(thread))
    travel.act({ kind: "address", at: 0, to: null })
    expect(travel.moment.get().isBefore).toBe(false)
    await eventually(() => expect(travel.moment.get()).toMatchObject({ step: null, isBefore: true, problem: null }))
    travel.act({ kind: "first" })
    await eventually(() => expect(travel.moment.get()).toMatchObject({ isBefore: false, step: { kind: "step" } }))
  })

  it("plays event by event, and ends at the last one", async () => {
    const travel = await travelOf(new Server(thread))
    travel.show()
    await done(travel.reader)
    travel.act({ kind: "place", place: 1_897 })
    travel.act({ kind: "speed", speed: 250 })
    travel.act({ kind: "play" })
    expect(travel.state.get().playing).toBe(250)
    await eventually(() => expect(travel.state.get()).toMatchObject({ at: sequenceAt(1_900), playing: null }))
  })

  it("follows the thread while it is open", async () => {
    const server = new Server(thread, 1_000)
    const travel = await travelOf(server)
    travel.show()
    await done(travel.reader)
    server.count = 1_900
    for (const listener of listeners) {
      listener.changed({ streamId: thread.threadId, sequence: 1, changes: [] })
      listener.changed({ streamId: "another", sequence: 2, changes: [] })
    }
    await eventually(() => expect(travel.reader.line.count).toBe(1_900))
    expect(travel.total.get()).toBe(1_000)
    travel.close()
    expect(listeners.size).toBe(0)
  })
})
