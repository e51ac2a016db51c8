/** A recorded log as a replay reads it: the events in their order, page by page. */
import { closeSync, openSync, readSync, statSync } from "node:fs"
import { join } from "node:path"
import { Problem } from "@threadfold/contracts/problem"
import type { RestoredEvent } from "@threadfold/engine"
import { databaseFile, sqliteDriver } from "@threadfold/event-log"
import Sqlite from "better-sqlite3"
import { Effect, type Scope } from "effect"
import { lookAtCopy } from "../offline/lookAt.js"
import { privateCopy } from "../offline/privateCopy.js"
import { temporaryDirectory } from "../temporaryDirectory.js"

export interface ReplaySource {
  /** How many events it has. */
  readonly events: number
  /** Events from a place on, at most `limit`. The first event is at 1. */
  readonly read: (place: number, limit: number) => readonly RestoredEvent[]
}

/** The first bytes of every SQLite database. */
const magic = "SQLite format 3\0"

const isDatabase = (file: string): boolean => {
  const bytes = Buffer.alloc(magic.length)
  const descriptor = openSync(file, "r")
  try {
    readSync(descriptor, bytes, 0, bytes.length, 0)
  } finally {
    closeSync(descriptor)
  }
  return bytes.toString("latin1") === magic
}

/** The database that a path names: itself, or that of a data directory; null: the path is a recording. */
const databaseAt = (path: string): Effect.Effect<string | null, Problem> =>
  Effect.try({
    try: () => {
      if (statSync(path).isDirectory()) return databaseFile(path)
      return isDatabase(path) ? path : null
    },
    catch: (error) =>
      new Problem({
        slug: "recording-not-found",
        detail: `${path}: ${error instanceof Error ? error.message : String(error)}.`,
      }),
  })

/** Imports a recording into a log that goes away with the scope. */
const imported = (recording: string): Effect.Effect<string, Problem, Scope.Scope> =>
  Effect.gen(function* () {
    const { importAlone, recognizeFiles } = yield* Effect.promise(() => import("../imports/importFiles.js"))
    const { recordingSources } = yield* Effect.promise(() => import("@threadfold/imports/sources"))
    const [{ source }] = recordingSources
    const recognized = yield* recognizeFiles([recording], source)
    const directory = join(yield* temporaryDirectory, "recording")
    yield* importAlone(directory, recognized, {})
    return databaseFile(directory)
  })

/**
 * Opens a database file, a data directory or a recording. A copy is read: what the path names stays as it is. Fails with
 * `recording-not-found`, `not-a-recording`, or what a database file cannot be opened with.
 */
export const openReplaySource = (path: string): Effect.Effect<ReplaySource, Problem, Scope.Scope> =>
  Effect.gen(function* () {
    const named = yield* databaseAt(path)
    const file = named === null ? yield* imported(path) : yield* lookAtCopy(named, privateCopy(named))
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
    return {
      events,
      read: (place, limit) =>
        driver.read({ after: before(place), limit }).map((row) => ({ row, body: driver.readNative(row.sequence) })),
    }
  })
