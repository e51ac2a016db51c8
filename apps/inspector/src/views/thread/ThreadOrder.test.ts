import type { RowChange } from "@threadfold/contracts/api"
import fc from "fast-check"
import { describe, expect, it, vi } from "vitest"
import type { Api } from "../../api/Api.js"
import { floorOfRequests } from "./ThreadPart.js"
import { ThreadStore } from "./ThreadStore.js"

const threadId = "thread-1"

type Table = "turns" | "items" | "requests"
interface Row {
  readonly table: Table
  readonly id: string
  readonly ordinal: number
  readonly turnId: string | null
  readonly itemId: string | null
  readonly settled: number
}

const hex = (n: number, length: number) => n.toString(16).padStart(length, "0")

/** What happens to a thread, each with whether the clock goes on and the random end of its id. */
const happenings = fc.array(
  fc.record({
    kind: fc.constantFrom<Table[]>("turns", "items", "items", "items", "requests"),
    later: fc.nat({ max: 5 }).map((n) => n === 0),
    end: fc.nat({ max: 0xffff }),
    settled: fc.boolean(),
  }),
  { minLength: 1, maxLength: 80 },
)

type Happening = typeof happenings extends fc.Arbitrary<infer A> ? A : never

const rowsOf = (list: Happening): readonly Row[] => {
  const rows: Row[] = []
  const last: Record<Table, Row | undefined> = { turns: undefined, items: undefined, requests: undefined }
  let time = 1
  for (const [index, { end, kind, later, settled }] of list.entries()) {
    if (later) time += 1
    // The index keeps ids apart, and stands where it decides no order.
    const id = `00000000-${hex(time, 4)}-7000-8000-${hex(end, 4)}${hex(index, 8)}`
    const [turnId, itemId] = [last.turns?.id ?? null, last.items?.id ?? null]
    const row = { table: kind, id, ordinal: (last[kind]?.ordinal ?? 0) + 1, turnId, itemId, settled: settled ? 1 : 0 }
    rows.push(row)
    last[kind] = row
  }
  return rows
}

const keyOf = { turns: "turnId", items: "itemId", requests: "requestId" } as const

/** A view. It does not have the ordinal. */
const viewOf = ({ id, itemId, table, turnId }: Row) => ({
  ...(table === "turns" ? {} : { turnId }),
  ...(table === "requests" ? { itemId } : {}),
  kind: "agent_message",
  status: table === "turns" ? "running" : "completed",
  text: null,
  parts: null,
  [keyOf[table]]: id,
})
const rowOf = (row: Row) => ({
  ...viewOf(row),
  ordinal: row.ordinal,
  openedSequence: row.ordinal * 3,
  steeredInto: null,
  usage: null,
  stalled: 0,
  rejoined: 0,
  settled: row.settled,
  hasFinal: 1,
})

/** The list as the server has it: in the order of the log. */
const listOf = (rows: readonly Row[], table: Table): readonly Row[] => rows.filter((row) => row.table === table)

const tables: readonly Table[] = ["turns", "items", "requests"]

const server = (rows: readonly Row[], size: number) => {
  const begin = Object.fromEntries(tables.map((table) => [table, Math.max(0, listOf(rows, table).length - size)]))
  const more = Object.fromEntries(tables.map((table) => [table, begin[table] === 0 ? null : String(begin[table])]))
  const newest = (table: Table) => listOf(rows, table).slice(begin[table])
  const get = async (path: string, query: Record<string, unknown> = {}) => {
    const table = tables.find((name) => path.endsWith(`/${name}`))
    if (table !== undefined) {
      const end = Number(query.cursor)
      const from = Math.max(0, end - size)
      const items = listOf(rows, table).slice(from, end).toReversed().map(viewOf)
      return { items, next: from === 0 ? null : String(from), previous: null, sequence: 1 }
    }
    if (path.endsWith("/usage")) return { sequence: 1, usage: null, context: {} }
    if (!path.endsWith("/snapshot")) {
      const lists = Object.fromEntries(tables.map((name) => [name, newest(name).map(viewOf)]))
      return { thread: { threadId }, session: null, queue: [], more, ...lists }
    }
    // The newest of each list, and turns that are not settled however old they are.
    const open = rows.filter(({ settled, table: of }) => of === "turns" && settled === 0)
    const sent = { turns: [...new Set([...newest("turns"), ...open])], items: newest("items") }
    return {
      threadId,
      sequence: 1,
      rows: {
        threads: [{ threadId, sessionId: null, status: "idle" }],
        turns: sent.turns.map(rowOf),
        items: sent.items.map(rowOf),
        requests: newest("requests").map(rowOf),
      },
      rest: { requests: more.requests === null ? null : newest("requests")[0]?.id },
      more,
    }
  }
  return { get: get as unknown as Api["get"] }
}

