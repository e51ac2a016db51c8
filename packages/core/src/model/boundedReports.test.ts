import { describe, expect, it } from "@effect/vitest"
import { longestPageBytes, type WhyReport } from "@threadfold/contracts"
import { boundedDiff, boundedWhy } from "./boundedReports.js"
import type { RowChange } from "./diff.js"

const place = { threadId: "t", sessionId: "s" }
const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))
const long = "\u0001".repeat(400_000)

const row = (n: number, after: unknown): RowChange => ({
  row: `items/${n}`,
  change: "added",
  turnId: null,
  fields: [{ field: "text", before: null, after }],
})

describe("a difference as far as it rides along", () => {
  it("has every row on one of its pages, and says what of a value is cut and where the whole is read", () => {
    const rows = Array.from({ length: 40 }, (_, n) => row(n, n === 7 ? "short" : long))
    const seen: RowChange[] = []
    let pages = 0
    for (let after: number | null = 0; after !== null; pages += 1) {
      const page = boundedDiff({ rows, patch: [{ op: "add", path: "/a", value: long }] }, place, { after })
      expect(bytes(page)).toBeLessThanOrEqual(longestPageBytes)
      expect(page.patch).toBeNull()
      seen.push(...page.rows)
      after = page.next
    }
    expect(pages).toBeGreaterThan(1)
    expect(seen.map((one) => one.row)).toEqual(rows.map((one) => one.row))
    expect(seen[7]).toEqual(rows[7])
    expect(seen[0]?.fields[0]).toMatchObject({
      truncated: { after: { bytes: 400_000, href: "/v1/items/0/text" } },
    })
  })

  it("names where a field of any row is read", () => {
    const of = (path: string) =>
      boundedDiff({ rows: [{ ...row(1, long), row: path }], patch: [] }, place, {}).rows[0]?.fields[0]
    const hrefOf = (path: string) => Reflect.get(Object(of(path)), "truncated").after.href
    expect(hrefOf("thread")).toBe("/v1/rows/threads/t/text?field=text")
    expect(hrefOf("session")).toBe("/v1/rows/sessions/s/text?field=text")
    expect(hrefOf("turns/a~1b")).toBe("/v1/rows/turns/a%2Fb/text?field=text")
    expect(hrefOf("anomalies/turn:1/turn-unknown")).toBe(
      `/v1/rows/anomalies/${encodeURIComponent('["t","turn:1","turn-unknown"]')}/text?field=text`,
    )
  })

  it("is as it was where it is short", () => {
    const patch = [{ op: "remove", path: "/a" }] as const
    expect(boundedDiff({ rows: [row(1, "a")], patch }, place, {})).toEqual({ rows: [row(1, "a")], next: null, patch })
    expect(boundedDiff({ rows: [row(1, "a"), row(2, "b")], patch }, place, { after: 0, limit: 1 }).next).toBe(1)
  })
})

describe("why, as far as it rides along", () => {
  const event = { sequence: 12, eventId: "e", type: "item.completed", at: 1, actor: "provider" } as const
  const rule = { number: 4, name: "content" }
  const set = {
    event,
    change: "changed" as const,
    fields: [{ field: "text", before: long, after: long, rule, through: [rule] }],
    alsoChanged: [],
  }
  const report: WhyReport = {
    threadId: "t",
    sequence: 12,
    row: {
      path: "items/1#text",
      value: long,
      exists: true,
      derivedFrom: [],
      setBy: set,
      earlier: Array.from({ length: 10 }, () => set),
      hasMore: false,
    },
    event: null,
    causes: [
      { kind: "native", id: null, sequence: null, effect: null, status: null, events: [], at: null, text: long },
    ],
  }

  it("cuts values and lines", () => {
    const shown = boundedWhy(report, place)
    expect(bytes(shown)).toBeLessThanOrEqual(longestPageBytes)
    expect(shown.row?.truncated?.value).toEqual({ bytes: 400_000, href: "/v1/items/1/text" })
    expect(shown.causes[0]?.truncated?.text?.href).toBe("/v1/events/12/text?field=nativeBody")
    expect(shown.row?.hasMore || shown.row?.earlier.length === 10).toBe(true)
  })

  it("leaves rows out of an event that changed very many, and says so", () => {
    const changed = Array.from({ length: 3_000 }, (_, n) => ({
      row: `items/${n}`,
      change: "changed" as const,
      fields: [{ field: "status", before: "open", after: "completed", rule, through: [rule] }],
    }))
    const shown = boundedWhy({ ...report, row: null, event: { event, rule, changed, anomalies: [] } }, place)
    expect(bytes(shown)).toBeLessThanOrEqual(longestPageBytes)
    expect([shown.event?.more, shown.event?.changed.length]).toEqual([true, 100])
  })

  it("is as it was where it is short", () => {
    const short: WhyReport = {
      ...report,
      row: report.row && { ...report.row, value: "a", setBy: { ...set, fields: [] }, earlier: [] },
      causes: [],
    }
    expect(boundedWhy(short, place)).toEqual(short)
  })
})
