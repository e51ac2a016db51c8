/** How a call of the log fails. Surfaces turn these into problems; inside, they say exactly what stood in the way. */
import { Data } from "effect"
import type { DiskSpace } from "./DiskSpace.js"
import type { FileChange } from "./OpenFiles.js"

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

/** Wraps what a storage threw. */
export const storageFailed = (error: unknown): StorageFailed => {
  if (!(error instanceof Error)) return new StorageFailed({ detail: String(error) })
  const code = "code" in error && typeof error.code === "string" ? ` (${error.code})` : ""
  return new StorageFailed({ detail: `${error.message}${code}` })
}
