import { describe, expect, it } from "vitest"
import { fileChangesIn } from "./fileChanges.js"

describe("the files of a file change", () => {
  it("are told by Codex as changes, a new or removed one by its text", () => {
    const changes = [
      { path: "a.ts", kind: { type: "update", move_path: null }, diff: "@@ -1 +1 @@\n-a\n+b\n" },
      { path: "b.ts", kind: { type: "add" }, diff: "one\ntwo\n" },
      { path: "c.ts", kind: "delete", diff: "gone\n" },
      { kind: "update" },
      "nothing",
    ]
    expect(fileChangesIn({ changes })).toEqual([
      { path: "a.ts", kind: "update", diff: "@@ -1 +1 @@\n-a\n+b\n" },
      { path: "b.ts", kind: "add", diff: "@@ -0,0 +1,2 @@\n+one\n+two" },
      { path: "c.ts", kind: "delete", diff: "@@ -1,1 +0,0 @@\n-gone" },
    ])
  })

  it("are told by Claude as the input and the patch of a result", () => {
    const hunk = { oldStart: 1, oldLines: 1, newStart: 1, newLines: 1, lines: ["-one", "+two"] }
    expect(
      fileChangesIn({ input: { file_path: "/w/a.txt" }, result: { structuredPatch: [hunk, { lines: [1] }] } }),
    ).toEqual([{ path: "/w/a.txt", kind: "update", diff: "@@ -1,1 +1,1 @@\n-one\n+two" }])
    const made = { input: { file_path: "b", content: "x\n" }, result: { type: "create", structuredPatch: [] } }
    expect(fileChangesIn(made)).toEqual([{ path: "b", kind: "add", diff: "@@ -0,0 +1,1 @@\n+x" }])
    expect(fileChangesIn({ input: { notebook_path: "n" }, result: null })).toEqual([{ path: "n", kind: "update" }])
  })

  it("are told by agents that speak ACP as diffs, else as locations", () => {
    const content = [{ type: "diff", path: "c", oldText: "a", newText: "b" }]
    expect(fileChangesIn({ content, locations: [] })).toEqual([
      { path: "c", kind: "update", diff: "@@ -1,1 +1,1 @@\n-a\n+b" },
    ])
    expect(fileChangesIn({ content: [], locations: [{ path: "d" }] })).toEqual([{ path: "d" }])
  })

  it("are none in anything else", () => {
    for (const data of [null, undefined, 1, "text", [], {}, { changes: 1 }, { input: {} }])
      expect(fileChangesIn(data)).toEqual([])
  })
})
