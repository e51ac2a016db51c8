export { CatchUp, type Refolded } from "./CatchUp.js"
export * from "./EventSource.js"
export { DatabaseHash, hashStream } from "./hash.js"
export { type ComparisonOptions, isAsFolded } from "./isAsFolded.js"
export * from "./migrations.js"
export {
  checkpointDirectory,
  type Look,
  Moments,
  type MomentsOptions,
  momentNow,
  removeCheckpointsOf,
  type ThreadMoment,
} from "./moments/index.js"
export * from "./ProjectionStore.js"
export {
  CursorInvalid,
  decodeCursor,
  encodeCursor,
  type ForkPlace,
  type FoundItem,
  type FoundRow,
  LimitInvalid,
  maxLimit,
  openReadSql,
  type Page,
  type PageQuery,
  Projections,
  type RangeQuery,
  type ReadChanges,
  type ReadSql,
  type Resource,
  type RowError,
  RowNotFound,
  type ThreadListError,
  textRange,
} from "./queries/index.js"
export { type UsageSumsQuery, usageSums } from "./queries/usageSums.js"
export { rowSizes } from "./RowRemoval.js"
export {
  type RebuildPoint,
  type RebuildReport,
  rebuild,
  rebuildPointIn,
  rebuildPointKey,
  rebuildPointText,
} from "./rebuild.js"
export { refold } from "./refold.js"
export { type Replaced, refoldNow } from "./replaceRows.js"
export { ScratchRows, type ScratchStream } from "./ScratchRows.js"
export * from "./SqlStore.js"
export { projectionSchema } from "./schema.js"
export * from "./search/index.js"
export * from "./sql/index.js"
export { verify } from "./verify.js"
