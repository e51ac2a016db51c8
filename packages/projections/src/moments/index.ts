export {
  checkpointDirectory,
  type Look,
  Moments,
  type MomentsOptions,
  momentNow,
  removeCheckpointsOf,
} from "./Moments.js"
export type { ThreadMoment } from "./ThreadMoments.js"
