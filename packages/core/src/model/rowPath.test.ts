import { describe, expect, it } from "vitest"
import { findRow, formatRowPath, isBadPath, parseRowPath, type RowKind, rowKinds } from "./rowPath.js"

const typed = (text: string) => {
  const path = parseRowPath(text)
  if (isBadPath(path)) throw new Error(path.problem)
  return path
}
const problem = (text: string) => {
  const path = parseRowPath(text)
  return isBadPath(path) ? path.problem : null
}
const first = "01999f00-0000-7000-8000-000000000001"
const second = "01999f00-0000-7000-8000-000000000002"

describe("a path of a row", () => {
  it("names rows that stand alone, rows of a list, and fields", () => {
    expect(typed("thread#status")).toEqual({ kind: "thread", key: "", field: "status" })
    expect(typed("session")).toEqual({ kind: "session", key: "", field: null })
    expect(typed(`turns/${first}#outcome`)).toEqual({ kind: "turns", key: first, field: "outcome" })
    expect(typed("usage#totalTokens").field).toBe("totalTokens")
  })

  it("reads what it writes, whatever the ids are", () => {
    const key = ["channel:0192/agent~x", "seq-gap"]
    const text = formatRowPath("anomalies", key, "count")
    expect(text).toBe("anomalies/channel:0192~1agent~0x/seq-gap#count")
    const path = typed(text)
    expect(findRow(path, [["other", "seq-gap"], key])).toEqual(key)
    expect(findRow(typed("anomalies/channel:0192/agent~x/seq-gap"), [key])).toEqual(key)
  })

  it("says what there is, where there is no such kind or field", () => {
    expect(problem("turn/1")).toBe('There is no row "turn"; the nearest is "turns".')
    expect(problem("zzzz")).toContain("known are")
    expect(problem("turns/1#outcom")).toBe('There is no field "outcom"; the nearest is "outcome" (turns).')
    expect(problem("turns")).toBe("Turns has many rows: name one as turns/<turnId>.")
    expect(problem("thread/1")).toBe("Thread is one row, so nothing follows its name.")
    for (const kind of Object.keys(rowKinds)) expect(problem(`${kind}/x#no-such-field`), kind).not.toBeNull()
  })

  it("takes the beginning of an id that only one row has", () => {
    const keys = [[first], [second]]
    expect(findRow(typed(`items/${first}`), keys)).toEqual([first])
    expect(findRow(typed("items/0199"), [[first]])).toEqual([first])
    expect(findRow(typed("items/0199"), keys)).toEqual({
      problem: `"0199" may be any of items/${first}, items/${second}: write more of it.`,
    })
    expect(findRow(typed("items/f"), keys)).toEqual({
      problem: `There is no row items/f; there are items/${first}, items/${second}.`,
    })
    expect(findRow(typed("items/f"), [])).toEqual({ problem: "There is no row items/f: the thread has no items." })
  })

  it("prefers the row of exactly this id to those that begin with it", () => {
    expect(findRow(typed("queue/a"), [["a"], ["ab"]])).toEqual(["a"])
  })

  it("knows the fields of every kind", () => {
    for (const [kind, { fields, key }] of Object.entries(rowKinds) as [RowKind, (typeof rowKinds)[RowKind]][]) {
      expect(fields.length, kind).toBeGreaterThan(0)
      expect(fields, kind).toEqual(expect.arrayContaining([...key]))
    }
  })
})
