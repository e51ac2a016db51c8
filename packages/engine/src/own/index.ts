export {
  type OwnCheck,
  type OwnProjection,
  OwnProjectionFailed,
  openOwnProjection,
  ownProjectionLayer,
} from "./OwnProjection.js"
export type { OwnProjectionSpec, SqlValue, Tables } from "./OwnTables.js"
