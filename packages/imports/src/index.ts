export { BundleConflict, BundleInvalid, ExportFailed } from "./bundle/bundleFailures.js"
export { bundleLines, type ExportOptions, type ExportOutcome } from "./bundle/exportBundle.js"
export { type ForkTarget, forkedEvent, forkedId } from "./bundle/forkedEvent.js"
export { Redaction } from "./bundle/format.js"
export {
  type BundleFailure,
  type BundleOptions,
  type BundleOutcome,
  type ExistingStream,
  importBundle,
} from "./bundle/importBundle.js"
export { type ImportFailed, NotARecording, RecordingChanged, RecordingUnreadable, UnknownSource } from "./failures.js"
export { type FollowedRecording, followRecording } from "./followRecording.js"
export * from "./importRecordings.js"
export type { ReadingOptions } from "./Reading.js"
export { claudeHistory, codexAppServer, codexRollout, readerOf } from "./readers/index.js"
export { type Recognized, type Recording, recognize } from "./recognize.js"
export { type ImportOutcome, mergeReports, reportOf } from "./report.js"
