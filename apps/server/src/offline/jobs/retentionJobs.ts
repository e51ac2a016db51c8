/** What `retain` does besides exporting: it judges threads, and reads a bundle once more. */
import { createReadStream } from "node:fs"
import { BundleInvalid, RecordingUnreadable, type Redaction, readBundle, type StreamSeal } from "@threadfold/imports"
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
}

const ignore = (): void => undefined

const sealsOf = async (file: string): Promise<BundleSeals> => {
  const streams: StreamSeal[] = []
  let logId = ""
  let redaction: Redaction = "structure"
  await readBundle(file, createReadStream(file), {
    head: (head) => {
      logId = head.logId
      redaction = head.redaction
    },
    stream: ignore,
    event: ignore,
    sealed: (seal) => void streams.push(seal),
    end: ignore,
  })
  return { logId, redaction, streams }
}

/** Reads a bundle from the disk to its end. The `file` of the job is the bundle. */
export const bundleSealsJob = makeJob(Schema.Struct({}), ({ file }) =>
  Effect.tryPromise({
    try: () => sealsOf(file),
    catch: (error) =>
      error instanceof BundleInvalid
        ? error
        : new RecordingUnreadable({ name: file, reason: error instanceof Error ? error.message : String(error) }),
  }),
)
