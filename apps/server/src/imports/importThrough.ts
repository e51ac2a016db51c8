/** Imports files through the server that owns the data directory. */

import { makeClient } from "@threadfold/client"
import type { ImportReport } from "@threadfold/contracts"
import type { Problem } from "@threadfold/contracts/problem"
import { mergeReports, type ReadingOptions, type Recognized } from "@threadfold/imports"
import { codexTraceSource } from "@threadfold/imports/sources"
import { Ids } from "@threadfold/orchestrator"
import { Clock, Effect, Schedule } from "effect"
import type { Server } from "../offline/Place.js"
import { toProblem } from "../problems/toProblem.js"
import { bundleSource } from "./bundles.js"
import { regularFile } from "./fileRecording.js"
import { type FileUpload, uploadFile } from "./uploadFile.js"

/** Imports one recognized file, through the engine of this process or through a server. */
export type ImportOne = (recognized: Recognized, options: ReadingOptions) => Effect.Effect<ImportReport, Problem>

/** How often a running import is asked how far it is. */
const progressEvery = "500 millis"

const importOne = (
  server: Server,
  { reader, recording }: Recognized,
  { leaveOpen = false, onProgress }: ReadingOptions,
  part?: FileUpload["part"],
): Effect.Effect<ImportReport, Problem> =>
  Effect.gen(function* () {
    const ids = yield* Ids
    const importId = ids.next(yield* Clock.currentTimeMillis)
    // A trace is a folder: what is sent is made of its files.
    const made = reader.source === codexTraceSource.source ? { bytes: recording.bytes } : {}
    const kept = part === undefined ? {} : { part }
    const upload = uploadFile(server, {
      file: recording.name,
      source: reader.source,
      leaveOpen,
      importId,
      ...made,
      ...kept,
    })
    if (onProgress === undefined) return yield* upload
    const { imports } = yield* makeClient(server)
    // Only a help for the person who waits: an answer that fails is left out.
    const watching = imports.get({ path: { importId } }).pipe(
      Effect.map(({ events, lines }) => onProgress(recording.name, lines, events)),
      Effect.ignore,
      Effect.schedule(Schedule.spaced(progressEvery)),
    )
    return yield* Effect.raceFirst(upload, Effect.zipRight(watching, Effect.never))
  })

/** The same as {@link importAlone} does, with the same report. Fails with the server's problems, or `unavailable`. */
export const importThrough = (
  server: Server,
  recognized: readonly Recognized[],
  options: ReadingOptions,
): Effect.Effect<ImportReport, Problem> =>
  Effect.map(
    Effect.forEach(recognized, (one) => importOne(server, one, options)),
    mergeReports,
  )

/**
 * Imports a file that grows, again and again: each time only what was added is sent, and all of it where the server does not have the
 * rest any more, or the file was written anew. A trace is made of several files, and is sent whole.
 */
export const importGrowing = (server: Server): ImportOne => {
  let uploadId: string | null = null
  let sent = 0
  return (recognized, options) =>
    Effect.gen(function* () {
      const { name } = recognized.recording
      if (recognized.reader.source === codexTraceSource.source) return yield* importOne(server, recognized, options)
      uploadId ??= (yield* Ids).next(yield* Clock.currentTimeMillis)
      const { size } = yield* Effect.mapError(regularFile(name), toProblem)
      const through = (from: number) =>
        importOne(server, recognized, options, { uploadId: uploadId ?? "", from, until: size })
      // A file that became shorter was written anew.
      const from = sent <= size ? sent : 0
      sent = 0
      const report = yield* Effect.catchIf(
        through(from),
        ({ slug }) => slug === "upload-not-kept",
        () => through(0),
      )
      sent = size
      return report
    })
}

/** Imports a bundle through the server. Fails with the server's problems, or `unavailable`. */
export const importBundleThrough = (
  server: Server,
  file: string,
  copySeed: string | null,
): Effect.Effect<ImportReport, Problem> =>
  Effect.gen(function* () {
    const ids = yield* Ids
    const importId = ids.next(yield* Clock.currentTimeMillis)
    const copy = copySeed === null ? {} : { asCopy: copySeed }
    return yield* uploadFile(server, { file, source: bundleSource, leaveOpen: false, importId, ...copy })
  })
