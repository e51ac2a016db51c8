/** A bundle of a log: streams with their events and native bodies, as lines, redacted as asked for. */
import { createHash } from "node:crypto"
import { FOLD_VERSION } from "@threadfold/core"
import type { RestoredEvent } from "@threadfold/engine"
import { decodeRow, type EventRow, type LogDriver } from "@threadfold/event-log"
import { ScratchRows } from "@threadfold/projections"
import { type MaskedKind, type MaskedSample, Masker } from "../redaction/Masker.js"
import { type DroppedBodies, redactEvents } from "../redaction/redactEvents.js"
import { ExportFailed } from "./bundleFailures.js"
import { type BlobSource, ExportedBlobs } from "./ExportedBlobs.js"
import {
  type BlobCounts,
  type BlobEntry,
  bundleVersion,
  endLine,
  eventLine,
  headLine,
  type Redaction,
  sealLine,
  streamLine,
  versionWithoutBlobs,
} from "./format.js"

/** What is read of a log. All reads must see one state of it. */
export interface ExportSource {
  readonly driver: Pick<LogDriver, "findByEventId" | "logId" | "purgeOf" | "readStream" | "streams" | "streamVersion">
  /** The native body of an event, verbatim, or null. Throws where it cannot be read. */
  readonly body: (sequence: number) => string | null
  readonly blobs: BlobSource
}

export interface ExportOptions {
  readonly redaction: Redaction
  /** Whether the bundle carries the blobs of what it has; absent: where nothing is taken out. An image cannot be masked. */
  readonly withBlobs?: boolean
  /** Ids of the streams; absent: all. */
  readonly streams?: readonly string[]
  /** Called after each page. */
  readonly onProgress?: (streams: number, events: number) => void
}

/** A thread of a bundle. */
export interface ExportedThread {
  readonly threadId: string
  readonly events: number
  readonly hash: string | null
}

/** What a bundle holds. */
export interface ExportOutcome {
  readonly redaction: Redaction
  readonly streams: number
  readonly threads: number
  readonly events: number
  /** Native bodies in it. */
  readonly bodies: number
  /** Threads that were purged: they have no content that could be in it. */
  readonly purged: number
  /** Native bodies that the redaction left out. */
  readonly bodiesDropped: number
  readonly blobs: BlobCounts
  /** Bytes of the blobs that were left out. */
  readonly blobBytesLeftOut: number
  /** The first of them. */
  readonly blobsLeftOut: readonly BlobEntry[]
  /** Hash over the rows of all streams; null: one of them has none. */
  readonly hash: string | null
  readonly sha256: string
  /** Bytes of its lines. */
  readonly bytes: number
  readonly masked: readonly MaskedKind[]
  readonly samples: readonly MaskedSample[]
  /** The first of the threads. */
  readonly named: readonly ExportedThread[]
}

/** Events of a stream that are read and folded at a time. */
const page = 500
/** Threads that an outcome names. */
const named = 1_000

function* everyStream({ driver }: ExportSource): Iterable<string> {
  let after: string | null = null
  for (;;) {
    const ids: readonly string[] = driver.streams(after, page)
    yield* ids
    after = ids.at(-1) ?? null
    if (ids.length < page) return
  }
}

function* eventsOf(
  { body, driver }: ExportSource,
  streamId: string,
  onPage: (events: number) => void,
): Iterable<RestoredEvent> {
  let version = 0
  for (;;) {
    const rows: readonly EventRow[] = driver.readStream(streamId, version, page)
    for (const { sequence, ...row } of rows) yield { row, body: body(sequence) }
    onPage(rows.length)
    version = rows.at(-1)?.streamVersion ?? version
    if (rows.length < page) return
  }
}

/**
 * The lines of a bundle, without their newlines; returns what they hold. Memory holds a page of events. The hashes are of what is in the
 * bundle: it is folded as it is written.
 */
export function* bundleLines(source: ExportSource, options: ExportOptions): Generator<string, ExportOutcome> {
  const { redaction, streams: wanted, withBlobs = redaction === "none" } = options
  const hasBlobs = (wanted ?? [null]).some((streamId) => source.blobs.isReferred(streamId))
  const blobs = new ExportedBlobs(source.blobs, withBlobs)
  const whole = createHash("sha256")
  const masker = new Masker()
  const dropped: DroppedBodies = { bodies: 0 }
  const scratch = new ScratchRows()
  const list: ExportedThread[] = []
  const counts = { streams: 0, purged: 0, events: 0, bodies: 0, bytes: 0 }
  const line = (text: string): string => {
    whole.update(text).update("\n")
    counts.bytes += Buffer.byteLength(text) + 1
    return text
  }
  try {
    yield line(
      headLine({
        bundle: "threadfold",
        version: hasBlobs ? bundleVersion : versionWithoutBlobs,
        redaction,
        foldVersion: FOLD_VERSION,
        logId: source.driver.logId,
      }),
    )
    const chosen = wanted === undefined ? everyStream(source) : [...new Set(wanted)].sort()
    for (const streamId of chosen) {
      if (source.driver.streamVersion(streamId) === 0) {
        throw new ExportFailed({ kind: "thread-missing", message: `There is no thread ${streamId}.` })
      }
      const purge = source.driver.purgeOf(streamId)
      if (purge !== null) {
        if (wanted !== undefined) {
          throw new ExportFailed({
            kind: "thread-purged",
            message: `Thread ${streamId} was purged: nothing is left of it.`,
          })
        }
        // A connection whose threads were all purged is none of them.
        if (source.driver.findByEventId(purge.eventId)?.type !== "connection.purged") counts.purged += 1
        continue
      }
      yield line(streamLine(streamId))
      const own = createHash("sha256")
      let events = 0
      let pending: EventRow[] = []
      const fold = (): void => {
        scratch.add(pending.map(decodeRow))
        pending = []
      }
      scratch.begin(streamId)
      const told = (count: number): void => {
        counts.events += count
        options.onProgress?.(counts.streams, counts.events)
      }
      const read = blobs.seen(eventsOf(source, streamId, told))
      for (const event of redactEvents(read, redaction, masker, dropped)) {
        const text = eventLine(event)
        own.update(text).update("\n")
        if (event.body !== null) counts.bodies += 1
        if (hasBlobs) blobs.written(event.row)
        events += 1
        pending.push({ ...event.row, sequence: events })
        if (pending.length >= page) fold()
        yield line(text)
      }
      fold()
      for (const text of blobs.lines()) yield line(text)
      const { hash, state } = scratch.end()
      counts.streams += 1
      if (state.thread !== null && list.length < named) list.push({ threadId: streamId, events, hash })
      yield line(sealLine({ stream: streamId, events, sha256: own.digest("hex"), hash }))
    }
    const { hash, threads } = scratch.finish()
    const { bodies, bytes, events, purged, streams } = counts
    const sha256 = whole.digest("hex")
    const ofBlobs = hasBlobs ? { blobs: blobs.counts } : {}
    const last = endLine({ streams, threads, events, bodies, ...ofBlobs, hash, sha256 })
    yield last
    return {
      redaction,
      streams,
      threads,
      events,
      bodies,
      purged,
      hash,
      sha256,
      bodiesDropped: dropped.bodies,
      blobs: blobs.counts,
      blobBytesLeftOut: blobs.leftOutBytes,
      blobsLeftOut: blobs.leftOut,
      bytes: bytes + Buffer.byteLength(last) + 1,
      masked: masker.report(),
      samples: masker.samples,
      named: list,
    }
  } finally {
    scratch.close()
  }
}
