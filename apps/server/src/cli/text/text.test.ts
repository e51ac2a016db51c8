import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { harmless, lookOf, oneLine, takesColour } from "./Look.js"
import { columns, cut, table } from "./table.js"
import { ago, bytes, counted, idLength, span } from "./words.js"

const plain = lookOf(false, 40, 1_000_000)

describe("text of others", () => {
  it("cannot drive the terminal", () => {
    expect(harmless("a\u001B[2Jb\u001B]0;title\u0007c\rd\u202Ee\nf")).toBe("abc d e\nf")
    fc.assert(
      fc.property(fc.fullUnicodeString(), (text) => {
        expect(harmless(text)).not.toMatch(/[^\P{Cc}\n]/u)
        expect(oneLine(text)).not.toMatch(/[\p{Cc}\u2028\u2029]/u)
      }),
    )
  })
})

describe("colours", () => {
  it("are for terminals alone, and never with NO_COLOR", () => {
    expect(takesColour({ isTTY: true }, {})).toBe(true)
    expect(takesColour({ isTTY: true }, { NO_COLOR: "" })).toBe(true)
    expect(takesColour({ isTTY: true }, { NO_COLOR: "1" })).toBe(false)
    expect(takesColour({ isTTY: true }, { TERM: "dumb" })).toBe(false)
    expect(takesColour({ isTTY: false }, {})).toBe(false)
    expect(lookOf(true, 80, 0).bold("x")).toBe("\u001B[1mx\u001B[0m")
    expect(plain.bad("x")).toBe("x")
  })
})

describe("width", () => {
  it("counts what a terminal shows, and cuts to it", () => {
    expect([columns("abc"), columns("日本"), columns("e\u0301"), columns("👩‍👩‍👧")]).toEqual([3, 4, 1, 2])
    expect([cut("abcdef", 6), cut("abcdef", 5), cut("日本語", 5), cut("日本語", 4), cut("abc", 0)]).toEqual([
      "abcdef",
      "abcd…",
      "日本…",
      "日…",
      "",
    ])
    fc.assert(
      fc.property(fc.fullUnicodeString(), fc.nat(20), (text, limit) => {
        expect(columns(cut(text, limit))).toBeLessThanOrEqual(limit)
      }),
    )
  })
})

describe("table", () => {
  it("aligns columns and cuts the last one", () => {
    const rows = [
      { name: "a", count: 1, text: "short" },
      { name: "日本", count: 100, text: "x".repeat(60) },
    ]
    const page = table(
      plain,
      [
        { title: "NAME", text: ({ name }) => name },
        { title: "COUNT", text: ({ count }) => String(count), align: "right" },
        { title: "TEXT", text: ({ text }) => text },
      ],
      rows,
    )
    expect(page.split("\n")).toEqual(["NAME  COUNT  TEXT", "a         1  short", `日本    100  ${"x".repeat(26)}…`])
  })
})

describe("words", () => {
  it("say times, spans, bytes and counts", () => {
    const now = 10 * 86_400_000
    expect([0, 999, 1000, 61_000, 3_600_000, 2 * 86_400_000].map((past) => ago(now - past, now))).toEqual([
      "now",
      "now",
      "1 s ago",
      "1 min ago",
      "1 h ago",
      "2 d ago",
    ])
    expect([ago(null, now), ago(now + 5, now)]).toEqual(["-", "now"])
    expect([span(0, 5), span(0, 1500), span(0, 61_000), span(0, 3_660_000), span(5, 0), span(null, 1)]).toEqual([
      "5 ms",
      "1.5 s",
      "1 min 1 s",
      "1 h 1 min",
      null,
      null,
    ])
    expect([bytes(0), bytes(1023), bytes(1024), bytes(1.5 * 1024 ** 3)]).toEqual([
      "0 B",
      "1023 B",
      "1.0 KiB",
      "1.5 GiB",
    ])
    expect([counted(1, "event"), counted(1234, "event")]).toEqual(["1 event", "1,234 events"])
  })

  it("shorten ids to what tells them apart", () => {
    const uuid = fc.uuidV(4)
    expect(idLength([])).toBe(8)
    expect(idLength(["019aa000-0000-7000-8000-000000000001"], true)).toBe(18)
    fc.assert(
      fc.property(fc.uniqueArray(uuid, { maxLength: 30 }), fc.boolean(), (ids, more) => {
        const length = idLength(ids, more)
        expect(new Set(ids.map((id) => id.slice(0, length))).size).toBe(ids.length)
        for (const id of ids) expect(id.slice(0, length)).not.toMatch(/-$/)
      }),
    )
    const [a, b] = ["019aa000-0000-7000-8000-000000000001", "019aa000-0000-7000-8000-000000000002"]
    expect(idLength([a, b])).toBe(36)
  })
})
