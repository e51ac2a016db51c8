import type { ThreadRow, ThreadView } from "@threadfold/contracts"
import type { RowChanges } from "@threadfold/contracts/api"
import { threadView } from "@threadfold/core/views"
import { describe, expect, it, vi } from "vitest"
import type { Api } from "../../api/Api.js"
import { ThreadList } from "./ThreadList.js"
import { filterOf, groupOf, meets, needOf, paramsOf } from "./threadRows.js"

const row = (n: number, fields: Partial<ThreadRow> = {}): ThreadRow => ({
  threadId: `thread-${String(n).padStart(6, "0")}`,
  provider: "codex",
  nativeThreadId: null,
  title: `Thread ${n}`,
  firstWords: null,
  firstWordsTurn: null,
  preview: null,
  previewTurn: null,
  chosen: null,
  cwd: "/work/app",
  model: null,
  agent: "codex",
  parentThreadId: null,
  parentNativeThreadId: null,
  forkedFromThreadId: null,
  forkedFromNativeThreadId: null,
  source: null,
  status: "idle",
  sessionId: null,
  activeTurnId: null,
  openRequests: 0,
  runningTasks: 0,
  afterEndItems: 0,
  queued: 0,
  queueHeld: 0,
  uncertainTurns: 0,
  failedTurnId: null,
  newsVersion: null,
  readVersion: null,
  turns: 1,
  items: 1,
  archivedAt: null,
  deletedAt: null,
  pinnedAt: null,
  keepAliveUntil: null,
  createdAt: n,
  updatedAt: n,
  lastActivityAt: n,
  streamVersion: 1,
  sequence: n,
  ...fields,
})

const change = (...rows: readonly ThreadRow[]): RowChanges => ({
  streamId: "s",
  sequence: 1,
  changes: rows.map((one) => ({ table: "threads" as const, key: [one.threadId], row: { ...one } })),
})

const findIn = (all: Map<string, ThreadRow>, status: readonly string[], text: string): readonly ThreadView[] =>
  [...all.values()]
    .map(threadView)
    .filter((one) => meets(one, { ...filterOf(new URLSearchParams()), text }))
    .filter((one) => status.length === 0 || status.includes(one.status))
    .sort((a, b) => (b.updatedAt ?? 0) - (a.updatedAt ?? 0))

/** A server that pages through its threads by their last change, by the rules that the page knows. */
const makeApi = (all: Map<string, ThreadRow>) => {
  const calls: Record<string, unknown>[] = []
  const answers = new Map<string, readonly ThreadView[]>()
  const get = async (path: string, query: Record<string, unknown> = {}) => {
    if (path === "/v1/inbox") {
      const failed = [...all.values()].filter(({ failedTurnId }) => failedTurnId !== null)
      return { items: failed.map(({ threadId }) => ({ kind: "failed-turn", threadId })) }
    }
    const one = /^\/v1\/threads\/(.+)$/.exec(path)?.[1]
    if (one !== undefined) return { thread: threadView(all.get(one) ?? row(0)) }
    calls.push(query)
    const status = query.status as readonly string[]
    const asked = `${all.size} ${status} ${query.text}`
    const found = answers.get(asked) ?? findIn(all, status, String(query.text ?? ""))
    answers.set(asked, found)
    const from = query.cursor == null ? 0 : Number(query.cursor)
    const items = found.slice(from, from + Number(query.limit))
    const next = from + items.length < found.length ? String(from + items.length) : null
    return { items, next, previous: null, sequence: 1 }
  }
  return { api: { get: get as unknown as Api["get"] }, calls }
}

const rowsOf = (count: number): Map<string, ThreadRow> =>
  new Map(Array.from({ length: count }, (_, n) => row(n)).map((one) => [one.threadId, one]))

const settled = (list: ThreadList) => vi.waitFor(() => expect(list.state.get().loading).toBe(false), { interval: 1 })

