/** Imports the session files of folders, one after the other. A file that cannot be imported is told and stops no other. */
import type { ImportReport } from "@threadfold/contracts"
import type { Problem } from "@threadfold/contracts/problem"
import { Engine } from "@threadfold/engine"
import { databaseFile } from "@threadfold/event-log"
import {
  type ImportOutcome,
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
import { recordingAt } from "./fileRecording.js"
import type { FoundFile } from "./findFiles.js"
import type { ImportOne } from "./importThrough.js"

/** An engine of this process and what it has written: one connection each, however many files there are. */
export interface OwnLog {
  readonly engine: Engine["Type"]
  readonly projections: Projections["Type"]
}

/** The log of a data directory, for as long as this process owns it. */
export const ownLog = (directory: string): Layer.Layer<Engine | Projections, Problem> => {
  const file = databaseFile(directory)
  const engine = Layer.unwrapEffect(
    // Before the layer of the engine, which makes the directory.
    Effect.as(requirePlatform, Engine.layerInProcess({ file, owner: { version } })),
  )
  return Layer.mapError(Layer.provideMerge(Projections.layer(file), engine), toProblem)
}

/** What an import led to, with the anomalies of its threads as they are now. */
export const reportHere = ({ projections }: OwnLog, outcome: ImportOutcome) =>
  Effect.provideService(reportOf(outcome), Projections, projections)

/** Imports a file with the engine of this process. */
export const importHere =
  (own: OwnLog): ImportOne =>
  (recognized, options) =>
    importRecording(recognized, options).pipe(
      Effect.provideService(Engine, own.engine),
      Effect.flatMap((outcome) => reportHere(own, outcome)),
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

/** What imports a file that grows through the server, again and again; one for each file. */
export const growingBy = (server: Server): Effect.Effect<() => ImportOne> =>
  Effect.map(
    Effect.promise(() => import("./importThrough.js")),
    ({ importGrowing }) =>
      () =>
        importGrowing(server),
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
    Effect.flatMap(readerOf(source), (reader) => recognize(recordingAt(source, file), reader)),
    toProblem,
  )

type Reports = ReturnType<typeof mergeReports<ImportReport["threads"][number]>>

const nothing = { lines: 0, mapped: 0, kept: 0, unreadable: 0, unreadableLines: [] }

/** Keeps one report of all files so far, however many there are. */
export class SumOfReports {
  private sum: Reports = mergeReports<ImportReport["threads"][number]>([])
  /** Not in the sum yet: adding to it goes over all of its threads, so it waits until there are about as many reports. */
  private waiting: ImportReport[] = []
  private readonly followed = new Map<string, ImportReport>()
  private readonly files: { readonly file: string; readonly problem: string }[] = []
  private missing = 0

  add(report: ImportReport): void {
    this.waiting.push(report)
    if (this.waiting.length > this.sum.threads.length) this.addWaiting()
  }

  private addWaiting(): void {
    this.sum = mergeReports([this.sum, ...this.waiting])
    this.waiting = []
  }

  /** What a file led to since it is followed; null: nothing yet. */
  since(file: string): ImportReport | null {
    return this.followed.get(file) ?? null
  }

  /** Replaces what a file led to since it is followed. */
  replace(file: string, report: ImportReport): void {
    this.followed.set(file, report)
  }

  /** A file that was not imported: the first ones are named, all are counted. */
  notImported(file: string, problem: string): void {
    this.missing += 1
    if (this.files.length < namedFiles) this.files.push({ file, problem })
  }

  get report(): ImportReport {
    this.addWaiting()
    // The lines of a followed file were counted when it was imported.
    const added = [...this.followed.values()].map(({ events, threads }) => ({ ...nothing, events, threads }))
    return { ...mergeReports([this.sum, ...added]), unreadableFiles: this.files, notImported: this.missing }
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
      Effect.sync(() => sum.notImported(file, done.left.detail)),
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
