/** Bundles into a database: what an import of one needs beside the writer, and its report. */
import type { ImportReport } from "@threadfold/contracts"
import { blobsOfFile, type EngineWriter } from "@threadfold/engine"
import {
  type BundleFailure,
  type BundleOutcome,
  type ExistingStream,
  type ImportOutcome,
  importBundle,
  type Recording,
} from "@threadfold/imports"
import { hashStream, SqlStore } from "@threadfold/projections"
import Sqlite from "better-sqlite3"
import { Effect, Option } from "effect"

/** The source kind of a bundle. */
export const bundleSource = "threadfold"

/** Streams that a report names. */
const named = 1_000

/** What an import of a bundle led to: the part of the report that the threads' anomalies are not in. */
export type BundleImport = ImportOutcome & Pick<ImportReport, "bundle">

const noBlobs = { carried: 0, bytes: 0, leftOut: 0, missing: 0 }

const blobsOf = ({ blobsAdded, seal: { blobs = noBlobs } }: BundleOutcome) => ({
  carried: blobs.carried,
  added: blobsAdded,
  leftOut: blobs.leftOut,
  missing: blobs.missing,
})

const outcomeOf = (outcome: BundleOutcome): BundleImport => {
  const { events, head, proven, seal, streams } = outcome
  return {
    threads: streams.flatMap(({ events, isThread, nativeThreadId, streamId }) =>
      isThread ? [{ threadId: streamId, nativeThreadId, events }] : [],
    ),
    lines: seal.events,
    mapped: seal.events,
    kept: 0,
    unreadable: 0,
    unreadableLines: [],
    events,
    bundle: {
      redaction: head.redaction,
      sha256: seal.sha256,
      hash: seal.hash,
      proven,
      blobs: blobsOf(outcome),
      streams: streams
        .slice(0, named)
        .map(({ from, hash, settled, status, streamId }) => ({ streamId, from, status, hash, settled })),
    },
  }
}

/** Imports a bundle into the database of a file, through its writer. */
export const importBundleInto = (
  file: string,
  writer: EngineWriter,
  recording: Recording,
  options: { readonly copySeed: string | null; readonly onProgress: (events: number) => void },
): Effect.Effect<BundleImport, BundleFailure> =>
  Effect.acquireUseRelease(
    Effect.sync(() => new Sqlite(file, { readonly: true, fileMustExist: true })),
    (handle) => {
      const store = new SqlStore(handle)
      const blobs = blobsOfFile(handle)
      const versionOf = handle
        .prepare<[string], number>("SELECT coalesce(max(stream_version), 0) FROM events WHERE stream_id = ?")
        .pluck()
      const existing = (streamId: string): ExistingStream | null => {
        const version = Option.getOrElse(Option.fromNullable(versionOf.get(streamId)), () => 0)
        if (version === 0) return null
        const isPurged = store.whole("threads", [streamId])?.status === "purged"
        return { version, isPurged, hash: () => hashStream(store.rowsOf(streamId)) }
      }
      const hasBlob = (hash: string): boolean => blobs.find(hash) !== null
      return Effect.map(importBundle(recording, writer, { ...options, existing, hasBlob }), outcomeOf)
    },
    (handle) => Effect.sync(() => handle.close()),
  )
