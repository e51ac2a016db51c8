/** Imports the session files of folders, one after the other. A file that cannot be imported is told and stops no other. */
import type { ImportReport } from "@threadfold/contracts"
import type { Problem } from "@threadfold/contracts/problem"
import { Engine } from "@threadfold/engine"
import { databaseFile } from "@threadfold/event-log"
import {
  importRecording,
  mergeReports,
  type ReadingOptions,
  type Recognized,
  readerOf,
  recognize,
  reportOf,
} from "@threadfold/imports"
import { Projections } from "@threadfold/projections"
import { Effect, Either, Layer } from "effect"
import { requirePlatform } from "../config/platform.js"
import { version } from "../installed.js"
import type { Server } from "../offline/Place.js"
import { toProblem } from "../problems/toProblem.js"
import { fileRecording } from "./fileRecording.js"
import type { FoundFile } from "./findFiles.js"

/** Imports one recognized file, through the engine of this process or through a server. */
export type ImportOne = (recognized: Recognized, options: ReadingOptions) => Effect.Effect<ImportReport, Problem>

/** An engine of this process and what it has written, for as long as the directory is owned. */
export const ownEngine = (directory: string): Layer.Layer<Engine, Problem> => {
  const file = databaseFile(directory)
  return Layer.unwrapEffect(
    // Before the layer of the engine, which makes the directory.
    Effect.as(requirePlatform, Engine.layerInProcess({ file, owner: { version } })),
  ).pipe(Layer.mapError(toProblem))
}

/** Imports a file with the engine of this process. @param directory the data directory */
export const importHere =
  (engine: Engine["Type"], directory: string): ImportOne =>
  (recognized, options) =>
    importRecording(recognized, options).pipe(
      Effect.provideService(Engine, engine),
      Effect.flatMap(reportOf),
      Effect.provide(Projections.layer(databaseFile(directory))),
      Effect.mapError(toProblem),
    )

/** Imports a file through the server that owns the data directory. */
export const importBy = (server: Server): Effect.Effect<ImportOne> =>
  Effect.map(
    Effect.promise(() => import("./importThrough.js")),
    ({ importThrough }): ImportOne =>
      (recognized, options) =>
        importThrough(server, [recognized], options),
  )

/** Problems of one file: the others are imported all the same. */
const ofOneFile: ReadonlySet<Problem["slug"]> = new Set([
  "not-a-recording",
  "recording-not-found",
  "recording-changed",
  "thread-busy",
])

/** How many files that were not imported a report names. */
export const namedFiles = 100

/** Looks into a file. */
export const recognizeFile = (file: string, source: string): Effect.Effect<Recognized, Problem> =>
  Effect.mapError(
    Effect.flatMap(readerOf(source), (reader) => recognize(fileRecording(file), reader)),
    toProblem,
  )

type Reports = ReturnType<typeof mergeReports<ImportReport["threads"][number]>>

const nothing = { lines: 0, mapped: 0, kept: 0, unreadable: 0, unreadableLines: [] }

/** Keeps one report of all files so far, however many there are. */
export class SumOfReports {
  private sum: Reports = mergeReports<ImportReport["threads"][number]>([])
  private readonly followed = new Map<string, ImportReport>()
  private readonly files: { readonly file: string; readonly problem: string }[] = []

  add(report: ImportReport): void {
    this.sum = mergeReports([this.sum, report])
  }

  /** What a file led to since it is followed. */
  replace(file: string, report: ImportReport): void {
    this.followed.set(file, report)
  }

  notImported(file: string, problem: Problem): void {
    if (this.files.length < namedFiles) this.files.push({ file, problem: problem.detail })
  }

  get report(): ImportReport {
    // The lines of a followed file were counted when it was imported.
    const added = [...this.followed.values()].map(({ events, threads }) => ({ ...nothing, events, threads }))
    return { ...mergeReports([this.sum, ...added]), unreadableFiles: this.files }
  }
}

/** Runs the import of one file. What is wrong with that file alone goes into the sum; anything else fails. */
export const tolerant = <A, R>(
  sum: SumOfReports,
  file: string,
  one: Effect.Effect<A, Problem, R>,
): Effect.Effect<A | null, Problem, R> =>
  Effect.flatMap(Effect.either(one), (done) => {
    if (Either.isRight(done)) return Effect.succeed(done.right)
    if (!ofOneFile.has(done.left.slug)) return Effect.fail(done.left)
    return Effect.as(
      Effect.sync(() => sum.notImported(file, done.left)),
      null,
    )
  })

/** Imports files in their order. Memory holds one file's line and the sum of the reports. */
export const importSessions = (
  files: readonly FoundFile[],
  source: string,
  importOne: ImportOne,
  options: ReadingOptions,
  sum = new SumOfReports(),
): Effect.Effect<SumOfReports, Problem> =>
  Effect.as(
    Effect.forEach(
      files,
      ({ file }) =>
        Effect.map(
          tolerant(
            sum,
            file,
            Effect.flatMap(recognizeFile(file, source), (recognized) => importOne(recognized, options)),
          ),
          (report) => {
            if (report !== null) sum.add(report)
          },
        ),
      { discard: true },
    ),
    sum,
  )
