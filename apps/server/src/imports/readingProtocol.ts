/** What the thread of a reading is started with, and the messages between it and the main thread. */
import type { MessagePort } from "node:worker_threads"
import type { Problem } from "@threadfold/contracts/problem"
import type { EngineWriter } from "@threadfold/engine"
import { type ImportOutcome, importThrough, readerOf, recognize } from "@threadfold/imports"
import { Effect } from "effect"
import { toProblem } from "../problems/toProblem.js"
import { bundleSource, importBundleInto } from "./bundles.js"
import type { OpenedRecording } from "./fileRecording.js"

/** How a recording is read. */
export interface ReadingRequest {
  /** Kind of the recording; null: found out. */
  readonly source: string | null
  /** Whether sessions stay open whose process the recording has not seen exit. */
  readonly leaveOpen: boolean
  /** Of a bundle: the text that the ids of copies follow from; null: the threads keep their ids. */
  readonly asCopy: string | null
  /** Path of the database. */
  readonly database: string
}

/** What the thread is started with. */
export interface ReadingThreadData extends ReadingRequest {
  readonly name: string
  /** Descriptor of the open file. */
  readonly descriptor: number
  /** To the writer thread. */
  readonly port: MessagePort
}

/** The main thread lets it go on: no other reading of the same recording runs. */
export type ToReading = "import"

/** What the thread sends. */
export type FromReading =
  | { readonly kind: "recognized"; readonly source: string; readonly key: string }
  | { readonly kind: "progress"; readonly lines: number; readonly events: number }
  | { readonly kind: "done"; readonly outcome: ImportOutcome }
  | { readonly kind: "failed"; readonly slug: Problem["slug"]; readonly detail: string }

/** A recording that was recognized. */
export interface OpenReading {
  readonly source: string
  /** Which recording it is, whatever it is called. */
  readonly key: string
  /** Imports it; once. */
  readonly run: Effect.Effect<ImportOutcome, Problem>
}

/** Recognizes a recording in the thread that calls it, where it is imported, too. */
export const openReadingHere = (
  writer: EngineWriter,
  recording: OpenedRecording,
  { asCopy, database, leaveOpen, source }: ReadingRequest,
  onProgress: (lines: number, events: number) => void,
): Effect.Effect<OpenReading, Problem> =>
  Effect.gen(function* () {
    if (source === bundleSource) {
      const told = (events: number) => onProgress(events, events)
      const run = importBundleInto(database, writer, recording, { copySeed: asCopy, onProgress: told })
      // One bundle after the other: two of them may hold the same threads.
      return { source, key: bundleSource, run: Effect.mapError(run, toProblem) }
    }
    const reader = source === null ? undefined : yield* readerOf(source)
    const recognized = yield* recognize(recording, reader)
    const options = {
      leaveOpen,
      onProgress: (_name: string, lines: number, events: number) => onProgress(lines, events),
    }
    return {
      source: recognized.reader.source,
      key: recognized.key,
      run: Effect.mapError(importThrough(writer, recognized, options), toProblem),
    }
  }).pipe(Effect.mapError(toProblem))
