/** Rows that name a long text of the log read as those that hold it, whatever reads them. */
import { createHash } from "node:crypto"
import { describe, expect, it } from "@effect/vitest"
import { longestTextBytes } from "@threadfold/contracts"
import { Effect } from "effect"
import * as fc from "fast-check"
import { Projections } from "./queries/Projections.js"
import { SqlStore } from "./SqlStore.js"
import { documentsOf } from "./search/documents.js"
import { expectSame } from "./testing/fixtures.js"
import { event, type Opened, setUp, sevenTurns, thread } from "./testing/queryDatabase.js"

const keyOf = (text: string): string => createHash("sha256").update(text).digest("hex")

/** Puts a text where the log would have it, in segments that begin and end anywhere between two characters. */
const keepInLog = ({ database }: Opened, text: string, segment: number): void => {
  database.prepare("INSERT INTO texts VALUES (?, ?, ?)").run(thread, keyOf(text), Buffer.byteLength(text))
  const insert = database.prepare("INSERT INTO text_segments VALUES (?, ?, ?, ?)")
  let start = 0
  let open = ""
  const flush = (): void => {
    insert.run(thread, keyOf(text), start, open)
    start += Buffer.byteLength(open)
    open = ""
  }
  for (const character of text) {
    open += character
    if (open.length >= segment) flush()
  }
  if (open !== "") flush()
}

/** A turn whose item and whose diff are these texts. */
const say = ({ append }: Opened, text: string, diff: string): void => {
  const native = { turnId: "t8", itemId: "i8" }
  append([
    event("turn.completed", { outcome: "completed" }, { turnId: "t7" }),
    event("turn.started", {}, native),
    event("item.completed", { kind: "command", status: "completed", text }, native),
    event("turn.diff.updated", { diff }, native),
  ])
}

/** Everything that the queries show of it. */
const shown = ({ layer, store }: Opened, offset: number) =>
  Effect.gen(function* () {
    const queries = yield* Projections
    const [item] = (yield* queries.items(thread, { limit: 1 })).items
    const turns = yield* queries.turns(thread, { limit: 1 })
    const itemId = item?.itemId ?? ""
    const turnId = turns.items[0]?.turnId ?? ""
    const range = { offset, limit: 5_000 }
    return {
      item,
      turns,
      one: yield* queries.item(itemId),
      found: yield* queries.items(thread, { text: "THE END" }),
      text: yield* queries.rowText("items", [itemId], "text", range),
      diff: yield* queries.rowText("turns", [turnId], "diff", range),
      snapshot: yield* queries.rowsSnapshot(thread, { limit: 3 }),
      changes: yield* queries.turnChanges(turnId),
      row: yield* queries.turnRow(turnId),
      tree: yield* queries.threadTree(thread),
      rows: [...store.rowsOf(thread)],
      whole: store.whole("items", [itemId]),
    }
  }).pipe(Effect.provide(layer))

const texts = fc
  .tuple(fc.constantFrom("word ", "é", "😀", 'a "b"\n'), fc.integer({ min: 20_000, max: 90_000 }))
  .map(([unit, times]) => `${unit.repeat(times)} the end`)

describe("a row with a long text", () => {
  it.effect.prop(
    "is the same to every reader, whether it holds the text or names that of the log",
    [texts, texts, fc.integer({ min: 5_000, max: 80_000 }), fc.integer({ min: 0, max: 200_000 })],
    ([text, diff, segment, offset]) =>
      Effect.gen(function* () {
        const [held, named] = [setUp(), setUp()]
        sevenTurns(held)
        say(held, text, diff)
        sevenTurns(named)
        for (const one of new Set([text, diff])) keepInLog(named, one, segment)
        say(named, text, diff)
        const stored = named.database
          .prepare<[], string>("SELECT typeof(text) FROM items WHERE native_item_id = 'i8'")
          .pluck()
          .get()
        expect(stored).toBe(Buffer.byteLength(text) > longestTextBytes ? "blob" : "text")
        expectSame(yield* shown(named, offset), yield* shown(held, offset))
        const itemId = String(
          named.database.prepare("SELECT item_id FROM items WHERE native_item_id = 'i8'").pluck().get(),
        )
        expect(documentsOf(named.database).item(itemId)).toEqual(documentsOf(held.database).item(itemId))
        held.dispose()
        named.dispose()
      }),
    { fastCheck: { numRuns: 10 } },
  )

  it("holds a text that the log of its thread does not have", () => {
    const opened = setUp()
    const text = "x".repeat(longestTextBytes + 1)
    opened.database.prepare("INSERT INTO texts VALUES ('another', ?, 0)").run(keyOf(text))
    sevenTurns(opened)
    say(opened, text, "")
    const stored = opened.database.prepare("SELECT typeof(text) FROM items WHERE native_item_id = 'i8'").pluck().get()
    expect(stored).toBe("text")
    // Lost from the log, it is lost from the row.
    const other = new SqlStore(opened.database)
    opened.database.exec("UPDATE items SET text = x'00' WHERE native_item_id = 'i8'")
    const { itemId } = opened.database
      .prepare<[], { itemId: string }>("SELECT item_id AS itemId FROM items WHERE native_item_id = 'i8'")
      .get() ?? { itemId: "" }
    expect(other.whole("items", [itemId])?.text).toBeNull()
    opened.dispose()
  })
})
