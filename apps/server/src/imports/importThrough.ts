/** Imports files through the server that owns the data directory. */

import { makeClient } from "@threadfold/client"
import type { ImportReport } from "@threadfold/contracts"
import type { Problem } from "@threadfold/contracts/problem"
import { mergeReports, type ReadingOptions, type Recognized } from "@threadfold/imports"
import { Ids } from "@threadfold/orchestrator"
import { Clock, Effect, Schedule } from "effect"
import type { Server } from "../offline/Place.js"
import { bundleSource } from "./bundles.js"
import { uploadFile } from "./uploadFile.js"

/** How often a running import is asked how far it is. */
const progressEvery = "500 millis"

const importOne = (
  server: Server,
  { reader, recording }: Recognized,
  { leaveOpen = false, onProgress }: ReadingOptions,
): Effect.Effect<ImportReport, Problem> =>
  Effect.gen(function* () {
    const ids = yield* Ids
    const importId = ids.next(yield* Clock.currentTimeMillis)
    const upload = uploadFile(server, { file: recording.name, source: reader.source, leaveOpen, importId })
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
