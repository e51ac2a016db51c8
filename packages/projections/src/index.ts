export { CatchUp, type Refolded } from "./CatchUp.js"
export * from "./EventSource.js"
export { DatabaseHash, hashStream } from "./hash.js"
export { type ComparisonOptions, isAsFolded } from "./isAsFolded.js"
export * from "./migrations.js"
export { type Look, Moments, type MomentsOptions, momentNow, type ThreadMoment } from "./moments/index.js"
export * from "./ProjectionStore.js"
export {
  CursorInvalid,
  decodeCursor,
  encodeCursor,
  type FoundRow,
  LimitInvalid,
  maxLimit,
  openReadSql,
  type Page,
  type PageQuery,
  Projections,
  type ReadSql,
  type Resource,
  type RowError,
  RowNotFound,
  type ThreadListError,
} from "./queries/index.js"
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
export { verify } from "./verify.js"
