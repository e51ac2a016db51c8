import type { RowChange, RowChanges } from "@threadfold/contracts/api"
import { describe, expect, it, vi } from "vitest"
import type { Api } from "../../api/Api.js"
import { gapSign, joinChunks } from "./rowViews.js"
import { ThreadStore } from "./ThreadStore.js"

const threadId = "thread-1"
const two = (n: number) => String(n).padStart(3, "0")

const threadRow = (fields: object = {}) => ({
  threadId,
  title: "T",
  status: "working",
  sessionId: null,
  queueHeld: 0,
  streamVersion: 1,
  ...fields,
})
const itemRow = (n: number, fields: object = {}) => ({
  itemId: `i-${two(n)}`,
  ordinal: n + 1,
  turnId: null,
  kind: "agent_message",
  status: "completed",
  afterEnd: 0,
  hasFinal: 1,
  text: `Text ${n}`,
  ...fields,
})
const put = (table: RowChange["table"], key: string, row: object): RowChange => ({ table, key: [key], row: { ...row } })
const changes = (sequence: number, ...list: readonly RowChange[]): RowChanges => ({
  streamId: threadId,
  sequence,
  changes: list,
})
const chunk = (itemId: string, ordinal: number, text: string, part = 0) =>
  put("item_chunks", itemId, { itemId, ordinal, part, text, threadId })

/** A server with a thread of so many items. */
const makeApi = (count: number, rows: Record<string, readonly object[]> = {}) => {
  const calls: string[] = []
  const newest = Array.from({ length: Math.min(count, 60) }, (_, n) => itemRow(count - Math.min(count, 60) + n))
  const get = async (path: string, query: Record<string, unknown> = {}) => {
    calls.push(path)
    if (path.endsWith("/usage"))
      return { sequence: 1, usage: null, context: { used: null, window: null, compaction: null } }
    if (path.endsWith("/snapshot")) {
      const first = count - newest.length
      return {
        threadId,
        sequence: 10,
        cursor: "log.10",
        rows: { threads: [threadRow()], items: newest, ...rows },
        rest: { items: first === 0 ? null : `i-${two(first - 1)}`, turns: null, requests: null },
        more: { items: first === 0 ? null : String(first), turns: null, requests: null },
      }
    }
    const end = Number(query.cursor)
    const begin = Math.max(0, end - Number(query.limit))
    const items = Array.from({ length: end - begin }, (_, n) => itemRow(end - 1 - n))
    return { items, next: begin === 0 ? null : String(begin), previous: null, sequence: 10 }
  }
  return { api: { get: get as unknown as Api["get"] }, calls }
}

/** A store whose frames are run by hand. */
const started = async (count: number, rows: Record<string, readonly object[]> = {}) => {
  const frames: (() => void)[] = []
  const { api, calls } = makeApi(count, rows)
  const store = new ThreadStore(api, threadId, null, (run) => frames.push(run))
  store.restarted()
  await vi.waitFor(() => expect(store.state.get().loading).toBeNull(), { interval: 1 })
  const frame = () => {
    for (const run of frames.splice(0)) run()
  }
  frame()
  return { store, frame, frames, calls }
}

