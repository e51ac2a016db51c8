/** JSON that is not in memory as a whole is stored, hashed and read as the same JSON that is. */
import { createHash } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import { databaseFile, type NewEventRow, openSqlite } from "../index.js"
import { sampleRow } from "../testing/samples.js"
import { gapsAround, jsonAround, LongJson } from "./LongJson.js"

const units = 300_000
/** Pieces that JSON writes as they are, with escapes, and with two units. */
const piece = fc.constantFrom("plain text ", 'a "quote"\n', "\\", "\u0000\u007f", "é", "✓ ", "😀", "\u2028")
const longText = fc
  .tuple(fc.array(piece, { minLength: 1, maxLength: 7 }), fc.nat(4))
  .map(([pieces, shift]) => "x".repeat(shift) + pieces.join("").repeat(Math.ceil(units / pieces.join("").length)))

const whole = (json: LongJson): string => [...json.parts()].join("")

describe("JSON around very long texts", () => {
  it("is the JSON of the value, whatever the texts are and wherever they stand", () => {
    fc.assert(
      fc.property(longText, longText, fc.anything({ maxDepth: 2 }), (one, two, other) => {
        const value = { other, list: [one, { two, short: "a" }], last: true }
        const around = jsonAround(value)
        const json = JSON.stringify(value)
        expect(around !== null && whole(around) === json).toBe(true)
        expect(around?.bytes).toBe(Buffer.byteLength(json))
        expect(around?.texts.map(({ text }) => text === one || text === two)).toEqual([true, true])
        const hash = createHash("sha256")
        around?.update(hash)
        expect(hash.digest("hex")).toBe(createHash("sha256").update(json).digest("hex"))
      }),
      { numRuns: 15 },
    )
  })

  it("is given up where nothing is long, where UTF-8 does not have a text, and where a text looks like the mark", () => {
    expect(jsonAround({ text: "short" })).toBeNull()
    expect(jsonAround(undefined)).toBeNull()
    expect(jsonAround({ text: `${"x".repeat(units)}\ud83d` })).toBeNull()
    const mark = jsonAround({ text: "x".repeat(units), other: "\u{10fffd}a long text\u{10fffd}" })
    expect(mark).toBeNull()
  })

  it("is found in another JSON text that has the same texts, and is that text again", () => {
    fc.assert(
      fc.property(longText, longText, (one, two) => {
        const texts = jsonAround({ one, two })?.texts ?? []
        const body = JSON.stringify({ id: 1, params: { deep: [{ one }], two }, end: null })
        const gaps = gapsAround(body, texts)
        expect(gaps !== null && whole(new LongJson(gaps, texts)) === body).toBe(true)
        expect((gaps ?? []).join("").length).toBeLessThan(100)
      }),
      { numRuns: 10 },
    )
  })

  it("is not looked for where it is another text, in another order, or too little of the whole", () => {
    const [one, two] = ["a\n".repeat(units / 2), "b".repeat(units)]
    const texts = jsonAround({ one, two })?.texts ?? []
    expect(gapsAround(JSON.stringify({ two, one }), texts)).toBeNull()
    expect(gapsAround(JSON.stringify({ one, two: `${two.slice(1)}c` }), texts)).toBeNull()
    // Escaped in another way.
    expect(gapsAround(JSON.stringify({ one, two }).replaceAll("\\n", "\\u000a"), texts)).toBeNull()
    expect(gapsAround(JSON.stringify({ one, two, more: "c".repeat(3 * units) }), texts)).toBeNull()
    // It begins twice, and is whole the second time.
    const begun = JSON.stringify({ begun: one.slice(0, 150_000), one, two })
    const gaps = gapsAround(begun, texts)
    expect(gaps?.[0]?.length).toBeGreaterThan(150_000)
    expect(gaps !== null && whole(new LongJson(gaps, texts)) === begun).toBe(true)
  })
})

describe("an event whose payload is not in memory as JSON", () => {
  let directory = ""
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "threadfold-longjson-"))
  })
  afterEach(() => rmSync(directory, { recursive: true }))

  type Row = readonly unknown[]

  /** What a new database holds of these events; `text_bodies` as the texts that its segments are together. */
  const stored = (name: string, events: readonly (readonly [NewEventRow, string | LongJson | null])[]) =>
    Effect.runSync(
      Effect.scoped(
        Effect.map(openSqlite({ file: `${databaseFile(directory)}-${name}` }), ({ driver, handle }) => {
          driver.transaction(() => {
            for (const [row] of events) driver.insert(row)
            driver.insertNatives(
              events.flatMap(([{ sequence }, body]) => (body === null ? [] : [[sequence, body] as const])),
            )
          })
          const all = (sql: string): readonly Row[] => handle.prepare<[], Row>(sql).raw().all()
          return {
            events: all("SELECT * FROM events"),
            native: all("SELECT * FROM native"),
            blobs: all("SELECT * FROM blobs"),
            digests: all("SELECT * FROM digests"),
            texts: all("SELECT stream_id, sha256, bytes, item_id FROM texts"),
            bodies: all(
              "SELECT sha256, group_concat(body, '') FROM (SELECT * FROM text_bodies ORDER BY sha256, start) GROUP BY sha256",
            ),
            read: driver
              .read({ limit: 10 })
              .map((row) => createHash("sha256").update(JSON.stringify(row)).digest("hex")),
            natives: events.map(([{ sequence }]) => driver.readNative(sequence)),
          }
        }),
      ),
    )

  it("is stored as one whose payload is, its native body, too, and is read as it was written", () => {
    const text = `begin "quoted" ✓ 😀\n${"line of output\n".repeat(40_000)}`
    const other = "y".repeat(100_000)
    const payloads = [
      { kind: "command", text },
      // A text that is long, beside one that is very long; and what both texts have besides.
      { kind: "command", title: "t".repeat(2_000), data: { other, text }, end: "e".repeat(3_000) },
      { stream: "output", delta: text },
    ]
    const bodyOf = (payload: object): string => JSON.stringify({ method: "m", params: payload, at: 1 })
    const plain = payloads.map((payload, index) => {
      const json = JSON.stringify(payload)
      return [sampleRow(index + 1, { streamVersion: index + 1, payload: json }), bodyOf(payload)] as const
    })
    const around = payloads.map((payload, index) => {
      const json = jsonAround(payload)
      const body = bodyOf(payload)
      const gaps = gapsAround(body, json?.texts ?? [])
      if (json === null || gaps === null) throw new Error("nothing was taken out")
      const row: NewEventRow = { ...sampleRow(index + 1, { streamVersion: index + 1 }), payload: json }
      return [row, new LongJson(gaps, json.texts)] as const
    })
    const expected = stored("plain", plain)
    expect(stored("around", around)).toEqual(expected)
    expect(expected.natives).toEqual(payloads.map(bodyOf))
    // A body that is whole beside such a payload.
    const mixed = around.map(([row], index) => [row, plain[index]?.[1] ?? null] as const)
    expect(stored("mixed", mixed)).toEqual(expected)
    // And one that has hardly anything of it.
    const strange = bodyOf({ text: "z".repeat(40_000) })
    const [[row] = []] = around
    const [[wholeRow] = []] = plain
    if (row === undefined || wholeRow === undefined) throw new Error("no row")
    expect(stored("strange", [[row, strange]])).toEqual(stored("strange-plain", [[wholeRow, strange]]))
  })
})
