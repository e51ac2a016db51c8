export { type Look, Moments, type MomentsOptions, momentNow } from "./Moments.js"
export type { ThreadMoment } from "./ThreadMoments.js"
