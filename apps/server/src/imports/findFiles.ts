/** The session files that paths name: files as they are, folders with all that is below them. */
import { closeSync, openSync, readSync } from "node:fs"
import { readdir, stat } from "node:fs/promises"
import { join } from "node:path"
import { Effect } from "effect"
import { isSessionFile } from "./sessionPlaces.js"

/** A file to import. */
export interface FoundFile {
  readonly file: string
  readonly bytes: number
  /** When it was last written, ms since the epoch. */
  readonly modifiedAt: number
}

/** Bytes of a file that its first time is looked for in. */
const headBytes = 16 * 1024

/** The time of its first line that has one, ms since the epoch; else when it was last written. */
const beginOf = ({ file, modifiedAt }: FoundFile): number => {
  try {
    const descriptor = openSync(file, "r")
    try {
      const head = Buffer.alloc(headBytes)
      const text = head.subarray(0, readSync(descriptor, head, 0, headBytes, 0)).toString("utf8")
      const at = Date.parse(/"timestamp"\s*:\s*"([^"]{10,40})"/.exec(text)?.[1] ?? "")
      return Number.isFinite(at) ? at : modifiedAt
    } finally {
      closeSync(descriptor)
    }
  } catch {
    // The import says what is wrong with it.
    return modifiedAt
  }
}

/** Folders below one another at most: links may lead in a circle. */
const deepest = 16

const below = async (folder: string, source: string, depth: number): Promise<readonly FoundFile[]> => {
  const entries = await readdir(folder, { withFileTypes: true })
  const found: FoundFile[] = []
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && depth < deepest) found.push(...(await below(path, source, depth + 1)))
    else if (entry.isFile() && isSessionFile(source, path)) {
      const { mtimeMs, size } = await stat(path)
      found.push({ file: path, bytes: size, modifiedAt: Math.floor(mtimeMs) })
    }
  }
  return found
}

/** The session files in a folder, in no order; none where it cannot be read. */
export const filesBelow = (folder: string, source: string): Effect.Effect<readonly FoundFile[]> =>
  Effect.orElseSucceed(
    Effect.tryPromise(() => below(folder, source, 0)),
    () => [],
  )

/** Whether a path is a folder. */
export const isFolder = (path: string): Effect.Effect<boolean> =>
  Effect.orElseSucceed(
    Effect.tryPromise(async () => (await stat(path)).isDirectory()),
    () => false,
  )

/** In the order in which they began: a thread before those that it started. */
export const inOrder = (files: readonly FoundFile[]): readonly FoundFile[] =>
  files
    .map((one) => ({ one, begin: beginOf(one) }))
    .sort((a, b) => a.begin - b.begin || (a.one.file < b.one.file ? -1 : 1))
    .map(({ one }) => one)
