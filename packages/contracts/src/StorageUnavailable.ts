import { Schema } from "effect"

/**
 * The database could not be read: the log, the rows or the working tables. Nothing was changed, and the same call may work
 * later.
 */
export class StorageUnavailable extends Schema.TaggedError<StorageUnavailable>()("StorageUnavailable", {
  /** What could not be done, in a sentence without a full stop. */
  failed: Schema.String,
  /** The storage's own words. */
  reason: Schema.String,
}) {
  override get message(): string {
    return `${this.failed}: ${this.reason}.`
  }
}
