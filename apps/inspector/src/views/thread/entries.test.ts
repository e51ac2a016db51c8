import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { after, entriesOf, horizonOf, sameEntries } from "./entries.js"

const shown = (entries: ReturnType<typeof entriesOf>) => entries.map(({ id, kind }) => `${kind} ${id}`)

const turn = (turnId: string, ended = true, asked = false) => ({ turnId, ended, asked })
const item = (itemId: string, turnId: string | null, kind = "agent_message") => ({ itemId, turnId, kind })

describe("the entries of a transcript", () => {
  it("are in the order of their ids, with the end of a turn after its last item", () => {
    const entries = entriesOf(
      {
        turns: [turn("1"), turn("5", false)],
        items: [item("2", "1"), item("4", "1"), item("6", "5")],
        requests: [{ requestId: "3", open: false }],
      },
      "",
    )
    expect(shown(entries)).toEqual(["turn 1", "item 2", "request 3", "item 4", "end 1", "turn 5", "item 6"])
  })

  it("have the message of the user where no item repeats it", () => {
    const turns = [turn("1", true, true), turn("3", true, true)]
    const entries = entriesOf({ turns, items: [item("2", "1", "user_message"), item("4", "3")], requests: [] }, "")
    expect(shown(entries)).toEqual(["turn 1", "item 2", "end 1", "turn 3", "prompt 3", "item 4", "end 3"])
  })

  it("have what waits for a person at the very end, however old it is", () => {
    const requests = [
      { requestId: "0", open: true },
      { requestId: "3", open: false },
    ]
    expect(shown(entriesOf({ turns: [turn("1")], items: [item("4", "1")], requests }, "1"))).toEqual([
      "turn 1",
      "request 3",
      "item 4",
      "end 1",
      "request 0",
    ])
  })

  it("end a turn without items at once", () => {
    expect(shown(entriesOf({ turns: [turn("1"), turn("2")], items: [], requests: [] }, ""))).toEqual([
      "turn 1",
      "end 1",
      "turn 2",
      "end 2",
    ])
  })

  it("begin where all lists are there", () => {
    const horizon = horizonOf([
      { floor: after("2"), cursor: "c" },
      { floor: "1", cursor: "c" },
      { floor: "", cursor: null },
    ])
    const entries = entriesOf({ turns: [turn("1")], items: [item("2", "1"), item("3", "1")], requests: [] }, horizon)
    expect(shown(entries)).toEqual(["item 3", "end 1"])
    expect(after(null)).toBe("")
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
            requests: requests.map((requestId) => ({ requestId, open: false })),
          },
          String(floor),
        )
        const keys = shown(entries)
        expect(new Set(keys).size).toBe(keys.length)
        const placed = entries.filter(({ kind }) => kind !== "end").map(({ id }) => id)
        expect(placed).toEqual(sorted.filter((id) => id >= String(floor)))
      }),
    )
  })

  it("are the same ones where nothing is another", () => {
    const one = [{ kind: "item" as const, id: "1" }]
    expect(sameEntries(one, [{ kind: "item", id: "1" }])).toBe(one)
    expect(sameEntries(one, [{ kind: "end", id: "1" }])).not.toBe(one)
  })
})
