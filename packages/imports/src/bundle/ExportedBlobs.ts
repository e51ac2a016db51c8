/** The blobs of the events of a bundle: each once, behind the events of the first stream that refers to it. */
import type { RestoredEvent } from "@threadfold/engine"
import { ExportFailed } from "./bundleFailures.js"
import {
  type AbsentBlob,
  absentLine,
  type BlobCounts,
  type BlobEntry,
  blobLine,
  blobPieceBytes,
  blobsOfEventRow,
  maxBlobBytes,
  pieceLine,
} from "./format.js"

/** The blobs of the log that is exported. */
export interface BlobSource {
  /** Whether events of a stream refer to blobs; null: of any stream. */
  readonly isReferred: (streamId: string | null) => boolean
  /** A blob without its bytes; null: there is none of this hash. */
  readonly find: (hash: string) => BlobEntry | null
  readonly read: (hash: string) => { readonly bytes: Uint8Array } | null
}

/** Blobs that an outcome names. */
const named = 1_000

/** What of them is written of one bundle. */
export class ExportedBlobs {
  private readonly told = new Set<string>()
  /** Blobs that only the events of the log name, not those of the bundle: nothing of the bundle says which they are. */
  private readonly hidden = new Set<string>()
  private ofLog = new Set<string>()
  private ofBundle = new Set<string>()
  private readonly tally = { carried: 0, bytes: 0, leftOut: 0, leftOutBytes: 0, missing: 0 }
  /** The first of those that were left out. */
  readonly leftOut: BlobEntry[] = []

  constructor(
    private readonly source: BlobSource,
    private readonly carries: boolean,
  ) {}

  /** Takes notice of an event as the log has it. */
  *seen(events: Iterable<RestoredEvent>): Iterable<RestoredEvent> {
    for (const event of events) {
      for (const hash of blobsOfEventRow(event.row)) this.ofLog.add(hash)
      yield event
    }
  }

  /** Takes notice of an event as the bundle has it. */
  written(row: RestoredEvent["row"]): void {
    for (const hash of blobsOfEventRow(row)) this.ofBundle.add(hash)
  }

  /** The lines that end the events of a stream. */
  *lines(): Iterable<string> {
    for (const hash of this.ofBundle) {
      if (this.told.has(hash)) continue
      this.told.add(hash)
      yield* this.linesOf(hash)
    }
    for (const hash of this.ofLog) {
      if (this.told.has(hash) || this.hidden.has(hash)) continue
      this.hidden.add(hash)
      const entry = this.source.find(hash)
      if (entry === null) this.tally.missing += 1
      else this.leave(entry)
    }
    this.ofLog = new Set()
    this.ofBundle = new Set()
  }

  get counts(): BlobCounts {
    const { leftOutBytes: _bytes, ...counts } = this.tally
    return counts
  }

  get leftOutBytes(): number {
    return this.tally.leftOutBytes
  }

  private *linesOf(hash: string): Iterable<string> {
    const entry = this.source.find(hash)
    if (entry === null) {
      this.tally.missing += 1
      return yield absentLine({ hash, why: "missing" })
    }
    const why: AbsentBlob["why"] | null = !this.carries ? "left-out" : entry.size > maxBlobBytes ? "too-long" : null
    if (why !== null) {
      this.leave(entry)
      return yield absentLine({ ...entry, why })
    }
    const bytes = this.source.read(hash)?.bytes
    if (bytes === undefined) throw new ExportFailed({ kind: "damaged", message: `Blob ${hash} cannot be read.` })
    this.tally.carried += 1
    this.tally.bytes += bytes.length
    yield blobLine(entry)
    for (let from = 0; from < bytes.length; from += blobPieceBytes) {
      yield pieceLine(bytes.subarray(from, from + blobPieceBytes))
    }
  }

  private leave({ hash, mediaType, size }: BlobEntry): void {
    this.tally.leftOut += 1
    this.tally.leftOutBytes += size
    if (this.leftOut.length < named) this.leftOut.push({ hash, mediaType, size })
  }
}