const idle = (store: ThreadStore) =>
  vi.waitFor(() => expect(store.state.get().loading).toBeNull(), { interval: 1, timeout: 600_000 })

/** What is shown of each list. */
const shownIn = (store: ThreadStore, table: Table): readonly string[] =>
  store.state.get().entries.flatMap(({ id, kind }) => (`${kind}s` === table ? [id] : []))

/** Reads a thread to its beginning. What is shown on the way has no gaps. */
const readWhole = async (store: ThreadStore, rows: readonly Row[]): Promise<readonly unknown[]> => {
  await idle(store)
  for (;;) {
    for (const table of tables) {
      const whole = listOf(rows, table).map(({ id }) => id)
      const shown = shownIn(store, table)
      expect(shown).toEqual(whole.slice(whole.length - shown.length))
    }
    if (!store.state.get().older) break
    store.readOlder()
    await idle(store)
  }
  const { entries, problem } = store.state.get()
  expect(problem).toBeNull()
  expect(entries).toHaveLength(rows.length)
  store.close()
  return entries
}

describe("the order of a thread with many events of one millisecond", () => {
  const check = (read: (rows: readonly Row[], size: number, cut: number) => Promise<ThreadStore>) =>
    fc.assert(
      fc.asyncProperty(happenings, fc.integer({ min: 1, max: 20 }), fc.nat({ max: 80 }), async (list, size, cut) => {
        const rows = rowsOf(list)
        const whole = new ThreadStore(server(rows, rows.length), threadId, null, (run) => run())
        whole.restarted()
        const expected = await readWhole(whole, rows)
        expect(await readWhole(await read(rows, size, cut), rows)).toEqual(expected)
      }),
      { numRuns: 60 },
    )

  it("is the server's where it is read by pages", async () => {
    await check(async (rows, size) => {
      const store = new ThreadStore(server(rows, size), threadId, null, (run) => run())
      store.restarted()
      return store
    })
  })

  it("is the server's at a moment of the past", async () => {
    await check(async (rows, size) => {
      const store = new ThreadStore(server(rows, size), threadId, 1, (run) => run())
      store.restarted()
      return store
    })
  })

  it("is the server's where entries come by changes", async () => {
    await check(async (rows, size, cut) => {
      const store = new ThreadStore(server(rows.slice(0, cut), size), threadId, null, (run) => run())
      store.restarted()
      await idle(store)
      for (const [index, row] of rows.slice(cut).entries()) {
        const change: RowChange = { table: row.table, key: [row.id], row: rowOf(row) }
        store.changed({ streamId: threadId, sequence: index + 2, changes: [change] })
      }
      return store
    })
  })
})

it("the requests of a snapshot have no gap from the oldest of its newest ones on; open ones may be older", () => {
  const rows = [9, 2, 7, 4].map((openedSequence) => ({ openedSequence, requestId: `asked ${openedSequence}` }))
  expect([1, 2, 3, 4, 5].map((newest) => floorOfRequests(rows, newest))).toEqual([
    "asked 9",
    "asked 7",
    "asked 4",
    "asked 2",
    "asked 2",
  ])
  expect(floorOfRequests([], 5)).toBeNull()
})