const started = async (all: Map<string, ThreadRow>, search = "") => {
  const server = makeApi(all)
  const list = new ThreadList(server.api, filterOf(new URLSearchParams(search)))
  list.restarted()
  await settled(list)
  return { list, ...server }
}

describe("the list of threads", () => {
  it("reads one page, and further ones when they are asked for", async () => {
    const { calls, list } = await started(rowsOf(250))
    expect(list.state.get()).toMatchObject({ count: 100, more: true })
    expect(list.state.get().order.rest[0]).toBe("thread-000249")
    list.readMore()
    list.readMore()
    await settled(list)
    expect(list.state.get().count).toBe(200)
    list.readMore()
    await settled(list)
    expect(list.state.get()).toMatchObject({ count: 250, more: false })
    expect(calls).toHaveLength(4)
  })

  it("has what needs a person first, however old it is", async () => {
    const all = rowsOf(300)
    all.set("thread-000000", row(0, { status: "waiting", openRequests: 1 }))
    all.set("thread-000001", row(1, { status: "working" }))
    const { list } = await started(all)
    expect(list.state.get().order.needs).toEqual(["thread-000000"])
    expect(list.state.get().order.working).toEqual(["thread-000001"])
  })

  it("has what waits in the inbox, too, where the thread is idle and old", async () => {
    const all = rowsOf(300)
    all.set("thread-000002", row(2, { failedTurnId: "t", newsVersion: 2, readVersion: 1 }))
    all.set("thread-000299", row(299, { failedTurnId: "t", newsVersion: 2, readVersion: 1 }))
    const { list } = await started(all)
    expect(list.state.get().order.needs).toEqual(["thread-000299", "thread-000002"])
    expect(list.state.get().count).toBe(101)
  })

  it("tells a changed row alone, and leaves the order as it is", async () => {
    const { list } = await started(rowsOf(50))
    const told: string[] = []
    const orders = vi.fn()
    for (const id of ["thread-000010", "thread-000011"]) list.rows.subscribe(id, () => told.push(id))
    list.state.subscribe(orders)
    list.changed(change(row(10, { title: "Renamed", streamVersion: 2 })))
    await Promise.resolve()
    expect(told).toEqual(["thread-000010"])
    expect(orders).not.toHaveBeenCalled()
  })

  it("moves a row when its group or its time is another", async () => {
    const { list } = await started(rowsOf(20))
    list.changed(change(row(3, { status: "working", streamVersion: 2 }), row(5, { updatedAt: 999, streamVersion: 2 })))
    await Promise.resolve()
    const { order } = list.state.get()
    expect(order.working).toEqual(["thread-000003"])
    expect(order.rest[0]).toBe("thread-000005")
    expect(order.rest).toHaveLength(19)
  })

  it("does not go back to a page that is older than a change", async () => {
    const all = rowsOf(5)
    const { list } = await started(all)
    list.changed(change(row(2, { title: "Newer", streamVersion: 7 })))
    list.restarted()
    await settled(list)
    expect(list.rows.get("thread-000002")?.title).toBe("Newer")
  })

  it("drops what is archived or deleted, and what does not meet the filter any more", async () => {
    const { list } = await started(rowsOf(5), "q=thread")
    list.changed(
      change(
        row(0, { archivedAt: 5, streamVersion: 2 }),
        row(1, { deletedAt: 5, streamVersion: 2 }),
        row(2, { title: "Other", streamVersion: 2 }),
      ),
    )
    await Promise.resolve()
    expect(list.state.get().order.rest).toEqual(["thread-000004", "thread-000003"])
    expect(list.state.get().count).toBe(2)
  })

  it("asks the server for a thread that is new to it", async () => {
    const all = rowsOf(3)
    const { calls, list } = await started(all)
    all.set("thread-000003", row(3))
    list.changed(change(row(3)))
    await vi.waitFor(() => expect(list.rows.get("thread-000003")).toBeDefined())
    // A mirror: the server does not list it.
    list.changed(change(row(4)))
    const asked = calls.length
    await vi.waitFor(() => expect(calls.length).toBe(asked + 1))
    await Promise.resolve()
    expect(list.rows.get("thread-000004")).toBeUndefined()
    list.close()
  })

  it("reads what a lost connection kept from it when it is back", async () => {
    const server = makeApi(rowsOf(150))
    let works = false
    const get = ((path: string, query?: Record<string, unknown>) =>
      works ? server.api.get(path, query as never) : Promise.reject(new Error("away"))) as Api["get"]
    const list = new ThreadList({ get }, filterOf(new URLSearchParams()))
    list.restarted()
    await vi.waitFor(() => expect(list.state.get().problem?.detail).toBe("away"), { interval: 1 })
    works = true
    list.resumed()
    await settled(list)
    expect(list.state.get()).toMatchObject({ count: 100, problem: null })
    works = false
    list.readMore()
    await vi.waitFor(() => expect(list.state.get().problem).not.toBeNull(), { interval: 1 })
    works = true
    list.resumed()
    expect(list.state.get()).toMatchObject({ count: 100, more: true, problem: null })
  })

  it("keeps 10,000 rows in order while they change", async () => {
    const { list } = await started(rowsOf(10_000))
    while (list.state.get().more) {
      list.readMore()
      await settled(list)
    }
    for (let n = 0; n < 10_000; n += 7) {
      list.changed(
        change(
          row(n, {
            updatedAt: 20_000 + ((n * 31) % 1_000),
            status: n % 5 === 0 ? "working" : "idle",
            streamVersion: 2,
          }),
        ),
      )
    }
    await Promise.resolve()
    const { order } = list.state.get()
    const ranks = order.rest.map((id) => list.rows.get(id)?.updatedAt ?? 0)
    expect(ranks).toEqual([...ranks].sort((a, b) => b - a))
    expect(new Set([...order.rest, ...order.working]).size).toBe(10_000)
  })
})

