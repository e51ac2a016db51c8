export { Engine, type EngineService, type StorageState } from "./Engine.js"
export * from "./Errors.js"
export { ConnectionIngestion, threadKey } from "./ingestion/index.js"
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
export { memoryWork, readEffect, readOpenEffects, WorkReads } from "./work/index.js"
export {
  type ChangedStream,
  CommitLoop,
  databaseGroups,
  eventSourceOf,
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
