import { blankEnvelope } from "@threadfold/contracts"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { familyOf, foldKeyOf, type LogEvent, piecesIn, rowsOf, sequenceOf, summaryOf } from "./logRows.js"

const event = (sequence: number, type: string, fields: Partial<LogEvent> = {}): LogEvent => ({
  ...blankEnvelope,
  sequence,
  type,
  ...fields,
})
const delta = (sequence: number, itemId: string, text: string, stream = "text") =>
  event(sequence, "content.delta", { itemId, payload: { stream, delta: text } })

const shown = (events: readonly LogEvent[], open: readonly string[] = []) =>
  rowsOf(events, { fold: true, open: new Set(open), continued: new Map() }).map((row) =>
    row.kind === "folded"
      ? `${row.first.itemId} ×${row.count} ${row.text}`
      : `${row.event.sequence}${row.piece ? "'" : ""}`,
  )

const list = [
  event(1, "item.started", { itemId: "a" }),
  delta(2, "a", "Hel"),
  delta(3, "b", "x"),
  delta(4, "a", "lo"),
  event(5, "item.completed", { itemId: "a" }),
  delta(6, "a", "?", "summary"),
]

describe("the rows of the log", () => {
  it("have the pieces of a text as one, where the first of them stands", () => {
    expect(shown(list)).toEqual(["1", "a ×2 Hello", "b ×1 x", "5", "a ×1 ?"])
  })

  it("have the pieces behind it where it is opened", () => {
    expect(shown(list, ["content.delta a text"])).toEqual(["1", "a ×2 Hello", "2'", "b ×1 x", "4'", "5", "a ×1 ?"])
  })

  it("have no row for pieces whose row stands on the page before", () => {
    const rest = rowsOf(list.slice(3), { fold: true, open: new Set(), continued: piecesIn(list.slice(0, 3)) })
    expect(rest.map(sequenceOf)).toEqual([5, 6])
    const open = new Set(["content.delta a text"])
    expect(rowsOf(list.slice(3), { fold: true, open, continued: piecesIn(list.slice(0, 3)) }).map(sequenceOf)).toEqual([
      4, 5, 6,
    ])
  })

  it("are the events themselves where nothing is folded", () => {
    expect(rowsOf(list, { fold: false, open: new Set(), continued: new Map() }).map(sequenceOf)).toEqual([
      1, 2, 3, 4, 5, 6,
    ])
  })

  it("leave pieces that name no item as they are", () => {
    expect(foldKeyOf(event(1, "content.delta", { payload: { delta: "x" } }))).toBeNull()
  })

  it("hold each event once, in its order, whatever is opened", () => {
    const one = fc.record({ item: fc.constantFrom("a", "b", null), stream: fc.constantFrom("text", "output") })
    fc.assert(
      fc.property(fc.array(one, { maxLength: 40 }), fc.nat(), (pieces, opened) => {
        const events = pieces.map(({ item, stream }, index) =>
          item === null ? event(index + 1, "turn.started") : delta(index + 1, item, "x", stream),
        )
        const closed = rowsOf(events, { fold: true, open: new Set(), continued: new Map() })
        const folded = closed.filter((row) => row.kind === "folded")
        const counted = closed.reduce((sum, row) => sum + (row.kind === "folded" ? row.count : 1), 0)
        expect(counted).toBe(events.length)
        expect(new Set(closed.map(({ key }) => key)).size).toBe(closed.length)
        const sequences = closed.map(sequenceOf)
        expect(sequences).toEqual([...sequences].sort((x, y) => x - y))
        const chosen = folded[opened % Math.max(1, folded.length)]
        if (chosen?.kind !== "folded") return
        const open = rowsOf(events, { fold: true, open: new Set([chosen.of]), continued: new Map() })
        expect(open.filter((row) => row.kind === "event" && row.piece)).toHaveLength(chosen.count)
        expect(open).toHaveLength(closed.length + chosen.count)
      }),
    )
  })
})

it("says in a line what an event is about", () => {
  const of = (payload: unknown) => summaryOf(event(1, "x", { payload }))
  expect([
    of({ kind: "command", title: "npm\n test" }),
    of({ outcome: "failed", error: { message: "overloaded" } }),
    of({ stream: "text", delta: "word " }),
    of(null),
    of("text"),
    of({ other: { deep: 1 } }),
  ]).toEqual(["npm test · command", "overloaded · failed", "word ", "", "text", ""])
})

it("knows the family of a type", () => {
  expect([familyOf("turn.started"), familyOf("odd")]).toEqual(["turn", "odd"])
})

it.each(["constructor", "toString", "__proto__"])("an event whose type is %s stands for itself", (type) => {
  expect(foldKeyOf(event(1, type))).toBeNull()
})
