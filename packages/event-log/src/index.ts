export { AllowedSizes } from "./AllowedSizes.js"
export { isDamage } from "./DamageCheck.js"
export { checkWhole, leavingNothing } from "./DatabaseCheck.js"
export { databaseFile, databaseFiles, lockFile, removeDatabase } from "./DataDirectory.js"
export { DiskLimits, type DiskSpace, diskSpace, judgeSpace } from "./DiskSpace.js"
export * from "./Driver.js"
export { BodyReader } from "./digests/BodyReader.js"
export { verifyDigests } from "./digests/verifyDigests.js"
export {
  DatabaseDamaged,
  DatabaseNotFound,
  DatabaseTooNew,
  DatabaseUnreadable,
  DataDirectoryOwned,
  OpenError,
  type ReadOnlyError,
  SalvageTargetExists,
  StorageError,
  StorageFailed,
  StorageFull,
  StorageLost,
  StorageReadOnly,
} from "./Errors.js"
export { decodeRow, encodeEnvelopeJson } from "./EventCodec.js"
export { blankRow, type EventRow, type NewEventRow, payloadBytesSql, type ReadRow, sameContent } from "./EventRow.js"
export { markerFile } from "./LogMarker.js"
export type { LogReader } from "./LogReader.js"
export { liveReader } from "./LogReader.js"
export { memoryDriver } from "./MemoryDriver.js"
export type { MigrationGroup } from "./Migrations.js"
export { readWholeBlock } from "./NativeBodies.js"
export type { FileChange } from "./OpenFiles.js"
export { acquireOwnership, type OwnerDetails, OwnerRecord, ownerOf } from "./Ownership.js"
export { bringUpToDate, isUpToDate, openReadOnly } from "./ReadOnlyLog.js"
export { renewWal } from "./renewWal.js"
export { selectEvents } from "./SelectEvents.js"
export { openSqlite, type SqliteDatabase, storageGuard } from "./SqliteDatabase.js"
export { sqliteDriver } from "./SqliteDriver.js"
export { StorageGuard } from "./StorageGuard.js"
export { type SalvageError, salvage } from "./salvage/salvage.js"
export { storageRefusal } from "./storageError.js"
export { gapsAround, jsonAround, LongJson, leastLongJson } from "./texts/LongJson.js"
export { writeWhole } from "./writeWhole.js"
