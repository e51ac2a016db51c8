/** What bundles fail with by themselves. */
import { Data } from "effect"

/** The file is no bundle that this version takes; nothing was stored. */
export class BundleInvalid extends Data.TaggedError("BundleInvalid")<{
  readonly name: string
  /** `not`: no bundle; `newer`: of a newer format; `damaged`: cut or changed; `too-large`: a line or a ratio that no export makes. */
  readonly kind: "not" | "newer" | "damaged" | "too-large"
  /** What is wrong, in words that go on a sentence. */
  readonly why: string
}> {
  override get message(): string {
    return `${this.name}: ${this.why}.`
  }
}

/** A thread of a bundle is in the log with other content. */
export class BundleConflict extends Data.TaggedError("BundleConflict")<{
  readonly threadId: string
  readonly why: string
}> {
  override get message(): string {
    return `Thread ${this.threadId} ${this.why}.`
  }
}

/** Something of the log cannot be written to a bundle. */
export class ExportFailed extends Data.TaggedError("ExportFailed")<{
  readonly kind: "thread-missing" | "thread-purged" | "damaged" | "file-exists" | "too-large" | "page-not-built"
  readonly message: string
}> {}
