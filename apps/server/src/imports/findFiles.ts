/** The session files that paths name: files as they are, folders with all that is below them. */
import { closeSync, type Dirent, openSync, readSync, type Stats } from "node:fs"
import { readdir, stat } from "node:fs/promises"
import { join } from "node:path"
import { Effect } from "effect"
import { isSessionFile } from "./sessionPlaces.js"

/** A file to import. */
export interface FoundFile {
  readonly file: string
  readonly bytes: number
  /** Which file it is, whatever its name: another one may come in its place. */
  readonly identity: string
  /** When it was last written, ms since the epoch. */
  readonly modifiedAt: number
}

/** Which file or folder it is, by the system's own number. */
export const identityOf = ({ dev, ino }: Pick<Stats, "dev" | "ino">): string => `${dev}.${ino}`

/** A file as the system describes it. */
export const foundFile = (file: string, stats: Stats): FoundFile => ({
  file,
  bytes: stats.size,
  identity: identityOf(stats),
  modifiedAt: Math.floor(stats.mtimeMs),
})

/** Bytes of a file that its first time is looked for in. */
const headBytes = 16 * 1024

/** The time of its first line that has one, ms since the epoch; else when it was last written. */
const beginOf = ({ file, modifiedAt }: FoundFile): number => {
  try {
    const descriptor = openSync(file, "r")
    try {
      const head = Buffer.alloc(headBytes)
      const text = head.subarray(0, readSync(descriptor, head, 0, headBytes, 0)).toString("utf8")
      const inMs = /"wall_time_unix_ms"\s*:\s*(\d{10,16})/.exec(text)?.[1]
      const at =
        inMs === undefined ? Date.parse(/"timestamp"\s*:\s*"([^"]{10,40})"/.exec(text)?.[1] ?? "") : Number(inMs)
      return Number.isFinite(at) ? at : modifiedAt
    } finally {
      closeSync(descriptor)
    }
  } catch {
    // The import says what is wrong with it.
    return modifiedAt
  }
}

/** What lies in a folder and is not imported. */
export interface SkippedFile {
  readonly file: string
  /** Why, with its path. */
  readonly problem: string
}

/** What a folder holds. */
export interface FolderContent {
  readonly files: readonly FoundFile[]
  readonly skipped: readonly SkippedFile[]
}

/** Folders below one another at most. */
const deepest = 16

/** What the system calls what is neither a file nor a folder. */
const kindOf = (stats: Stats): string => {
  if (stats.isFIFO()) return "a pipe"
  if (stats.isSocket()) return "a socket"
  return stats.isCharacterDevice() || stats.isBlockDevice() ? "a device" : "no file"
}

const reasonOf = (error: unknown): string => {
  const code = error instanceof Error && "code" in error ? error.code : undefined
  if (code === "ELOOP") return "a link that leads in a circle"
  if (code === "ENOENT") return "a link that leads nowhere"
  return `not to be read (${code ?? String(error)})`
}

/** Walks a folder. Links are followed, each folder once, wherever they lead: a link may lead in a circle. */
class FolderWalk {
  readonly files: FoundFile[] = []
  readonly skipped: SkippedFile[] = []
  private readonly seen = new Set<string>()

  constructor(private readonly source: string) {}

  private skip(file: string, why: string): void {
    this.skipped.push({ file, problem: `${file}: it is ${why}` })
  }

  /** A folder that is not there holds nothing. */
  async top(path: string): Promise<void> {
    try {
      await this.folder(path, 0)
    } catch (error) {
      const isGone = error instanceof Error && "code" in error && error.code === "ENOENT"
      if (!isGone) this.skip(path, reasonOf(error))
    }
  }

  private async folder(path: string, depth: number): Promise<void> {
    const key = identityOf(await stat(path))
    if (this.seen.has(key)) return
    this.seen.add(key)
    if (depth > deepest) return this.skip(path, `more than ${deepest} folders deep`)
    for (const entry of await readdir(path, { withFileTypes: true })) {
      await this.entry(join(path, entry.name), entry, depth)
    }
  }

  private async entry(path: string, entry: Dirent, depth: number): Promise<void> {
    // A file of another name is none of ours, whatever it is.
    if (entry.isFile() && !isSessionFile(this.source, path)) return
    try {
      const stats = await stat(path)
      if (stats.isDirectory()) return await this.folder(path, depth + 1)
      if (!stats.isFile()) return this.skip(path, kindOf(stats))
      if (!isSessionFile(this.source, path)) return
      this.files.push(foundFile(path, stats))
    } catch (error) {
      this.skip(path, reasonOf(error))
    }
  }
}

/** The session files in a folder, in no order, and what is there and cannot be imported. */
export const filesBelow = (folder: string, source: string): Effect.Effect<FolderContent> =>
  Effect.promise(async () => {
    const walk = new FolderWalk(source)
    await walk.top(folder)
    return walk
  })

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
