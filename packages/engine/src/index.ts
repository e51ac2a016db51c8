export { Engine, type EngineService, type StorageState } from "./Engine.js"
export * from "./Errors.js"
export { ConnectionIngestion, threadKey } from "./ingestion/index.js"
export * from "./own/index.js"
export { type PurgeState, purgeBegun, purgeSize, purgeStateOf } from "./purge/index.js"
export type {
  Acknowledged,
  CommandSubmission,
  Destination,
  DraftResult,
  EngineWriter,
  EventDraft,
  Outcome,
  RestoredEvent,
  StreamImport,
  Submission,
} from "./Submission.js"
export { openWriterLine } from "./thread/index.js"
export {
  type BlobDraft,
  BlobReads,
  blobsOfFile,
  type EffectPage,
  type EffectQuery,
  type ListedEffect,
  memoryWork,
  readEffect,
  readOpenEffects,
  type StoredBlob,
  type StoredSubscription,
  type SubscriptionFilter,
  SubscriptionReads,
  type SubscriptionStep,
  sqliteBlobs,
  WorkReads,
} from "./work/index.js"
export { blobsOfRow } from "./writer/blobReferences.js"
export {
  type ChangedStream,
  CommitLoop,
  databaseGroups,
  decodeForkMark,
  encodeForkMark,
  eventSourceOf,
  type ForkMark,
  importsKey,
  importsOf,
  makeSqliteWriter,
  makeWriter,
  type RowKey,
  sha256,
  sqliteSetup,
  streamKey,
  submitErrorOf,
  type Writer,
} from "./writer/index.js"
