/** A unified diff as lines with their numbers, as a table shows them. */
import { parsePatch } from "diff"

export interface DiffLine {
  readonly kind: "hunk" | "same" | "added" | "removed" | "note"
  /** Number in the file before; null: the line is not in it. */
  readonly before: number | null
  readonly after: number | null
  readonly text: string
}

export interface FileDiffLines {
  /** Name of the file; empty: the diff does not say. */
  readonly path: string
  readonly additions: number
  readonly deletions: number
  readonly lines: readonly DiffLine[]
}

const nameOf = (name: string | undefined): string => {
  const path = (name ?? "").replace(/^[ab]\//, "")
  return path === "/dev/null" ? "" : path
}

/** The name in a line such as `+++ b/x.ts`, which may have a time behind it. */
const nameIn = (line: string): string => (line.slice(4).split("\t")[0] ?? "").trim()

/** A text that is no diff which can be read, as lines as they are: agents send parts of diffs, and diffs without heads of hunks. */
const asItIs = (text: string): FileDiffLines => {
  const all = text.replace(/\n$/, "").split("\n")
  const names: string[] = []
  const lines = all.map((line, at): DiffLine => {
    const isBefore = line.startsWith("--- ") && all[at + 1]?.startsWith("+++ ") === true
    const isAfter = line.startsWith("+++ ") && all[at - 1]?.startsWith("--- ") === true
    if (isAfter) names.push(nameOf(nameIn(line)) || nameOf(nameIn(all[at - 1] ?? "")))
    const kind =
      isBefore || isAfter
        ? "note"
        : line.startsWith("+")
          ? "added"
          : line.startsWith("-")
            ? "removed"
            : line.startsWith("@@")
              ? "hunk"
              : "same"
    const isWhole = kind === "hunk" || kind === "note"
    return { kind, before: null, after: null, text: isWhole ? line : line.replace(/^[ +-]/, "") }
  })
  const count = (kind: DiffLine["kind"]) => lines.filter((line) => line.kind === kind).length
  const [path = "", another] = names
  return { path: another === undefined ? path : "", additions: count("added"), deletions: count("removed"), lines }
}

const kinds: Readonly<Record<string, DiffLine["kind"]>> = { "+": "added", "-": "removed", "\\": "note" }

/** The files of a diff. */
export const readDiff = (text: string): readonly FileDiffLines[] => {
  let files: ReturnType<typeof parsePatch>
  try {
    files = parsePatch(text).filter(({ hunks }) => hunks.length > 0)
  } catch {
    // Cut in the middle of a hunk, or counts that are wrong.
    return [asItIs(text)]
  }
  if (files.length === 0) return [asItIs(text)]
  return files.map(({ hunks, newFileName, oldFileName }) => {
    const lines: DiffLine[] = []
    let additions = 0
    let deletions = 0
    for (const hunk of hunks) {
      let before = hunk.oldStart
      let after = hunk.newStart
      lines.push({
        kind: "hunk",
        before: null,
        after: null,
        text: `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@`,
      })
      for (const line of hunk.lines) {
        const kind = kinds[line[0] ?? ""] ?? "same"
        if (kind === "added") additions += 1
        if (kind === "removed") deletions += 1
        lines.push({
          kind,
          before: kind === "same" || kind === "removed" ? before++ : null,
          after: kind === "same" || kind === "added" ? after++ : null,
          text: kind === "note" ? line.slice(2) : line.slice(1),
        })
      }
    }
    return { path: nameOf(newFileName) || nameOf(oldFileName), additions, deletions, lines }
  })
}
