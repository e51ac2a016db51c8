/** Expressions in CEL: what they read, what they say of a document, and which ones are refused, with the place. */
import { Problem } from "@threadfold/contracts/problem"
import type { LiveDocument } from "@threadfold/core/model"
import { describe, expect, it } from "vitest"
import { compileExpression } from "./expression.js"

const usage = { inputTokens: 7, totalTokens: 10 }
const shown: Readonly<Record<string, unknown>> = {
  sequence: 44,
  thread: { status: "idle", turns: 2, title: null },
  session: null,
  turns: [
    { turnId: "a", status: "running", usage },
    { turnId: "b", status: "ended", usage: null },
  ],
  queue: [],
}

const verdict = (source: string, values = shown) => {
  const { present, test } = compileExpression(source)
  // Of a document an expression only asks the values.
  const document = { value: (name: string) => present?.(values[name]) } as unknown as LiveDocument
  const said = test(document)
  return said.holds === null ? said.error : said.holds
}

const refusal = (source: string): string => {
  try {
    compileExpression(source)
  } catch (error) {
    if (error instanceof Problem) return `${error.slug}: ${error.detail}`
  }
  throw new Error("it was taken")
}

describe("an expression", () => {
  it("says what is true of the document", () => {
    expect(verdict('thread.status == "idle" && turns.exists(t, t.status == "running")')).toBe(true)
    expect(verdict("session == null && thread.title == null")).toBe(true)
    expect(verdict('turns.all(t, t.status == "ended")')).toBe(false)
    expect(verdict("queue.size() > 0")).toBe(false)
  })

  it("takes whole numbers as integers, so that they count and compare", () => {
    expect(verdict("size(turns) == thread.turns && thread.turns + 1 == 3 && sequence % 2 == 0")).toBe(true)
    expect(verdict("thread.turns > 1.5 && thread.turns == 2.0")).toBe(true)
    expect(verdict("turns.exists(t, t.usage != null && t.usage.totalTokens >= 10)")).toBe(true)
    expect(verdict("turns[thread.turns - 1].status == 'ended'")).toBe(true)
  })

  it("that cannot be evaluated says why, and another arm of it may still decide", () => {
    expect(verdict('session.status == "ready"')).toBe("No such key: status")
    expect(verdict('session.status == "ready" || thread.turns == 2')).toBe(true)
    expect(verdict("turns[5].status == 'ended'")).toContain("index 5")
    expect(verdict("thread.turns")).toBe("The value is neither true nor false")
  })

  it("reads the names and the fields that it mentions, or all fields where it looks at a row as a whole", () => {
    const reads = (source: string) => {
      const { fields, names } = compileExpression(source).reads
      return [[...names].sort(), fields === null ? null : [...fields].sort()]
    }
    expect(reads('session.status == "ready" && turns.exists(t, t.status == "running")')).toEqual([
      ["session", "turns"],
      ["status"],
    ])
    expect(reads("session != null && turns.size() > 3")).toEqual([["session", "turns"], []])
    expect(reads('items[items.size() - 1]["text"] == ""')).toEqual([["items"], ["text"]])
    expect(reads("turns.filter(t, t.usage.totalTokens > 5).size() > 1")).toEqual([["turns"], ["totalTokens", "usage"]])
    expect(reads("sequence > 5")).toEqual([["sequence"], []])
    expect(reads("turns[0] == turns[1]")).toEqual([["turns"], null])
    expect(reads("turns.exists(t, t in turns)")).toEqual([["turns"], null])
    expect(reads("thread[thread.title] == 1")[1]).toBeNull()
  })
})

describe("a wrong expression", () => {
  it("is refused, and the place is marked", () => {
    expect(refusal('turns.exists(t, t.status = "ended")')).toBe(
      [
        "invalid-request: The expression is wrong, at character 26: Unexpected character: =.",
        '  turns.exists(t, t.status = "ended")',
        "                           ^",
      ].join("\n"),
    )
    expect(refusal("turnz.size() > 1")).toMatch(
      /at character 1: Unknown variable: turnz; there are .*turns,[\s\S]*\n {2}\^{5}$/,
    )
    expect(refusal("1 +\n thread.turns")).toMatch(/it is of type int, not true or false/)
    expect(refusal("thread.turns > 1 &&")).toMatch(/at character 20/)
    expect(refusal(" ")).toBe("invalid-request: The expression is wrong: it is empty.")
  })

  it.each([
    ['session.statsu == "ready"', 'there is no field "statsu"; the nearest is "status"'],
    ["turns.exists(t, t.usage.totalToken > 5)", 'there is no field "totalToken"; the nearest is "totalTokens"'],
    ['turns[0]["stauts"] == "ended"', 'there is no field "stauts"; the nearest is "status"'],
    ["turns.filter(t, t.settled).exists(t, t.settld)", 'there is no field "settld"; the nearest is "settled"'],
    ["has(thread.titel)", 'there is no field "titel"; the nearest is "title"'],
    ["size(thread.turns) > 1 ? thread.tittle == null : true", 'there is no field "tittle"; the nearest is "title"'],
    ["thread.constructor == null", 'there is no field "constructor"'],
    ['turns.exists(t, "runing" == t.status)', 'there is no value "runing"; the nearest is "running"'],
    ['session.status != "redy"', 'there is no value "redy"; the nearest is "ready"'],
  ])("%s names what the document does not have", (source, said) => {
    expect(refusal(source)).toContain(said)
  })

  it("is none where any field may be there", () => {
    for (const source of [
      "turns.exists(t, t.error != null && t.error.whatever == 1)",
      "turns.map(t, t.turnId)[0] == 'any'",
      'thread.title == "any"',
      "items.exists(i, i.data.command == 'ls')",
    ]) {
      expect(() => compileExpression(source)).not.toThrow()
    }
  })

  it.each([
    "items.exists(i, items.exists(j, j in items))",
    "items.exists(i, items.exists(j, items == items))",
    "items.map(i, items.map(j, items)) == items.map(i, items.map(j, items))",
  ])("is refused where it compares lists in lists in lists: %s", (source) => {
    expect(refusal(source)).toContain("it goes through lists more than 2 deep in each other")
  })

  it.each([
    "items.exists(i, i in items)",
    "items.map(i, items) == items.map(i, items)",
    "turns.exists(t, turns != turns)",
  ])("is not evaluated over long lists where it compares lists in lists: %s", (source) => {
    const long = Array.from({ length: 5_000 }, (_, n) => ({ itemId: String(n) }))
    expect(() => verdict(source, { ...shown, items: long, turns: long })).toThrow("a list of 5000 entries")
    expect(() => verdict(source, { ...shown, items: [], turns: [] })).not.toThrow()
  })

  it("is one whose cost has no bound", () => {
    expect(refusal('thread.title.matches("(a+)+$")')).toContain("there is no matches")
    expect(refusal(`thread.turns == ${"1 + ".repeat(9)}1`)).toContain("adds more than 8 times")
    expect(refusal("turns.exists(a, turns.exists(b, turns.exists(c, true)))")).toContain("more than 2 deep")
    expect(refusal("(".repeat(500))).toContain("The expression is wrong")
    expect(refusal(`"${"x".repeat(5000)}" == ""`)).toContain("more than 4096 characters")
    const many = { ...shown, turns: Array.from({ length: 5000 }, (_, at) => ({ turnId: String(at), status: "ended" })) }
    expect(() =>
      verdict("turns.exists(a, turns.exists(b, a.turnId != b.turnId && a.status == 'running'))", many),
    ).toThrow(/goes through a list of 5000 entries/)
  })
})
