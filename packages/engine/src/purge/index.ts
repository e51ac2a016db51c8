export {
  encodeProgress,
  PurgePhase,
  type PurgeState,
  purgeBegins,
  purgeBegun,
  purgeStateOf,
  Removed,
} from "./PurgeState.js"
export { noSpace, type PurgeSpace, Purging } from "./Purging.js"
export { purgeSize } from "./purgeSize.js"
export { type PurgeAnswer, type PurgeDemand, Sealing, type SealingOptions } from "./Sealing.js"
