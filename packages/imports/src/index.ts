export { BundleConflict, BundleInvalid, ExportFailed } from "./bundle/bundleFailures.js"
export { bundleLines, type ExportOptions, type ExportOutcome } from "./bundle/exportBundle.js"
export { type ForkTarget, forkedEvent, forkedId } from "./bundle/forkedEvent.js"
export { type BlobCounts, type BundleSeal, Redaction, type StreamSeal } from "./bundle/format.js"
export {
  type BundleFailure,
  type BundleOptions,
  type BundleOutcome,
  type ExistingStream,
  importBundle,
} from "./bundle/importBundle.js"
export { readBundle } from "./bundle/readBundle.js"
export {
  type ImportFailed,
  NotARecording,
  RecordingChanged,
  RecordingTooNew,
  RecordingUnreadable,
  UnknownSource,
} from "./failures.js"
export { type FollowedRecording, followRecording } from "./followRecording.js"
export * from "./importRecordings.js"
export { CannotOpen, isInside, openInside, pathFault } from "./openInside.js"
export type { ReadingOptions } from "./Reading.js"
export { claudeHistory, codexAppServer, codexRollout, codexTrace, readerOf } from "./readers/index.js"
export { type Recognized, type Recording, recognize } from "./recognize.js"
export { type ImportOutcome, mergeReports, reportOf } from "./report.js"
export { traceBundle } from "./trace/traceBundle.js"
