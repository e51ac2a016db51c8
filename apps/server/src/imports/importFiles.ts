/** Imports files into a data directory that no process owns. */
import type { ImportReport } from "@threadfold/contracts"
import type { Problem } from "@threadfold/contracts/problem"
import { Engine } from "@threadfold/engine"
import { databaseFile } from "@threadfold/event-log"
import {
  importRecordings,
  type ReadingOptions,
  type Recognized,
  readerOf,
  recognize,
  reportOf,
} from "@threadfold/imports"
import { Projections } from "@threadfold/projections"
import { Effect } from "effect"
import { requirePlatform } from "../config/platform.js"
import { version } from "../installed.js"
import { toProblem } from "../problems/toProblem.js"
import { importBundleInto } from "./bundles.js"
import { fileRecording, recordingAt, recordingOf, regularFile } from "./fileRecording.js"

/**
 * Looks into every file, so that one that is no recording refuses the whole call before anything is stored. Fails with
 * `not-a-recording` or `recording-not-found`.
 */
export const recognizeFiles = (
  files: readonly string[],
  source: string,
): Effect.Effect<readonly Recognized[], Problem> =>
  readerOf(source).pipe(
    Effect.flatMap((reader) => Effect.forEach(files, (file) => recognize(recordingAt(source, file), reader))),
    Effect.mapError(toProblem),
  )

/** Looks into a file of any kind. Fails with `not-a-recording` or `recording-not-found`. */
export const recognizeAny = (file: string): Effect.Effect<Recognized, Problem> =>
  Effect.mapError(recognize(recordingOf(file)), toProblem)

/**
 * Imports recognized files with an engine of its own, which owns the directory meanwhile. Fails with
 * `data-directory-owned`, `thread-busy`, or what opening and writing a database fail with.
 */
export const importAlone = (
  directory: string,
  recognized: readonly Recognized[],
  options: ReadingOptions,
): Effect.Effect<ImportReport, Problem> => {
  const file = databaseFile(directory)
  return importRecordings(recognized, options).pipe(
    Effect.provide(Engine.layerInProcess({ file, owner: { version } })),
    Effect.flatMap((outcome) => Effect.provide(reportOf(outcome), Projections.layer(file))),
    // Before the layer of the engine, which makes the directory.
    (imported) => Effect.zipRight(requirePlatform, imported),
    Effect.mapError(toProblem),
  )
}

/** Imports a bundle with an engine of its own, like {@link importAlone}. Fails with `bundle-damaged` and the like, too. */
export const importBundleAlone = (
  directory: string,
  bundle: string,
  options: { readonly copySeed: string | null; readonly onProgress: (events: number) => void },
): Effect.Effect<ImportReport, Problem> => {
  const file = databaseFile(directory)
  const imported = Effect.flatMap(Engine, (engine) => importBundleInto(file, engine, fileRecording(bundle), options))
  return Effect.zipRight(regularFile(bundle), imported).pipe(
    Effect.provide(Engine.layerInProcess({ file, owner: { version } })),
    Effect.flatMap((outcome) => Effect.provide(reportOf(outcome), Projections.layer(file))),
    (done) => Effect.zipRight(requirePlatform, done),
    Effect.mapError(toProblem),
  )
}
