/** A recorded log as a replay reads it: the events in their order, page by page. */
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs"
import { join } from "node:path"
import { Problem } from "@threadfold/contracts/problem"
import { type BlobDraft, blobsOfFile, type RestoredEvent } from "@threadfold/engine"
import { databaseFile, sqliteDriver } from "@threadfold/event-log"
import { traceLogName } from "@threadfold/imports/sources"
import Sqlite from "better-sqlite3"
import { Effect, type Scope } from "effect"
import { lookAtCopy } from "../offline/lookAt.js"
import { privateCopy } from "../offline/privateCopy.js"
import { temporaryDirectory } from "../temporaryDirectory.js"

export interface ReplaySource {
  /** How many events it has. */
  readonly events: number
  /** A blob of its messages; null: it has none of this hash. */
  readonly blob: (hash: string) => BlobDraft | null
  /** Events from a place on, at most `limit`. The first event is at 1. */
  readonly read: (place: number, limit: number) => readonly RestoredEvent[]
}

/** What a path names. */
interface Named {
  readonly kind: "database" | "bundle" | "recording"
  readonly file: string
}

/** How the files that are no recordings begin: every SQLite database, a packed bundle, an unpacked one. */
const beginnings: readonly (readonly [string, Named["kind"]])[] = [
  ["SQLite format 3\0", "database"],
  ["\u001f\u008b", "bundle"],
  ['{"bundle":', "bundle"],
]

const kindOf = (file: string): Named["kind"] => {
  const bytes = Buffer.alloc(16)
  const descriptor = openSync(file, "r")
  try {
    readSync(descriptor, bytes, 0, bytes.length, 0)
  } finally {
    closeSync(descriptor)
  }
  const head = bytes.toString("latin1")
  return beginnings.find(([text]) => head.startsWith(text))?.[1] ?? "recording"
}

/** A trace of Codex is a folder, too. */
const ofFolder = (folder: string): Named =>
  existsSync(join(folder, traceLogName)) && !existsSync(databaseFile(folder))
    ? { kind: "recording", file: folder }
    : { kind: "database", file: databaseFile(folder) }

const notFound = (path: string, why: string) => new Problem({ slug: "recording-not-found", detail: `${path}: ${why}.` })

/** What is at a path. No pipe or device is opened: that would wait for a program that writes to it. */
const namedBy = (path: string): Effect.Effect<Named, Problem> =>
  Effect.try({
    try: () => {
      const stats = statSync(path)
      if (stats.isDirectory()) return ofFolder(path)
      return stats.isFile() ? { kind: kindOf(path), file: path } : null
    },
    catch: (error) => notFound(path, error instanceof Error ? error.message : String(error)),
  }).pipe(
    Effect.filterOrFail(
      (named) => named !== null,
      () => notFound(path, "it is no regular file"),
    ),
  )

/** Imports a recording or a bundle into a log that goes away with the scope. */
const imported = ({ file, kind }: Named): Effect.Effect<string, Problem, Scope.Scope> =>
  Effect.gen(function* () {
    const { importAlone, importBundleAlone, recognizeAny } = yield* Effect.promise(
      () => import("../imports/importFiles.js"),
    )
    const directory = join(yield* temporaryDirectory, "recording")
    yield* kind === "bundle"
      ? importBundleAlone(directory, file, { copySeed: null, onProgress: () => undefined })
      : Effect.flatMap(recognizeAny(file), (recognized) => importAlone(directory, [recognized], {}))
    return databaseFile(directory)
  })

/**
 * Opens a database file, a data directory, a bundle or a recording. A copy is read: what the path names stays as it is. Fails with
 * `recording-not-found`, `not-a-recording`, `bundle-damaged` and the like, or what a database file cannot be opened with.
 */
export const openReplaySource = (path: string): Effect.Effect<ReplaySource, Problem, Scope.Scope> =>
  Effect.gen(function* () {
    const named = yield* namedBy(path)
    const file = yield* named.kind === "database" ? lookAtCopy(named.file, privateCopy(named.file)) : imported(named)
    const handle = yield* Effect.acquireRelease(
      Effect.sync(() => new Sqlite(file, { readonly: true, fileMustExist: true })),
      (opened) => Effect.sync(() => opened.close()),
    )
    const driver = sqliteDriver(handle)
    // A log whose beginning was purged does not begin at 1; its events are counted from 1 all the same.
    const first = driver.read({ limit: 1 })[0]?.sequence ?? 1
    const events = handle.prepare<[], number>("SELECT count(*) FROM events").pluck().get() ?? 0
    const gapless = events === 0 || driver.head() - first + 1 === events
    const sequenceAt = handle
      .prepare<[number], number>("SELECT sequence FROM events ORDER BY sequence LIMIT 1 OFFSET ?")
      .pluck()
    const before = (place: number): number =>
      gapless ? first + place - 2 : (sequenceAt.get(place - 1) ?? Number.MAX_SAFE_INTEGER) - 1
    const blobs = blobsOfFile(handle)
    return {
      events,
      blob: blobs.read,
      read: (place, limit) =>
        driver.read({ after: before(place), limit }).map((row) => ({ row, body: driver.readNative(row.sequence) })),
    }
  })
