/**
 * The errors of the log. Each message is a whole sentence about what happened. They are schemas because the writer's thread
 * sends them to the main thread.
 */
import { StorageUnavailable } from "@threadfold/contracts"
import { Schema } from "effect"

const sentence = { message: Schema.String } as const

/** The storage refused to write; nothing of the call was stored. */
export class StorageFailed extends Schema.TaggedError<StorageFailed>()("StorageFailed", sentence) {}

/** The disk is full, or has less free space than the configured minimum; nothing of the call was stored. */
export class StorageFull extends Schema.TaggedError<StorageFull>()("StorageFull", sentence) {}

/** The files cannot be written to; nothing of the call was stored. */
export class StorageReadOnly extends Schema.TaggedError<StorageReadOnly>()("StorageReadOnly", sentence) {}

/** The files of the database are no longer those that were opened. */
export class StorageLost extends Schema.TaggedError<StorageLost>()("StorageLost", {
  kind: Schema.Literal("database", "wal", "lock"),
  /** What was found, in a sentence without a full stop. */
  found: Schema.String,
  /** True: the transaction was committed, to a file that may be gone; false: it was not begun. */
  committed: Schema.Boolean,
}) {
  override get message(): string {
    return `${this.found}.`
  }
}

/** Another process, or another part of this one, owns the data directory. */
export class DataDirectoryOwned extends Schema.TaggedError<DataDirectoryOwned>()("DataDirectoryOwned", {
  directory: Schema.String,
  /** The owner; null: not known. */
  owner: Schema.NullOr(Schema.Struct({ pid: Schema.Number, port: Schema.NullOr(Schema.Number) })),
}) {
  override get message(): string {
    if (this.owner === null) return `${this.directory} has an owner.`
    const { pid, port } = this.owner
    return `Process ${pid} ${port === null ? "without a port" : `on port ${port}`} owns ${this.directory}.`
  }
}

/** There is no database at a path. */
export class DatabaseNotFound extends Schema.TaggedError<DatabaseNotFound>()("DatabaseNotFound", {
  file: Schema.String,
}) {
  override get message(): string {
    return `There is no database at ${this.file}.`
  }
}

/** The file is no database of ours, or cannot be read. */
export class DatabaseUnreadable extends Schema.TaggedError<DatabaseUnreadable>()("DatabaseUnreadable", sentence) {}

/** A newer version of the program wrote the database; nothing was changed. */
export class DatabaseTooNew extends Schema.TaggedError<DatabaseTooNew>()("DatabaseTooNew", sentence) {}

/** The database was cut, emptied or torn: what is left of it must not be written over. */
export class DatabaseDamaged extends Schema.TaggedError<DatabaseDamaged>()("DatabaseDamaged", sentence) {}

/** The new file of a salvage is there already. */
export class SalvageTargetExists extends Schema.TaggedError<SalvageTargetExists>()("SalvageTargetExists", {
  file: Schema.String,
}) {
  override get message(): string {
    return `${this.file} is there already.`
  }
}

/** How a write fails that the storage refuses. */
export const StorageError = Schema.Union(StorageFailed, StorageFull, StorageReadOnly)
export type StorageError = typeof StorageError.Type

/** How the opening of a database for its owner fails. */
export const OpenError = Schema.Union(
  DataDirectoryOwned,
  DatabaseUnreadable,
  DatabaseTooNew,
  DatabaseDamaged,
  StorageFailed,
  StorageFull,
  StorageReadOnly,
)
export type OpenError = typeof OpenError.Type

/** How the opening of a database for reading fails. */
export type ReadOnlyError = DatabaseNotFound | DatabaseUnreadable | DatabaseTooNew

/** A read of the log that failed; `reason`: the storage's own words. */
export const logUnavailable = (reason: string): StorageUnavailable =>
  new StorageUnavailable({ failed: "The log could not be read", reason })
