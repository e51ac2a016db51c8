/** Rows that name a long text of the log read as those that hold it, whatever reads them. */
import { createHash } from "node:crypto"
import { describe, expect, it } from "@effect/vitest"
import { longestTextBytes } from "@threadfold/contracts"
import { makePauses } from "@threadfold/testkit"
import { Effect } from "effect"
import * as fc from "fast-check"
import { Projections } from "./queries/Projections.js"
import { SqlStore } from "./SqlStore.js"
import { documentsOf } from "./search/documents.js"
import { expectSame } from "./testing/fixtures.js"
import { event, type Opened, setUp, sevenTurns, thread } from "./testing/queryDatabase.js"

/** To be awaited in every case of a property, and between its halves. */
const pause = Effect.promise(makePauses())

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
        yield* pause
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
        const ofNamed = yield* shown(named, offset)
        yield* pause
        expectSame(ofNamed, yield* shown(held, offset))
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

describe("a chunk", () => {
  const native = { turnId: "t7", itemId: "i8" }
  const delta = (text: string, part = 0) => event("content.delta", { stream: "output", part, delta: text }, native)
  /** What the database holds of the chunks of the item. */
  const storedIn = ({ database }: Opened): readonly string[] =>
    database
      .prepare<[], string>(
        `SELECT typeof(text) FROM item_chunks WHERE item_id IN (SELECT item_id FROM items WHERE native_item_id = 'i8')
         ORDER BY ordinal`,
      )
      .pluck()
      .all()

  const pieces = fc.array(
    fc.tuple(
      fc.constantFrom("word ", "é", "😀", '"\n', "\u0000", "\ud83d", "\ude00", ""),
      fc.constantFrom(1, 500, 3_000, 70_000),
      fc.integer({ min: 0, max: 1 }),
    ),
    { minLength: 1, maxLength: 6 },
  )

  it.effect.prop(
    "that is one long piece names its event, and reads as one that holds the text",
    [pieces, fc.integer({ min: 0, max: 300_000 })],
    ([said, offset]) =>
      Effect.gen(function* () {
        yield* pause
        const some = said.map(([unit, times, part]) => [unit.repeat(times), part] as const)
        const [held, named] = [setUp(), setUp()]
        // Without its log a database holds every text itself.
        held.database.exec("DROP TABLE text_segments")
        const begun = [
          event("item.started", { kind: "command" }, native),
          ...some.map(([text, part]) => delta(text, part)),
        ]
        for (const one of [held, named]) {
          sevenTurns(one)
          // The log keeps no half of a surrogate pair.
          const kept = new Set(some.map(([text]) => text).filter((text) => Buffer.from(text).toString() === text))
          if (one === named) for (const text of kept) keepInLog(one, text, 50_000)
          for (const each of begun) one.append([each])
        }
        expect(storedIn(held)).not.toContain("blob")
        held.database.exec("CREATE TABLE text_segments (stream_id TEXT, sha256 TEXT, start INTEGER, text TEXT)")
        const whole = { ...held, store: new SqlStore(held.database) }
        const ofNamed = yield* shown(named, offset)
        yield* pause
        expectSame(ofNamed, yield* shown(whole, offset))
        held.dispose()
        named.dispose()
      }),
    { fastCheck: { numRuns: 15 } },
  )

  it("holds short pieces, and names a long one", () => {
    const opened = setUp()
    sevenTurns(opened)
    opened.append([event("item.started", { kind: "command" }, native)])
    for (const text of ["short", "x".repeat(3_000), "y".repeat(3_000), "z".repeat(100)]) opened.append([delta(text)])
    expect(storedIn(opened)).toEqual(["text", "blob", "text"])
    opened.dispose()
  })
})
