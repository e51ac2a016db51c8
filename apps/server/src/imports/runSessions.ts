/** What `threadfold import` does with folders of session files: imports what is there, and follows it where that is asked for. */
import { stat } from "node:fs/promises"
import type * as FileSystem from "@effect/platform/FileSystem"
import type { ImportReport } from "@threadfold/contracts"
import { Problem } from "@threadfold/contracts/problem"
import { Engine } from "@threadfold/engine"
import type { ReadingOptions } from "@threadfold/imports"
import { Projections } from "@threadfold/projections"
import { Effect } from "effect"
import { note, progressEnd } from "../cli/output.js"
import { untilSignal } from "../cli/signals.js"
import { counted } from "../cli/text/words.js"
import type { Server } from "../offline/Place.js"
import { type FoundFile, filesBelow, inOrder, isFolder, type SkippedFile } from "./findFiles.js"
import { type Followed, followSessions } from "./followSessions.js"
import { growingBy, importBy, importHere, importSessions, ownLog, SumOfReports } from "./importSessions.js"

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
    ({ mtimeMs, size }) => ({ file, bytes: size, modifiedAt: Math.floor(mtimeMs) }),
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
        { ...found, importOne: yield* importBy(server), own: yield* growingBy(server) },
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
