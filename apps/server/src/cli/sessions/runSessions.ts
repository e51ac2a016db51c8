/** What `threadfold import` does with folders of session files: imports what is there, and follows it where that is asked for. */
import { stat } from "node:fs/promises"
import type * as FileSystem from "@effect/platform/FileSystem"
import type { ImportReport } from "@threadfold/contracts"
import { Problem } from "@threadfold/contracts/problem"
import { Engine } from "@threadfold/engine"
import { mergeReports, type ReadingOptions } from "@threadfold/imports"
import { Projections } from "@threadfold/projections"
import { Effect, Option, Schedule } from "effect"
import { type FoundFile, filesBelow, foundFile, inOrder, isFolder, type SkippedFile } from "../../imports/findFiles.js"
import {
  growingBy,
  importBy,
  importHere,
  importSessions,
  namedFiles,
  ownLog,
  SumOfReports,
} from "../../imports/importSessions.js"
import type { ImportOne } from "../../imports/importThrough.js"
import { placeOf, type Server } from "../../offline/Place.js"
import { note, progressEnd } from "../output.js"
import { untilSignal } from "../signals.js"
import { counted } from "../text/words.js"
import { type Followed, followSessions } from "./followSessions.js"

/** What is to be imported. */
export interface Sessions {
  readonly directory: string
  /** The server that owns the data directory; null: this process does meanwhile. */
  readonly server: Server | null
  readonly source: string
  /** Files and folders. */
  readonly paths: readonly string[]
  readonly follow: boolean
}

/** Whether one of the paths is a folder. */
export const namesFolder = (paths: readonly string[]): Effect.Effect<boolean> =>
  Effect.map(Effect.forEach(paths, isFolder), (are) => are.includes(true))

const named = (file: string): Effect.Effect<FoundFile, Problem> =>
  Effect.map(
    Effect.tryPromise({
      try: () => stat(file),
      catch: () => new Problem({ slug: "recording-not-found", detail: `${file}: no such file or folder.` }),
    }),
    (stats) => foundFile(file, stats),
  )

/** The files that paths name, in the order in which they began, and the folders among the paths. */
const filesOf = ({ paths, source }: Sessions) =>
  Effect.gen(function* () {
    const folders: string[] = []
    const files: FoundFile[] = []
    const skipped: SkippedFile[] = []
    for (const path of paths) {
      if (yield* isFolder(path)) {
        folders.push(path)
        const content = yield* filesBelow(path, source)
        // One by one: a spread of very many would be more arguments than a call may have.
        for (const file of content.files) files.push(file)
        for (const file of content.skipped) skipped.push(file)
      } else files.push(yield* named(path))
    }
    return { folders, files: inOrder(files), skipped }
  })

/** Where a line for people goes while files are followed: nothing else would show that it works. */
const tell = (text: string): Effect.Effect<void> => Effect.zipRight(Effect.sync(progressEnd), note(text))

/** How often, and for how long, a server that has gone away is looked for. */
const lookFor = Schedule.upTo(Schedule.spaced("1 second"), "10 minutes")

/** Whether the server was not reached, or is about to end. */
const isAway = ({ slug }: Problem): boolean => slug === "unavailable"

/**
 * What imports files that grow through the server of a directory. While there is none, as while it is started again, it waits for the next
 * one, and says so.
 */
const growingWhile = (directory: string, first: Server): Effect.Effect<() => ImportOne> =>
  Effect.map(growingBy(first), (growing) => {
    let served = { server: first, growing }
    const lookAgain = Effect.gen(function* () {
      const place = yield* Effect.option(placeOf({ db: Option.none(), directory }))
      const server = Option.isSome(place) && place.value.kind === "owned" ? place.value.server : null
      if (server === null || server.url === served.server.url) return
      served = { server, growing: yield* growingBy(server) }
    })
    return () => {
      let through = { of: served, importOne: served.growing() }
      return (recognized, options) => {
        let isWaiting = false
        const once = Effect.suspend(() => {
          if (through.of !== served) through = { of: served, importOne: served.growing() }
          return through.importOne(recognized, options)
        })
        const says = (problem: Problem) =>
          Effect.suspend(() => {
            if (isWaiting || !isAway(problem)) return Effect.void
            isWaiting = true
            return tell(`The server does not answer. Waiting for it, for up to 10 minutes: ${problem.detail}`)
          })
        return Effect.suspend(() => (isWaiting ? Effect.zipRight(lookAgain, once) : once)).pipe(
          Effect.tapError(says),
          Effect.retry({ while: isAway, schedule: lookFor }),
          Effect.tap(() => (isWaiting ? tell("The server answers again.") : Effect.void)),
        )
      }
    }
  })

/** What is followed, in words. */
const watched = ({ files, folders }: Pick<Followed, "files" | "folders">): string =>
  [
    ...(files.length > 0 || folders.length === 0 ? [counted(files.length, "file")] : []),
    ...(folders.length > 0 ? [counted(folders.length, "folder")] : []),
  ].join(" and ")

const run = (
  followed: Omit<Followed, "tell"> & { readonly skipped: readonly SkippedFile[] },
  follow: boolean,
  options: ReadingOptions,
): Effect.Effect<ImportReport, Problem, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const sum = new SumOfReports()
    for (const { file, problem } of followed.skipped) sum.notImported(file, problem)
    if (!follow) {
      yield* importSessions(followed.files, followed.source, followed.importOne, options, sum)
      return sum.report
    }
    const { end, run } = yield* followSessions({ ...followed, tell }, sum, options)
    yield* tell(`Following ${watched(followed)}. Ctrl+C ends it.`)
    yield* Effect.raceFirst(run, untilSignal)
    yield* end
    return sum.report
  })

/** Reports of several such imports as one; null: there is none. */
export const mergeSessions = (reports: readonly ImportReport[]): ImportReport | null => {
  if (reports.length === 0) return null
  return {
    ...mergeReports<ImportReport["threads"][number]>(reports),
    unreadableFiles: reports.flatMap(({ unreadableFiles = [] }) => unreadableFiles).slice(0, namedFiles),
    notImported: reports.reduce((sum, { notImported = 0 }) => sum + notImported, 0),
  }
}

/** Imports the files. A file that cannot be imported is in the report and stops no other. Follows until a signal where asked to. */
export const runSessions = (
  sessions: Sessions,
  options: ReadingOptions,
): Effect.Effect<ImportReport, Problem, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const { directory, follow, server, source } = sessions
    const found = { source, ...(yield* filesOf(sessions)) }
    if (server !== null) {
      return yield* run(
        { ...found, importOne: yield* importBy(server), own: yield* growingWhile(directory, server) },
        follow,
        options,
      )
    }
    const imported = Effect.gen(function* () {
      const own = { engine: yield* Engine, projections: yield* Projections }
      return yield* run({ ...found, importOne: importHere(own), own }, follow, options)
    })
    return yield* Effect.provide(imported, ownLog(directory))
  })
