/** The files of a unified diff, each with its own part of it and its counts. Text that is no diff names no file, and none is lost for it. */
import type { FileChangeKind } from "@threadfold/contracts"

/** One file of a diff. */
export interface FileDiff {
  readonly path: string
  /** Its name before; null: it was not renamed. */
  readonly from: string | null
  readonly change: FileChangeKind
  readonly binary: boolean
  readonly additions: number
  readonly deletions: number
  /** Its part of the whole, with its header. */
  readonly diff: string
  /** Where that begins, UTF-16 units. */
  readonly start: number
}

interface Found {
  start: number
  before: string | null
  after: string | null
  change: FileChangeKind
  binary: boolean
  additions: number
  deletions: number
  /** Its names are read, and no hunk: agents leave the heads of hunks out, and their lines are counted all the same. */
  headless: boolean
}

const hunk = /^@@+ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/
const gitHeader = /^diff --git "?a\/(.*?)"? "?b\/(.*?)"?$/

/** A name in a header, without the side that it stands for; null: there is no such file. */
const nameIn = (line: string, side: "a/" | "b/"): string | null => {
  const name = (line.slice(4).split("\t")[0] ?? "").trim().replace(/^"(.*)"$/, "$1")
  if (name === "/dev/null") return null
  return name.startsWith(side) ? name.slice(side.length) : name
}

const count = (text: string | undefined): number => (text === undefined ? 1 : Number(text))

/** What a line outside of hunks says of its file. */
const readHeader = (file: Found, line: string): void => {
  if (file.headless) {
    if (line.startsWith("+")) file.additions += 1
    else if (line.startsWith("-")) file.deletions += 1
  } else if (line.startsWith("--- ")) file.before = nameIn(line, "a/")
  else if (line.startsWith("+++ ")) {
    file.after = nameIn(line, "b/")
    file.headless = true
  } else if (line.startsWith("rename from ")) file.before = line.slice("rename from ".length)
  else if (line.startsWith("rename to ")) file.after = line.slice("rename to ".length)
  else if (line.startsWith("new file mode")) file.change = "added"
  else if (line.startsWith("deleted file mode")) file.change = "deleted"
  else if (line.startsWith("Binary files ") || line === "GIT binary patch") file.binary = true
}

const changeOf = ({ after, before, change }: Found): FileChangeKind => {
  if (change !== "modified") return change
  if (before === null) return "added"
  if (after === null) return "deleted"
  return after === before ? "modified" : "renamed"
}

const done = (text: string, file: Found, end: number): FileDiff | null => {
  const { additions, after, before, binary, deletions, start } = file
  const path = after ?? before
  if (path === null) return null
  const change = changeOf(file)
  const from = change === "renamed" ? before : null
  return { path, from, change, binary, additions, deletions, diff: text.slice(start, end), start }
}

/** The files of a unified diff, in its order. */
export const filesOfDiff = (text: string): readonly FileDiff[] => {
  const files: FileDiff[] = []
  let file: Found | null = null
  /** Lines of the open hunk that are still to come, of either side. */
  let left = { before: 0, after: 0 }
  const close = (end: number): void => {
    const found = file === null ? null : done(text, file, end)
    if (found !== null) files.push(found)
  }
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf("\n", at)
    const next = end === -1 ? text.length : end + 1
    const line = text.slice(at, end === -1 ? text.length : end).replace(/\r$/, "")
    if (file !== null && (left.before > 0 || left.after > 0)) {
      if (line.startsWith("+")) {
        file.additions += 1
        left.after -= 1
      } else if (line.startsWith("-")) {
        file.deletions += 1
        left.before -= 1
      } else if (!line.startsWith("\\")) left = { before: left.before - 1, after: left.after - 1 }
    } else {
      const header = gitHeader.exec(line)
      const begins = header !== null || (line.startsWith("--- ") && text.startsWith("+++ ", next))
      // In a git header the names are said once more by the lines that follow.
      const isOwn =
        file !== null &&
        header === null &&
        file.additions + file.deletions === 0 &&
        text.startsWith("diff --git", file.start)
      if (begins && !isOwn) {
        close(at)
        const [, before = null, after = null] = header ?? []
        file = {
          start: at,
          before,
          after,
          change: "modified",
          binary: false,
          additions: 0,
          deletions: 0,
          headless: false,
        }
      }
      const sizes = hunk.exec(line)
      if (sizes !== null) {
        left = { before: count(sizes[1]), after: count(sizes[2]) }
        if (file !== null) file.headless = false
      } else if (file !== null) readHeader(file, line)
    }
    at = next
  }
  close(text.length)
  return files
}
