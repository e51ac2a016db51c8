import { blankEnvelope } from "@threadfold/contracts"
import * as fc from "fast-check"
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest"
import type { Api, QueryValue } from "../../api/Api.js"
import { LogPages, pageSize } from "./LogPages.js"
import type { LogFilter } from "./logAddress.js"
import { type LogEvent, rowsOf, sequenceOf } from "./logRows.js"

type Query = Readonly<Record<string, QueryValue>>

const all: LogFilter = { thread: null, types: [], except: [], fold: false }
const types = ["turn.started", "item.started", "content.delta"]

const event = (sequence: number, type: string, item: string): LogEvent => ({
  ...blankEnvelope,
  sequence,
  streamId: "t",
  type,
  itemId: item,
  payload: { stream: "text", delta: "x" },
})

/** A log in which long texts stream now and then. */
const makeLog = (count: number): LogEvent[] =>
  Array.from({ length: count }, (_, index) => {
    const streams = Math.floor(index / 400) % 2 === 1
    return event(index + 1, streams ? "content.delta" : (types[index % 2] ?? ""), `item ${Math.floor(index / 400)}`)
  })

/** A server with a log. A page of it has `room` events at most. */
const makeServer = (log: LogEvent[], room = pageSize) => {
  const server = { calls: 0, open: 0, most: 0 }
  const wanted = (query: Query) => (one: LogEvent) => {
    const only = (query.types ?? []) as readonly string[]
    const except = (query.except ?? []) as readonly string[]
    return (only.length === 0 || only.includes(one.type)) && !except.includes(one.type)
  }
  const get = async (_path: string, query: Query = {}) => {
    server.calls += 1
    server.open += 1
    server.most = Math.max(server.most, server.open)
    await Promise.resolve()
    server.open -= 1
    const limit = Math.min(Number(query.limit), room)
    const isDown = query.order === "desc"
    const bound = Number(query.cursor ?? (isDown ? Number.MAX_SAFE_INTEGER : query.after))
    // The sequence of an event is its place.
    const found = (isDown ? log.slice(0, bound - 1) : log.slice(bound)).filter(wanted(query))
    const items = (isDown ? found.toReversed() : found).slice(0, limit)
    const next = found.length > items.length ? String(items.at(-1)?.sequence) : null
    return { items, next, sequence: log.length }
  }
  return { server, api: { get: get as Api["get"] } }
}

/** A connection that stays open and says nothing. */
const silent = async () => new Response(new ReadableStream())

beforeEach(() => {
  vi.stubGlobal("document", Object.assign(new EventTarget(), { hidden: false }))
  vi.stubGlobal("addEventListener", () => undefined)
  vi.stubGlobal("removeEventListener", () => undefined)
})
afterEach(() => vi.unstubAllGlobals())

const started = async (pages: LogPages) => {
  pages.start()
  await vi.waitFor(() => expect(pages.state.get().head).not.toBeNull())
}

it("knows no end of the log where its first read was refused: it is not empty, it failed", async () => {
  const refused: Api["get"] = async () => Promise.reject(new Error("There is no such type."))
  const pages = new LogPages({ get: refused }, silent, { ...all, types: ["nonsense"] })
  pages.start()
  await vi.waitFor(() => expect(pages.state.get().problem?.detail).toBe("There is no such type."))
  expect(pages.state.get().head).toBeNull()
  pages.stop()
})

/** Looks at some rows until all of them are read. */
const look = async (pages: LogPages, from: number, to: number) => {
  await vi.waitFor(
    () => {
      pages.want(from, to)
      for (let row = Math.max(0, from); row <= Math.min(to, pages.total - 1); row += 1) {
        const place = pages.place(row)
        if (place === null || pages.at(place) === null) throw new Error(`Row ${row} is not read.`)
      }
    },
    { interval: 1, timeout: 600_000 },
  )
}

/** Sequences of all rows, once all of them are read. */
const sequencesOf = async (pages: LogPages): Promise<readonly number[]> => {
  // Rows that get known move those behind them.
  for (let total = -1; total !== pages.total; ) {
    total = pages.total
    for (let row = 0; row < pages.total; row += 16) await look(pages, row, row + 16)
  }
  return Array.from({ length: pages.total }, (_, row) => {
    const place = pages.place(row)
    const found = place === null ? null : pages.at(place)
    return found === null ? -1 : sequenceOf(found)
  })
}

const live = (pages: LogPages, one: LogEvent) =>
  pages.take({ id: `log.${one.sequence}`, event: one.type, data: JSON.stringify(one) })

