import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { textDiff } from "./textDiff.js"

/** Applies the one hunk to the text that it was made from. */
const patched = (before: readonly string[], diff: string): readonly string[] => {
  if (diff === "") return before
  const [head = "", ...hunk] = diff.split("\n")
  const [, from, size] = /^@@ -(\d+),(\d+) /.exec(head) ?? []
  const first = Number(size) === 0 ? Number(from) : Number(from) - 1
  const kept = hunk.filter((line) => !line.startsWith("+")).map((line) => line.slice(1))
  expect(before.slice(first, first + Number(size))).toEqual(kept)
  const now = hunk.filter((line) => !line.startsWith("-")).map((line) => line.slice(1))
  return [...before.slice(0, first), ...now, ...before.slice(first + Number(size))]
}

describe("the diff of two texts", () => {
  it("makes the one out of the other", () => {
    const lines = fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        expect(patched(before, textDiff(before.join("\n"), after.join("\n")))).toEqual(after)
      }),
    )
  })

  it("shows a few lines around the change", () => {
    const text = (middle: string) => ["1", "2", "3", "4", middle, "6", "7", "8", "9"].join("\n")
    expect(textDiff(text("old"), text("new"))).toBe(
      ["@@ -2,7 +2,7 @@", " 2", " 3", " 4", "-old", "+new", " 6", " 7", " 8"].join("\n"),
    )
    expect(textDiff("", "a\nb")).toBe(["@@ -0,0 +1,2 @@", "+a", "+b"].join("\n"))
  })
})
