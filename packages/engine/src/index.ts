export * from "./Engine.js"
export * from "./Errors.js"
export * from "./ingestion/index.js"
export * from "./Submission.js"
export { memoryWork, sqliteWork, WorkReads, type WorkReadsService, type WorkStore } from "./work/index.js"
export {
  type ChangedStream,
  CommitLoop,
  type CommitLoopOptions,
  databaseGroups,
  eventSourceOf,
  makeSqliteWriter,
  makeWriter,
  type RowKey,
  type RowListener,
  sha256,
  sqliteSetup,
  streamKey,
  type Writer,
  type WriterSetup,
} from "./writer/index.js"
