/** How a call of the log fails. Surfaces turn these into problems; inside, they say exactly what stood in the way. */
import { Data } from "effect"
import type { DiskSpace } from "./DiskSpace.js"
import type { FileChange } from "./OpenFiles.js"

/** What a write expects of its stream: any version, none yet, some, or exactly this one. */
export type ExpectedVersion = "any" | "none" | "exists" | { readonly exact: number }

/** The stream is not at the expected version. Problem `version-conflict`. */
export class VersionConflict extends Data.TaggedError("VersionConflict")<{
  readonly streamId: string
  readonly expected: ExpectedVersion
  /** Version that the stream has; 0: there is none. */
  readonly actual: number
}> {
  override get message(): string {
    const expected = typeof this.expected === "string" ? this.expected : `exactly ${this.expected.exact}`
    return `stream ${this.streamId} is at version ${this.actual}, expected ${expected}`
  }
}

/** The source's number belongs to an event with other content. */
export class SeqConflict extends Data.TaggedError("SeqConflict")<{
  /** Session, or connection for what names no thread. */
  readonly source: string
  readonly channel: string
  readonly seq: number
  /** Sequence of the event that has the number. */
  readonly sequence: number
}> {
  override get message(): string {
    return `number ${this.seq} of ${this.source}/${this.channel} is taken by event ${this.sequence} with other content`
  }
}

/** The event id belongs to an event with other content. */
export class EventIdConflict extends Data.TaggedError("EventIdConflict")<{
  readonly eventId: string
  /** Sequence of the event that has the id. */
  readonly sequence: number
}> {
  override get message(): string {
    return `event id ${this.eventId} is taken by event ${this.sequence} with other content`
  }
}

/** The storage refused; nothing of the call was stored. Problem `storage-failed`. */
export class StorageFailed extends Data.TaggedError("StorageFailed")<{
  /** The storage's own words: a full disk, a read-only file. */
  readonly detail: string
}> {
  override get message(): string {
    return this.detail
  }
}

/** The files of the database are no longer those that were opened. Problems `storage-uncertain` and `storage-lost`. */
export class StorageLost extends Data.TaggedError("StorageLost")<{
  readonly kind: FileChange["kind"]
  /** What was found, in a sentence without its dot. */
  readonly found: string
  /** True: the transaction was committed, to a file that may be gone; false: it was not begun. */
  readonly committed: boolean
}> {
  override get message(): string {
    return this.found
  }
}

/** The disk has less room than the configured minimum; nothing of the call was stored. Problem `disk-full`. */
export class DiskFull extends Data.TaggedError("DiskFull")<Omit<DiskSpace, "status">> {
  override get message(): string {
    return `the disk has ${this.freeBytes} bytes left and the server keeps ${this.minFreeBytes} free`
  }
}

/** Every way in which an append fails. */
export type AppendError = VersionConflict | SeqConflict | EventIdConflict | StorageFailed

/** Wraps what a storage threw. */
export const storageFailed = (error: unknown): StorageFailed => {
  if (!(error instanceof Error)) return new StorageFailed({ detail: String(error) })
  const code = "code" in error && typeof error.code === "string" ? ` (${error.code})` : ""
  return new StorageFailed({ detail: `${error.message}${code}` })
}
