import { createTwoFilesPatch } from "diff"
import fc from "fast-check"
import { expect, it } from "vitest"
import { readDiff } from "./diffLines.js"

it("numbers the lines of both sides", () => {
  const [file] = readDiff("--- a/x.ts\n+++ b/x.ts\n@@ -3,3 +3,4 @@\n same\n-old\n+new\n+more\n last\n")
  expect(file).toMatchObject({ path: "x.ts", additions: 2, deletions: 1 })
  expect(file?.lines.map(({ after, before, kind, text }) => [kind, before, after, text])).toEqual([
    ["hunk", null, null, "@@ -3,3 +3,4 @@"],
    ["same", 3, 3, "same"],
    ["removed", 4, null, "old"],
    ["added", null, 4, "new"],
    ["added", null, 5, "more"],
    ["same", 5, 6, "last"],
  ])
})

it("names a file by what it was where it is gone", () => {
  expect(readDiff("--- a/gone.ts\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-x\n")[0]?.path).toBe("gone.ts")
})

it("shows what is no whole diff as it is", () => {
  for (const text of ["just text", "@@ -1,9 +1,9 @@\n-a\n+b", "+only\n-lines", ""]) {
    const files = readDiff(text)
    expect(files).toHaveLength(1)
    expect(files[0]?.lines.length).toBeGreaterThan(0)
  }
  expect(readDiff("+only\n-lines")[0]).toMatchObject({ additions: 1, deletions: 1 })
})

it("counts a diff without heads of hunks, and takes its names for no lines", () => {
  const [file] = readDiff("--- a/x.ts\n+++ b/x.ts\n same\n-old\n+new\n+more\n")
  expect(file).toMatchObject({ path: "x.ts", additions: 2, deletions: 1 })
  expect(file?.lines.map(({ kind, text }) => [kind, text])).toEqual([
    ["note", "--- a/x.ts"],
    ["note", "+++ b/x.ts"],
    ["same", "same"],
    ["removed", "old"],
    ["added", "new"],
    ["added", "more"],
  ])
})

const ended = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("")

it("counts what was changed", () => {
  const lines = fc.array(fc.constantFrom("a", "b", "c", ""), { maxLength: 30 })
  fc.assert(
    fc.property(lines, lines, (before, after) => {
      const patch = createTwoFilesPatch("a/f", "b/f", ended(before), ended(after))
      const [file] = readDiff(patch)
      if (before.join("\n") === after.join("\n") && before.length === after.length) return
      const kept = file?.lines.filter(({ kind }) => kind === "same").length ?? 0
      if (file === undefined) throw new Error("There is no file.")
      expect(file.additions - file.deletions).toBe(after.length - before.length)
      expect(kept).toBeLessThanOrEqual(Math.min(before.length, after.length))
    }),
  )
})
