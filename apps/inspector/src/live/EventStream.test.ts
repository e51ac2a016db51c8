import { afterEach, beforeEach, expect, it, vi } from "vitest"
import type { Fetch } from "../session/Session.js"
import { EventStream, pauseAfter } from "./EventStream.js"

const encoder = new TextEncoder()

/** A server whose streams the test writes to. */
const makeServer = () => {
  const calls: { readonly lastId: string | null; readonly write: (text: string) => void; readonly end: () => void }[] =
    []
  const fetch: Fetch = async (_path, init) => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
    const writer = writable.getWriter()
    init?.signal?.addEventListener("abort", () => void writer.abort(init.signal?.reason).catch(() => undefined))
    calls.push({
      lastId: new Headers(init?.headers).get("last-event-id"),
      write: (text) => void writer.write(encoder.encode(text)).catch(() => undefined),
      end: () => void writer.close(),
    })
    return new Response(readable)
  }
  return { calls, fetch }
}

const target = new EventTarget()

beforeEach(() => {
  vi.stubGlobal("document", Object.assign(new EventTarget(), { hidden: false }))
  vi.stubGlobal("addEventListener", target.addEventListener.bind(target))
  vi.stubGlobal("removeEventListener", target.removeEventListener.bind(target))
})
afterEach(() => vi.unstubAllGlobals())

it("resumes behind the last event that had an id", async () => {
  const { calls, fetch } = makeServer()
  const taken: string[] = []
  const stream = new EventStream(fetch, { path: "/v1/inbox", take: ({ data }) => void taken.push(data) })
  stream.start()
  await vi.waitFor(() => expect(calls).toHaveLength(1))
  calls[0]?.write("id: log.7\nevent: inbox\ndata: one\n\nevent: synced\ndata: {}\n\n")
  await vi.waitFor(() => expect(stream.state.get()).toEqual({ kind: "live" }))
  calls[0]?.end()
  await vi.waitFor(() => expect(stream.state.get()).toMatchObject({ kind: "reconnecting", failures: 1 }))
  stream.retryNow()
  await vi.waitFor(() => expect(calls).toHaveLength(2))
  expect([taken, calls.map(({ lastId }) => lastId)]).toEqual([
    ["one", "{}"],
    [null, "log.7"],
  ])
  stream.stop()
})

it("begins anew after it was stopped", async () => {
  const { calls, fetch } = makeServer()
  const stream = new EventStream(fetch, { path: "/", take: () => undefined })
  stream.start()
  await vi.waitFor(() => expect(calls).toHaveLength(1))
  calls[0]?.write("id: log.7\nevent: synced\ndata: {}\n\n")
  await vi.waitFor(() => expect(stream.cursor).toBe("log.7"))
  stream.stop()
  stream.start()
  await vi.waitFor(() => expect(calls).toHaveLength(2))
  expect(calls[1]?.lastId).toBeNull()
  stream.stop()
})

it("connects again where what came was not taken, and where the reader was too slow", async () => {
  const { calls, fetch } = makeServer()
  const stream = new EventStream(fetch, {
    path: "/",
    take: ({ event }) => {
      if (event === "bad") throw new Error("not taken")
    },
  })
  stream.start()
  await vi.waitFor(() => expect(calls).toHaveLength(1))
  calls[0]?.write("event: bad\ndata: {}\n\n")
  await vi.waitFor(() => expect(stream.state.get()).toMatchObject({ kind: "reconnecting", failures: 1 }))
  stream.retryNow()
  await vi.waitFor(() => expect(calls).toHaveLength(2))
  calls[1]?.write("event: overflow\ndata: {}\n\n")
  await vi.waitFor(() => expect(stream.state.get()).toMatchObject({ kind: "reconnecting", failures: 2 }))
  stream.stop()
})

it("ends with a stream that has an end", async () => {
  const { calls, fetch } = makeServer()
  const taken: string[] = []
  const stream = new EventStream(fetch, { path: "/", ends: true, take: ({ data }) => void taken.push(data) })
  stream.start()
  await vi.waitFor(() => expect(calls).toHaveLength(1))
  calls[0]?.write("event: progress\ndata: 1\n\n")
  calls[0]?.end()
  await vi.waitFor(() => expect(stream.state.get()).toEqual({ kind: "ended" }))
  expect([taken, calls.length]).toEqual([["1"], 1])
})

it("waits longer after each failure, up to a limit", () => {
  expect([1, 2, 3, 10, 50].map((failures) => pauseAfter(failures, () => 0.5))).toEqual([
    500, 1_000, 2_000, 15_000, 15_000,
  ])
})