describe("what needs a person", () => {
  const need = (fields: Partial<ThreadRow>) => needOf(threadView(row(1, fields)))?.text ?? null
  it("is said with its reason", () => {
    expect(need({})).toBeNull()
    expect(need({ openRequests: 2, status: "waiting" })).toBe("2 open requests")
    expect(need({ status: "stalled" })).toBe("nothing heard of its turn")
    expect(need({ failedTurnId: "t", newsVersion: 5, readVersion: 4 })).toBe("last turn failed")
    expect(need({ failedTurnId: "t", newsVersion: 5, readVersion: 5 })).toBeNull()
    expect(need({ queueHeld: 1, queued: 1 })).toBe("queue is held")
    expect(need({ queueHeld: 1, queued: 1, archivedAt: 1 })).toBeNull()
  })
  it("comes before what is at work", () => {
    const group = (fields: Partial<ThreadView>) => groupOf({ ...threadView(row(1)), ...fields })
    expect([group({ status: "working" }), group({ status: "working", openRequests: 1 }), group({})]).toEqual([
      "working",
      "needs",
      "rest",
    ])
  })
})

describe("a filter", () => {
  it("is the same after its way through an address", () => {
    for (const search of ["", "q=a%2Cb&status=waiting%2Cidle&agent=codex&folder=%2Fwork&archived=true"]) {
      const filter = filterOf(new URLSearchParams(search))
      expect(filterOf(new URLSearchParams(paramsOf(filter)))).toEqual(filter)
    }
    expect(filterOf(new URLSearchParams("status=nonsense,idle")).status).toEqual(["idle"])
  })
  it("takes a folder with what is below it, and no other that begins alike", () => {
    const inFolder = (cwd: string) =>
      meets(threadView(row(1, { cwd })), filterOf(new URLSearchParams("folder=/work/app")))
    expect([inFolder("/work/app"), inFolder("/work/app/x"), inFolder("/work/apple")]).toEqual([true, true, false])
  })
})
