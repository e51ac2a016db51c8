/** `@threadfold/contracts/api`: an entry of its own, so that programs without HTTP do not load it. */

export { AgentList, AgentView } from "../entities/Agent.js"
export { AttachedSession, AttachRequest } from "../entities/AttachedSession.js"
export { CommandView, EffectView } from "../entities/Effect.js"
export { ReaperFindings, ReaperFindingView } from "../entities/ReaperFinding.js"
export * from "./Api.js"
export * from "./Bodies.js"
export { publicPaths } from "./document.js"
export { commandHeaders } from "./Endpoint.js"
export { ImportFromRoot, ImportList, ImportView } from "./Imports.js"
export { RowChange, RowChanges, RowsSnapshot } from "./Model.js"
export { FoundMoment, MomentsDiff } from "./Moments.js"
export { slugOf } from "./Problems.js"
export {
  JobState,
  RebuildRequest,
  RebuildView,
  VerifyRequest,
  VerifyView,
} from "./ProjectionsGroup.js"
export { LineResult, PushResult } from "./Push.js"
export { maxReplaySpeed, ReplayControl, ReplayState, ReplayView } from "./ReplayGroup.js"
export {
  EventDetail,
  EventPage,
  InvariantList,
  pageOf,
  Readiness,
  StreamReset,
  ThreadPage,
  UsagePage,
} from "./Shapes.js"
export * from "./Strict.js"