describe("a thread", () => {
  it("begins with its newest entries, and reads older ones when it is asked", async () => {
    const { store } = await started(250)
    expect(store.state.get()).toMatchObject({ older: true })
    expect(store.state.get().entries.map(({ id }) => id)[0]).toBe("i-190")
    store.readOlder()
    store.readOlder()
    await vi.waitFor(() => expect(store.state.get().loading).toBeNull(), { interval: 1 })
    expect(store.state.get().entries[0]?.id).toBe("i-090")
    store.readOlder()
    await vi.waitFor(() => expect(store.state.get().loading).toBeNull(), { interval: 1 })
    expect(store.state.get()).toMatchObject({ older: false })
    expect(store.state.get().entries).toHaveLength(250)
    store.close()
  })

  it("shows a text as its pieces come, and the final one in their place", async () => {
    const { frame, store } = await started(1)
    const open = itemRow(5, { itemId: "i-900", status: "open", hasFinal: 0, text: null })
    store.changed(changes(11, put("items", "i-900", open), chunk("i-900", 0, "Hello ")))
    frame()
    expect(store.items.get("i-900")?.text).toBe("Hello ")
    const told = vi.fn()
    const order = vi.fn()
    store.items.subscribe("i-900", told)
    store.state.subscribe(order)
    for (let n = 0; n < 50; n += 1) store.changed(changes(12 + n, chunk("i-900", 0, `Hello ${"x".repeat(n)}`)))
    frame()
    expect(told).toHaveBeenCalledTimes(1)
    expect(order).not.toHaveBeenCalled()
    expect(store.items.get("i-900")?.text).toBe(`Hello ${"x".repeat(49)}`)
    store.changed(
      changes(99, put("items", "i-900", { ...open, hasFinal: 1, text: "Whole", status: "completed" }), {
        table: "item_chunks",
        key: ["i-900"],
        deleted: true,
      }),
    )
    frame()
    expect(store.items.get("i-900")?.text).toBe("Whole")
    store.close()
  })

  it("carries out what came before its snapshot, but nothing twice", async () => {
    const { api } = makeApi(2)
    const frames: (() => void)[] = []
    const store = new ThreadStore(api, threadId, null, (run) => frames.push(run))
    store.restarted()
    store.changed(changes(9, put("items", "i-001", itemRow(1, { text: "older than the snapshot" }))))
    store.changed(changes(11, put("items", "i-001", itemRow(1, { text: "newer" }))))
    await vi.waitFor(() => expect(store.state.get().loading).toBeNull(), { interval: 1 })
    for (const run of frames) run()
    expect(store.items.get("i-001")?.text).toBe("newer")
    store.close()
  })

  it("is deaf to other threads", async () => {
    const { frames, store } = await started(1)
    store.changed({ streamId: "other", sequence: 20, changes: [put("items", "i-000", itemRow(0, { text: "other" }))] })
    expect(frames).toHaveLength(0)
    store.close()
  })

  it("shows requests and the queue as they come and go", async () => {
    const { frame, store } = await started(1)
    const request = { requestId: "r-1", status: "open", kind: "command_approval" }
    const message = (messageId: string, position: number) =>
      put("queue", messageId, { messageId, position, text: messageId, parts: null })
    store.changed(changes(11, put("requests", "r-1", request), message("m-2", 2), message("m-1", 1)))
    frame()
    expect(store.state.get().entries.at(-1)).toEqual({ kind: "request", id: "r-1" })
    expect(store.head.get()?.queue.map(({ messageId }) => messageId)).toEqual(["m-1", "m-2"])
    store.changed(
      changes(12, put("requests", "r-1", { ...request, status: "answered" }), {
        table: "queue",
        key: ["m-1"],
        deleted: true,
      }),
    )
    frame()
    expect(store.requests.get("r-1")?.status).toBe("answered")
    expect(store.head.get()?.queue.map(({ messageId }) => messageId)).toEqual(["m-2"])
    store.close()
  })

  it("marks turns that are taken back", async () => {
    const turn = (n: number) => ({
      turnId: `t-${n}`,
      ordinal: n,
      status: "ended",
      usage: null,
      settled: 1,
      stalled: 0,
      rejoined: 0,
    })
    const { frame, store } = await started(1, { turns: [turn(1), turn(2), turn(3)] })
    store.changed(
      changes(
        11,
        put("rewinds", threadId, { threadId, ordinal: 1, fromOrdinal: 2, toOrdinal: 3, rewoundAt: 5, sequence: 11 }),
      ),
    )
    frame()
    expect(["t-1", "t-2", "t-3"].map((id) => store.turns.get(id)?.rewound)).toEqual([false, true, true])
    store.close()
  })

  it("says what kept it from being read, and is read when the connection is back", async () => {
    const { api } = makeApi(3)
    let works = false
    const get = ((path: string, query?: Record<string, unknown>) =>
      works ? api.get(path, query as never) : Promise.reject(new Error("no"))) as Api["get"]
    const store = new ThreadStore({ get }, threadId, null, (run) => run())
    store.restarted()
    await vi.waitFor(() => expect(store.state.get().problem?.detail).toBe("no"), { interval: 1 })
    works = true
    store.resumed()
    await vi.waitFor(() => expect(store.state.get().entries).toHaveLength(3), { interval: 1 })
    expect(store.state.get().problem).toBeNull()
    store.close()
  })
})

it("is read when a copy that was being made comes to be", async () => {
  const { api } = makeApi(3)
  let isThere = false
  const get = ((path: string, query?: Record<string, unknown>) =>
    isThere ? api.get(path, query as never) : Promise.reject(new Error("not found"))) as Api["get"]
  const store = new ThreadStore({ get }, threadId, null, (run) => run())
  store.restarted()
  await vi.waitFor(() => expect(store.state.get().problem).not.toBeNull(), { interval: 1 })
  // The changes come while it is asked for once more.
  store.restarted()
  store.changed(changes(11))
  isThere = true
  await vi.waitFor(() => expect(store.state.get().entries).toHaveLength(3), { interval: 1 })
  store.close()
})

describe("pieces of a text", () => {
  const of = (...pieces: readonly [number, string, number?][]) =>
    joinChunks(new Map(pieces.map(([ordinal, text, part = 0]) => [ordinal, { text, part }])))
  it("are joined in their order, with a blank line between parts", () => {
    expect([of(), of([1, "b"], [0, "a"]), of([0, "a", 0], [1, "b", 1])]).toEqual([null, "ab", "a\n\nb"])
  })
  it("say where some are missing", () => {
    expect(of([0, "a"], [5, "b"])).toBe(`a${gapSign}b`)
  })
})
