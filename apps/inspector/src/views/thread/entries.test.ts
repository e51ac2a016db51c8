import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { entriesOf, sameEntries } from "./entries.js"

const shown = (entries: ReturnType<typeof entriesOf>) => entries.map(({ id, kind }) => `${kind} ${id}`)

const turn = (turnId: string, ended = true, asked = false) => ({ turnId, ended, asked })
const request = (requestId: string, open = false, itemId: string | null = null) => ({
  requestId,
  open,
  itemId,
  turnId: null,
})
const item = (itemId: string, turnId: string | null, kind = "agent_message") => ({ itemId, turnId, kind })

describe("the entries of a transcript", () => {
  it("are in the order of their times, with the end of a turn after its last item", () => {
    const entries = entriesOf(
      {
        turns: [turn("1"), turn("5", false)],
        items: [item("2", "1"), item("4", "1"), item("6", "5")],
        requests: [request("3")],
      },
      [],
    )
    expect(shown(entries)).toEqual(["turn 1", "item 2", "request 3", "item 4", "end 1", "turn 5", "item 6"])
  })

  it("have the message of the user where no item repeats it", () => {
    const turns = [turn("1", true, true), turn("3", true, true)]
    const entries = entriesOf({ turns, items: [item("2", "1", "user_message"), item("4", "3")], requests: [] }, [])
    expect(shown(entries)).toEqual(["turn 1", "item 2", "end 1", "turn 3", "prompt 3", "item 4", "end 3"])
  })

  it("have what waits for a person at the very end, however old it is", () => {
    const requests = [request("0", true), request("3")]
    const reaches = [{ floor: "1", cursor: "c" }]
    expect(shown(entriesOf({ turns: [turn("1")], items: [item("4", "1")], requests }, reaches))).toEqual([
      "turn 1",
      "request 3",
      "item 4",
      "end 1",
      "request 0",
    ])
  })

  it("end a turn without items at once", () => {
    expect(shown(entriesOf({ turns: [turn("1"), turn("2")], items: [], requests: [] }, []))).toEqual([
      "turn 1",
      "end 1",
      "turn 2",
      "end 2",
    ])
  })

  it("begin where all lists are there", () => {
    const reaches = [
      { floor: "3", cursor: "c" },
      { floor: "1", cursor: "c" },
      { floor: null, cursor: null },
    ]
    const entries = entriesOf({ turns: [turn("1")], items: [item("2", "1"), item("3", "1")], requests: [] }, reaches)
    expect(shown(entries)).toEqual(["item 3", "end 1"])
  })

  it("are in the order of their lists where the time is the same", () => {
    const id = (end: string) => `00000000-0001-7${end}`
    const entries = entriesOf(
      {
        turns: [turn(id("9")), turn(id("4"))],
        items: [item(id("8"), id("9")), item(id("5"), id("9")), item(id("1"), id("4")), item(id("0"), id("4"))],
        requests: [request(id("2"), false, id("5"))],
      },
      [],
    )
    const kinds = entries.map((entry) => `${entry.kind} ${entry.id.at(-1)}`)
    expect(kinds).toEqual("turn 9,item 8,item 5,end 9,request 2,turn 4,item 1,item 0,end 4".split(","))
  })

  it("are each there once, whatever the lists are", () => {
    const ids = fc.uniqueArray(fc.integer({ min: 100, max: 999 }), { maxLength: 40 })
    fc.assert(
      fc.property(ids, fc.integer({ min: 100, max: 999 }), fc.infiniteStream(fc.nat(2)), (all, floor, kinds) => {
        const sorted = all.map(String).sort()
        const of: Record<number, string[]> = { 0: [], 1: [], 2: [] }
        for (const id of sorted) of[kinds.next().value ?? 0]?.push(id)
        const [turns = [], items = [], requests = []] = [of[0], of[1], of[2]]
        const entries = entriesOf(
          {
            turns: turns.map((id) => turn(id)),
            items: items.map((id) => item(id, turns.findLast((one) => one < id) ?? null)),
            requests: requests.map((id) => request(id)),
          },
          [turns, items, requests].map((list) => {
            const first = list.find((id) => id >= String(floor)) ?? null
            return { floor: first, cursor: first === null ? null : "c" }
          }),
        )
        const keys = shown(entries)
        expect(new Set(keys).size).toBe(keys.length)
        const placed = entries.filter(({ kind }) => kind !== "end").map(({ id }) => id)
        const floors = [turns, items, requests].flatMap((list) => list.find((id) => id >= String(floor)) ?? [])
        const highest = floors.toSorted().at(-1) ?? ""
        expect(placed).toEqual(sorted.filter((id) => id >= highest))
      }),
    )
  })

  it("are the same ones where nothing is another", () => {
    const one = [{ kind: "item" as const, id: "1" }]
    expect(sameEntries(one, [{ kind: "item", id: "1" }])).toBe(one)
    expect(sameEntries(one, [{ kind: "end", id: "1" }])).not.toBe(one)
  })
})
