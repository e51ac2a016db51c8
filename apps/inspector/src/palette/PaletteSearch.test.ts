import type { SearchHit, ThreadView } from "@threadfold/contracts"
import * as fc from "fast-check"
import { describe, expect, it, vi } from "vitest"
import type { Api, QueryValue } from "../api/Api.js"
import type { PageCommand } from "../shell/commands.js"
import { asBeginning, commandsFor, PaletteSearch, piecesOf, placeOf, sequenceIn } from "./PaletteSearch.js"

type Query = Readonly<Record<string, QueryValue>>

/** A server that answers by path; what it does not know is not found. */
const makeApi = (answers: Readonly<Record<string, (query: Query) => unknown>>) => {
  const calls: string[] = []
  const get = async (path: string, query: Query = {}) => {
    calls.push(`${path} ${JSON.stringify(query)}`)
    const answer = answers[path]
    if (answer === undefined) throw new Error(`There is no ${path}.`)
    return answer(query)
  }
  return { api: { get: get as Api["get"] }, calls }
}

const threadId = "01a22e2a-da1a-71e9-a74c-c79895e653a4"
const page = (items: readonly unknown[]) => () => ({ items, next: null, previous: null, sequence: 1 })
const thread = { threadId } as ThreadView
const hit = { threadId, kind: "command" } as SearchHit

const foundBy = async (search: PaletteSearch, text: string) => {
  search.search(text)
  await vi.waitFor(() => expect(search.found.get().loading).toBe(false))
  return search.found.get()
}

describe("the palette", () => {
  it("finds threads and words, the last word as a beginning", async () => {
    const { api, calls } = makeApi({ "/v1/threads": page([thread]), "/v1/search": page([hit]) })
    const found = await foundBy(new PaletteSearch(api), "run tes")
    expect([found.threads.length, found.hits.length, found.jumps.length]).toEqual([1, 1, 0])
    expect(calls[1]).toContain('"q":"run tes*"')
  })

  it("finds threads where the words cannot be searched for", async () => {
    const { api } = makeApi({ "/v1/threads": page([thread]) })
    expect((await foundBy(new PaletteSearch(api), "-only")).threads).toHaveLength(1)
  })

  it("leads to an event by its number", async () => {
    const event = () => ({ streamId: threadId, type: "turn.started" })
    const { api } = makeApi({ "/v1/threads": page([]), "/v1/events/1234": event })
    expect((await foundBy(new PaletteSearch(api), "1,234")).jumps.map(({ href }) => href)).toEqual([
      "/log?at=1234",
      `/threads/${threadId}?at=1234`,
    ])
  })

  it("leads to whatever has an id", async () => {
    const id = "01a22e29-f1a2-7250-a082-1cd9d9548c84"
    const { api } = makeApi({ "/v1/threads": page([]), [`/v1/turns/${id}`]: () => ({ threadId }) })
    expect((await foundBy(new PaletteSearch(api), id)).jumps).toEqual([
      { href: `/threads/${threadId}?turn=${id}`, title: `Turn ${id}` },
    ])
  })

  it("shows what was looked for last, whatever comes first", async () => {
    const waits: (() => void)[] = []
    const get = async (_path: string, query: Query = {}) => {
      const { text = query.q } = query
      if (text === "slow" || text === "slow*") await new Promise<void>((resolve) => waits.push(resolve))
      return { items: [{ threadId: text }], next: null, previous: null, sequence: 1 }
    }
    const search = new PaletteSearch({ get: get as Api["get"] })
    search.search("slow")
    await vi.waitFor(() => expect(waits).toHaveLength(2))
    const found = await foundBy(search, "fast")
    for (const end of waits) end()
    await new Promise((resolve) => setTimeout(resolve))
    expect([found.threads[0]?.threadId, search.found.get().threads[0]?.threadId]).toEqual(["fast", "fast"])
  })

  it("asks nothing of the server for commands", async () => {
    const { api, calls } = makeApi({})
    expect((await foundBy(new PaletteSearch(api), "> go")).threads).toEqual([])
    expect(calls).toEqual([])
  })
})

it("leads to what was found: its item, else its question, else its turn", () => {
  const of = (fields: Partial<SearchHit>) =>
    placeOf({ ...hit, itemId: null, requestId: null, turnId: null, ...fields }).replace(threadId, "T")
  expect([of({ itemId: "i", turnId: "t" }), of({ requestId: "r", turnId: "t" }), of({ turnId: "t" }), of({})]).toEqual([
    "/threads/T?item=i",
    "/threads/T?request=r",
    "/threads/T?turn=t",
    "/threads/T",
  ])
})

it("knows numbers from words", () => {
  expect(["12", "#12", " 1,234,567 ", "12a", "1,23", "", "-3", "1.5"].map(sequenceIn)).toEqual([
    12,
    12,
    1_234_567,
    null,
    null,
    null,
    null,
    null,
  ])
})

it("makes only a word a beginning", () => {
  expect(["run te", '"run te', "run t", "run OR", "a OR bc", "te*", "te "].map(asBeginning)).toEqual([
    "run te*",
    '"run te',
    "run t",
    "run OR",
    "a OR bc*",
    "te*",
    "te*",
  ])
})

it("finds commands by their words, each once", () => {
  const command = (id: string, title: string, enabled = true): PageCommand => ({
    id,
    title,
    group: "Log",
    keys: [],
    run: () => undefined,
    enabled,
  })
  const list = [
    command("a", "Show the end"),
    command("b", "End it"),
    command("c", "The end", false),
    command("a", "End"),
  ]
  expect(commandsFor(list, "end").map(({ title }) => title)).toEqual(["End it", "Show the end"])
  expect(commandsFor(list, "log show").map(({ id }) => id)).toEqual(["a"])
})

it("cuts a text into pieces that make the text again, marked where it matched", () => {
  const ranges = fc.array(fc.record({ from: fc.nat(30), to: fc.nat(30) }), { maxLength: 6 })
  fc.assert(
    fc.property(fc.string({ minLength: 30, maxLength: 40 }), ranges, (text, matches) => {
      const pieces = piecesOf(text, matches)
      expect(pieces.map((piece) => piece.text).join("")).toBe(text)
      let at = 0
      for (const piece of pieces) {
        for (let unit = at; unit < at + piece.text.length; unit += 1) {
          expect(matches.some(({ from, to }) => from <= unit && unit < to)).toBe(piece.matched)
        }
        at += piece.text.length
      }
    }),
  )
})
