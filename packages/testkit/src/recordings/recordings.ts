/**
 * Recordings of real Codex app-server sessions, one JSON object a line (see `RecordingLine` of the contracts). They are
 * data, not code: they lie in `fixtures/recordings` at the root of this package and are read from there whether the
 * package runs from `src` or from `dist`.
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { packageRoot } from "../packageFiles.js"

export interface Recording {
  /** File name without its extension, for example `codex-01-plain`. */
  readonly name: string
  /** Absolute path of the file, for tests that hand a file to a program. */
  readonly path: string
  /** The whole file as UTF-8 text. It is read on every call, so that it is not kept in memory. */
  readonly text: () => string
}

const recordingsIn = (folder: string): readonly Recording[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith(".jsonl"))
    .sort()
    .map((file) => {
      const path = join(folder, file)
      return { name: file.slice(0, -".jsonl".length), path, text: () => readFileSync(path, "utf8") }
    })

/** Every recording, in the order of their names. */
export const recordings: readonly Recording[] = recordingsIn(join(packageRoot, "fixtures", "recordings"))

/** Short wires that came out wrong once, each the smallest input of its fault. They share one native thread id. */
export const cases: readonly Recording[] = recordingsIn(join(packageRoot, "fixtures", "cases"))

/** The case of that name; throws when there is none, since a test that names one means it. */
export const caseNamed = (name: string): Recording => {
  const found = cases.find((one) => one.name === name)
  if (found === undefined) throw new Error(`no case is named ${name}`)
  return found
}

/** The recording of that name; throws when there is none, since a test that names one means it. */
export const recording = (name: string): Recording => {
  const found = recordings.find((one) => one.name === name)
  if (found === undefined) throw new Error(`no recording is named ${name}`)
  return found
}

/** Cuts a recording after `bytes` bytes of UTF-8, as a full disk or a crash does. A cut may fall inside a line or a character. */
export const cutAt = (text: string, bytes: number): Uint8Array => Buffer.from(text, "utf8").subarray(0, bytes)

/** Replaces line `line` (from 1) by its own first half, which is no JSON. The other lines stay. */
export const corruptLine = (text: string, line: number): string => {
  const lines = text.split("\n")
  const found = lines[line - 1]
  if (found === undefined || found.trim() === "")
    throw new Error(`the recording has nothing to corrupt on line ${line}`)
  return lines.with(line - 1, found.slice(0, Math.ceil(found.length / 2))).join("\n")
}

/** A session file that a real agent left, without what would identify a person or a machine. */
export interface SessionFile extends Recording {
  /** Source kind of its import. */
  readonly source: "codex-rollout" | "claude"
  /** Its path below the folder of its kind; agents say by it which session a file is of. */
  readonly file: string
}

const sessionFilesIn = (source: SessionFile["source"], folder: string): readonly SessionFile[] => {
  const root = join(packageRoot, "fixtures", folder)
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".jsonl"))
    .sort()
    .map((file) => {
      const path = join(root, file)
      return { source, file, name: file.slice(0, -".jsonl".length), path, text: () => readFileSync(path, "utf8") }
    })
}

/** Session files of Codex 0.169 and of Claude Code 2.1, in the order of their names. */
export const sessionFiles: readonly SessionFile[] = [
  ...sessionFilesIn("codex-rollout", "codex-rollout"),
  ...sessionFilesIn("claude", "claude-history"),
]
