import { describe, expect, it } from "vitest"
import { filesOfDiff } from "./fileDiffs.js"

const modified = `diff --git a/src/a.ts b/src/a.ts
index 1..2 100644
--- a/src/a.ts
+++ b/src/a.ts
@@ -1,3 +1,4 @@
 one
-two
+TWO
+--- not a header
 three
@@ -9 +10 @@
-nine
+NINE
`
const added = `diff --git a/new.txt b/new.txt
new file mode 100644
--- /dev/null
+++ b/new.txt
@@ -0,0 +1,2 @@
+x
+y
\\ No newline at end of file
`
const deleted = `diff --git a/old.txt b/old.txt
deleted file mode 100644
--- a/old.txt
+++ /dev/null
@@ -1 +0,0 @@
-gone
`
const renamed = `diff --git a/from name.ts b/to name.ts
similarity index 100%
rename from from name.ts
rename to to name.ts
`
const binary = `diff --git a/logo.png b/logo.png
index 1..2 100644
Binary files a/logo.png and b/logo.png differ
`

describe("the files of a unified diff", () => {
  it("have their names, what happened to them, their counts and their own part", () => {
    const text = modified + added + deleted + renamed + binary
    const files = filesOfDiff(text)
    expect(
      files.map(({ additions, change, deletions, from, path }) => [path, from, change, additions, deletions]),
    ).toEqual([
      ["src/a.ts", null, "modified", 3, 2],
      ["new.txt", null, "added", 2, 0],
      ["old.txt", null, "deleted", 0, 1],
      ["to name.ts", "from name.ts", "renamed", 0, 0],
      ["logo.png", null, "modified", 0, 0],
    ])
    expect(files.map(({ binary }) => binary)).toEqual([false, false, false, false, true])
    expect(files.map(({ diff }) => diff).join("")).toBe(text)
    expect(files.map(({ start }) => text.slice(start, start + 10))).toEqual(Array(5).fill("diff --git"))
  })

  it("are found without headers of git, and with other line ends", () => {
    const plain = [
      "--- a/x",
      "+++ b/x",
      "@@ -1 +1 @@",
      "-a",
      "+b",
      "--- y\t2026",
      "+++ z\t2026",
      "@@ -1 +1 @@",
      "-c",
      "+d",
    ]
    for (const end of ["\n", "\r\n"]) {
      expect(
        filesOfDiff(plain.join(end)).map(({ additions, change, from, path }) => [path, from, change, additions]),
      ).toEqual([
        ["x", null, "modified", 1],
        ["z", "y", "renamed", 1],
      ])
    }
  })

  it("are none in any other text", () => {
    for (const text of ["", "hello", "@@ -1 +1 @@\n-a\n+b", "diff --git nonsense", "--- \n+++ \n"]) {
      expect(filesOfDiff(text).filter(({ path }) => path !== "")).toEqual([])
    }
  })

  it("are counted where an agent leaves the heads of hunks out", () => {
    const text = "--- a/x.ts\n+++ b/x.ts\n same\n-old\n+new\n+more\n"
    const git = `diff --git a/y.ts b/y.ts\n--- a/y.ts\n+++ b/y.ts\n-gone\n--- a/z.ts\n+++ b/z.ts\n+come\n`
    expect(filesOfDiff(text + git).map(({ additions, deletions, path }) => [path, additions, deletions])).toEqual([
      ["x.ts", 2, 1],
      ["y.ts", 0, 1],
      ["z.ts", 1, 0],
    ])
    // What stands behind the last hunk belongs to no file.
    expect(filesOfDiff(`${modified}-- \n2.40.1\n`)).toMatchObject([{ additions: 3, deletions: 2 }])
  })
})
