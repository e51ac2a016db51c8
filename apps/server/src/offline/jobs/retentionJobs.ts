/** What `retain` does besides exporting: it judges threads, and reads a bundle once more. */
import { createReadStream } from "node:fs"
import { blobsOfFile } from "@threadfold/engine"
import { BundleInvalid, RecordingUnreadable, type Redaction, readBundle, type StreamSeal } from "@threadfold/imports"
import Sqlite from "better-sqlite3"
import { Effect, Schema } from "effect"
import { judgeThreads } from "../../retention/retentionFacts.js"
import { makeJob, readingJob } from "./Job.js"

const page = Schema.Struct({
  /** Our wall clock, ms since the epoch. */
  now: Schema.Number,
  olderMs: Schema.Number,
  after: Schema.NullOr(Schema.String),
  limit: Schema.Number,
})

/** A page of threads with what is to become of them, as of one moment. */
export const retentionJob = readingJob(page, (handle, { options: { after, limit, ...policy } }) =>
  handle.transaction(() => judgeThreads(handle, policy, { after, limit })).deferred(),
)

/** What a bundle says that it holds, once all of its bytes were compared with it. */
export interface BundleSeals {
  readonly logId: string
  readonly redaction: Redaction
  readonly streams: readonly StreamSeal[]
  /** Streams to which a blob belongs that the database has and the bundle has not. */
  readonly lacking: readonly string[]
}

const ignore = (): void => undefined

const sealsOf = async (file: string, hasBlob: (hash: string) => boolean): Promise<BundleSeals> => {
  const streams: StreamSeal[] = []
  const lacking: string[] = []
  let logId = ""
  let redaction: Redaction = "structure"
  await readBundle(file, createReadStream(file), {
    head: (head) => {
      logId = head.logId
      redaction = head.redaction
    },
    stream: ignore,
    event: ignore,
    blob: ignore,
    piece: ignore,
    full: ignore,
    sealed: (seal, lacked) => {
      streams.push(seal)
      if (lacked.some(hasBlob)) lacking.push(seal.stream)
    },
    end: ignore,
  })
  return { logId, redaction, streams, lacking }
}

const sealsOptions = Schema.Struct({
  /** The database that the bundle is an archive of. */
  database: Schema.String,
})

/** Reads a bundle from the disk to its end. The `file` of the job is the bundle. */
export const bundleSealsJob = makeJob(sealsOptions, ({ file, options: { database } }) =>
  Effect.tryPromise({
    try: async () => {
      const handle = new Sqlite(database, { readonly: true, fileMustExist: true })
      try {
        const blobs = blobsOfFile(handle)
        return await sealsOf(file, (hash) => blobs.find(hash) !== null)
      } finally {
        handle.close()
      }
    },
    catch: (error) =>
      error instanceof BundleInvalid
        ? error
        : new RecordingUnreadable({ name: file, reason: error instanceof Error ? error.message : String(error) }),
  }),
)
