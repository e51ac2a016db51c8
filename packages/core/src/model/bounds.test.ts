/** What rides along of an entry: no text over its bound, no character cut, and always a way to the whole. */
import { longestPageBytes, longestTextBytes } from "@threadfold/contracts"
import * as FastCheck from "fast-check"
import { describe, expect, it } from "vitest"
import { beginningOf, bounded, boundedRow, fitting, longestEntryBytes, textHref, utf8Length } from "./bounds.js"

const bytesOf = (value: unknown): number => Buffer.byteLength(typeof value === "string" ? value : JSON.stringify(value))
const href = (field: string) => `/read/${field}`

describe("a text that is too long to ride along", () => {
  it("is cut at the end of a character, at no more bytes than asked for", () => {
    const texts = FastCheck.string({ unit: "binary", maxLength: 60 })
    FastCheck.assert(
      FastCheck.property(texts, FastCheck.integer({ min: 4, max: 80 }), (text, bytes) => {
        const head = beginningOf(text, bytes)
        expect(text.startsWith(head)).toBe(true)
        expect(bytesOf(head)).toBeLessThanOrEqual(bytes)
        expect(head.isWellFormed()).toBe(text.slice(0, head.length).isWellFormed())
        // Another character would be too much.
        const next = [...text.slice(head.length)][0]
        if (next !== undefined) expect(bytesOf(head + next)).toBeGreaterThan(bytes)
      }),
    )
  })

  it("has the length that Buffer says", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.string({ unit: "binary" }), (text) => utf8Length(text) === bytesOf(text)),
    )
  })

  it("leaves an entry as it is up to 64 KiB, and says of a longer one where the rest is", () => {
    const short = { id: "1", text: "x".repeat(longestTextBytes), data: null }
    expect(bounded(short, href)).toBe(short)
    const long = bounded({ ...short, text: "é".repeat(longestTextBytes) }, href)
    expect(bytesOf(long.text)).toBe(longestTextBytes)
    expect(long.truncated).toEqual({ text: { bytes: 2 * longestTextBytes, href: "/read/text" } })
  })

  it("keeps the structure of JSON as far as it can be kept", () => {
    const changes = Array.from({ length: 40 }, (_, at) => ({ path: `src/${at}.ts`, diff: "+".repeat(10_000) }))
    const { data, truncated } = bounded({ data: { changes } }, href)
    expect(data.changes.map(({ path }) => path)).toEqual(changes.map(({ path }) => path))
    expect(bytesOf(data)).toBeLessThanOrEqual(longestTextBytes)
    expect(truncated).toEqual({ data: { bytes: bytesOf({ changes }), href: "/read/data" } })
    const many = bounded({ data: Array.from({ length: 20_000 }, (_, at) => at * 1_000_000) }, href)
    expect([many.data, many.truncated?.data?.href]).toEqual([null, "/read/data"])
  })

  it("bounds an entry as a whole, whatever its texts become in JSON", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.array(
          FastCheck.tuple(FastCheck.integer({ min: 0, max: 100_000 }), FastCheck.constantFrom("a", "\u0001", "😀")),
          {
            maxLength: 8,
          },
        ),
        (fields) => {
          const entry = Object.fromEntries(fields.map(([count, unit], at) => [`f${at}`, unit.repeat(count)]))
          const shown = bounded(entry, href)
          expect(bytesOf(shown)).toBeLessThanOrEqual(longestEntryBytes)
          for (const [name, { bytes }] of Object.entries(shown.truncated ?? {}))
            expect(bytes).toBe(bytesOf(entry[name]))
        },
      ),
      { numRuns: 30 },
    )
  })

  it("takes over what was cut before", () => {
    const shown = bounded({ text: "beginning", data: null }, href, { text: 20_000_000 })
    expect(shown).toEqual({
      text: "beginning",
      data: null,
      truncated: { text: { bytes: 20_000_000, href: "/read/text" } },
    })
  })
})

describe("the way to a whole text", () => {
  it("names the item, or a row by its key", () => {
    expect(textHref("items", ["a-1"], "text")).toBe("/v1/items/a-1/text")
    expect(textHref("items", ["a-1"], "data")).toBe("/v1/items/a-1/text?field=data")
    expect(textHref("turns", ["t/1"], "diff")).toBe("/v1/rows/turns/t%2F1/text?field=diff")
    const row = { threadId: "t", subject: "turn:1", reason: "gap", detail: "x".repeat(70_000) }
    expect(boundedRow("anomalies", row, row).truncated?.detail?.href).toBe(
      `/v1/rows/anomalies/${encodeURIComponent('["t","turn:1","gap"]')}/text?field=detail`,
    )
  })
})

describe("a page", () => {
  it("holds as many entries as fit, and at least one", () => {
    const entries = Array.from({ length: 20 }, () => ({ text: "x".repeat(60_000) }))
    const held = fitting(entries)
    expect(held).toBe(4)
    expect(bytesOf(entries.slice(0, held))).toBeLessThanOrEqual(longestPageBytes)
    expect(fitting([{ text: "x".repeat(300_000) }])).toBe(1)
    expect(fitting(Array.from({ length: 500 }, (_, at) => ({ at })))).toBe(500)
    const escaped = Array.from({ length: 20 }, () => ({ text: "\u0001".repeat(10_000) }))
    expect(bytesOf(escaped.slice(0, fitting(escaped)))).toBeLessThanOrEqual(longestPageBytes)
  })
})