describe("the pages of the log", () => {
  it("begin at the end, with as many rows as there are sequences", async () => {
    const { api } = makeServer(makeLog(100_000))
    const pages = new LogPages(api, silent, all)
    await started(pages)
    expect(pages.total).toBe(100_000)
    await look(pages, 99_990, 99_999)
    expect(pages.at(pages.place(99_999) ?? { page: 0, row: 0 })).toMatchObject({ event: { sequence: 100_000 } })
    pages.stop()
  })

  it("read where a person jumps to, few at a time, and drop what is far away", async () => {
    const { api, server } = makeServer(makeLog(100_000))
    const pages = new LogPages(api, silent, all)
    await started(pages)
    for (let row = 0; row < 100_000; row += 2_000) await look(pages, row, row + 40)
    expect(server.most).toBeLessThanOrEqual(2)
    const read = Array.from({ length: 100_000 / pageSize }, (_, page) => pages.at({ page, row: 0 })).filter(
      (row) => row !== null,
    )
    expect(read.length).toBeLessThanOrEqual(60)
    pages.stop()
  })

  it("say where a sequence is", async () => {
    const { api } = makeServer(makeLog(5_000))
    const pages = new LogPages(api, silent, all)
    await started(pages)
    expect(pages.find(1_234)).toMatchObject({ exact: false })
    await look(pages, 1_233, 1_233)
    const found = pages.find(1_234)
    expect([found.exact, pages.rowOf(found)]).toEqual([true, 1_233])
    pages.stop()
  })

  it("have a text that streams over pages in one row, with all its pieces", async () => {
    const { api } = makeServer(makeLog(1_000))
    const pages = new LogPages(api, silent, { ...all, fold: true })
    await started(pages)
    const sequences = await sequencesOf(pages)
    expect(sequences.filter((sequence) => sequence > 400 && sequence <= 800)).toEqual([401])
    const place = pages.find(401)
    expect(pages.at(place)).toMatchObject({ kind: "folded", count: 400, last: 800 })
    pages.toggle("content.delta item 1 text")
    expect(await sequencesOf(pages)).toHaveLength(600 + 1 + 400)
    pages.stop()
  })

  it("show every event that meets the filter once, in its order, however they are read", async () => {
    const cases = fc.record({
      count: fc.integer({ min: 0, max: 1_500 }),
      room: fc.integer({ min: 40, max: pageSize }),
      types: fc.subarray(types),
      except: fc.subarray(types, { maxLength: 2 }),
      fold: fc.boolean(),
      looks: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 }),
      come: fc.nat(20),
    })
    await fc.assert(
      fc.asyncProperty(cases, async ({ come, count, looks, room, ...chosen }) => {
        const log = makeLog(count)
        const { api } = makeServer(log, room)
        const filter = { ...all, ...chosen }
        const pages = new LogPages(api, silent, filter)
        await started(pages)
        for (const part of looks) await look(pages, Math.floor(part * pages.total), Math.floor(part * pages.total) + 20)
        const meets = ({ type }: LogEvent) =>
          (filter.types.length === 0 || filter.types.includes(type)) && !filter.except.includes(type)
        for (let more = 0; more < come; more += 1) {
          const one = event(log.length + 1, "turn.started", "new")
          log.push(one)
          if (meets(one)) live(pages, one)
          if (meets(one)) live(pages, one)
        }
        await vi.waitFor(() => expect(pages.state.get().come).toBe(log.slice(count).filter(meets).length))
        const rows = rowsOf(log.filter(meets), { fold: filter.fold, open: new Set(), continued: new Map() })
        // A text that pauses for a page goes on in a row of its own: here none does.
        expect(await sequencesOf(pages)).toEqual(rows.map(sequenceOf))
        pages.stop()
      }),
      { numRuns: 25 },
    )
  })

  it("begin anew when the log is another one", async () => {
    const { api } = makeServer(makeLog(10))
    const pages = new LogPages(api, silent, all)
    await started(pages)
    const heads: (number | null)[] = []
    pages.state.subscribe(() => heads.push(pages.state.get().head))
    pages.take({ id: null, event: "reset", data: "{}" })
    await vi.waitFor(() => expect(heads).toEqual([null, 10]))
    pages.stop()
  })

  it("say why they cannot be read", async () => {
    const pages = new LogPages({ get: () => Promise.reject(new Error("gone")) }, silent, all)
    pages.start()
    await vi.waitFor(() => expect(pages.state.get().problem?.detail).toBe("gone"))
    pages.stop()
  })
})
