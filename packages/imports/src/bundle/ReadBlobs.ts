/** The blobs of a bundle as it is read: what may stand where, and that the bytes are those of their hash. */
import { createHash, type Hash } from "node:crypto"
import type { RestoredEvent } from "@threadfold/engine"
import { type AbsentBlob, type BlobCounts, type BlobEntry, blobsOfEventRow, maxBlobBytes } from "./format.js"

/** A blob whose bytes are being read. */
interface Begun {
  readonly entry: BlobEntry
  readonly digest: Hash
  length: number
}

/** What it says of a line that is wrong, in words that go on a sentence; null: nothing is. */
type Fault = string | null

/** Follows the blobs of one bundle. Of a blob it holds no bytes. */
export class ReadBlobs {
  private readonly told = new Set<string>()
  private readonly absent = new Set<string>()
  private referred = new Set<string>()
  private begun: Begun | null = null
  private hasBlobs = false
  private readonly counts = { carried: 0, bytes: 0, leftOut: 0, missing: 0 }

  /** `knowsBlobs`: the version of the format has them. */
  constructor(private readonly knowsBlobs: boolean) {}

  /** A stream begins. */
  begin(): void {
    this.referred = new Set()
    this.hasBlobs = false
  }

  event({ row }: RestoredEvent): Fault {
    if (this.hasBlobs) return "an event follows the blobs of its stream"
    for (const hash of blobsOfEventRow(row)) this.referred.add(hash)
    return null
  }

  blob(entry: BlobEntry): Fault {
    const fault = this.place(entry.hash)
    if (fault !== null) return fault
    if (entry.size > maxBlobBytes) return `blob ${entry.hash} is longer than ${maxBlobBytes} bytes`
    this.begun = { entry, digest: createHash("sha256"), length: 0 }
    return null
  }

  piece(bytes: Uint8Array): Fault {
    if (this.begun === null) return "bytes are of no blob"
    const { digest, entry } = this.begun
    this.begun.length += bytes.length
    if (this.begun.length > entry.size) return `blob ${entry.hash} has more bytes than it says`
    digest.update(bytes)
    return null
  }

  /** Whether the blob that was begun has all of its bytes: it is over then, and they are compared with its hash. */
  get isFull(): boolean {
    return this.begun !== null && this.begun.length === this.begun.entry.size
  }

  full(): Fault {
    if (this.begun === null) return "bytes are of no blob"
    const { digest, entry } = this.begun
    this.begun = null
    this.counts.carried += 1
    this.counts.bytes += entry.size
    return digest.digest("hex") === entry.hash
      ? null
      : `the bytes of blob ${entry.hash} are others than those of its hash`
  }

  left({ hash, why }: AbsentBlob): Fault {
    const fault = this.place(hash)
    if (fault !== null) return fault
    this.absent.add(hash)
    if (why === "missing") this.counts.missing += 1
    else this.counts.leftOut += 1
    return null
  }

  /** Blobs to which the stream that ends refers, and that are not in the bundle. */
  get lacking(): readonly string[] {
    return [...this.referred].filter((hash) => !this.told.has(hash) || this.absent.has(hash))
  }

  /** A stream ends. */
  seal(): Fault {
    if (this.begun !== null) return this.cut()
    const unsaid = this.knowsBlobs && [...this.referred].some((hash) => !this.told.has(hash))
    return unsaid ? "a blob to which an event refers is not in it, nor named as absent" : null
  }

  /** The bundle ends. What was left out may be more than is named: where no event says of which blobs it was. */
  end(declared: BlobCounts | undefined): Fault {
    const { bytes, carried, leftOut, missing } = this.counts
    if (declared === undefined) return this.knowsBlobs ? "its end does not count its blobs" : null
    if (!this.knowsBlobs) return "its end counts blobs, which its version does not have"
    const same = declared.carried === carried && declared.bytes === bytes
    const atLeast = declared.leftOut >= leftOut && declared.missing >= missing
    return same && atLeast ? null : "its blobs are not those that its end counts"
  }

  private place(hash: string): Fault {
    if (!this.knowsBlobs) return "it has a blob, which its version does not have"
    if (this.begun !== null) return this.cut()
    if (this.told.has(hash)) return `blob ${hash} is in it twice`
    if (!this.referred.has(hash)) return `no event before it refers to blob ${hash}`
    this.told.add(hash)
    this.hasBlobs = true
    return null
  }

  private cut(): string {
    return `blob ${this.begun?.entry.hash} is cut`
  }
}
