/** `@threadfold/contracts/api`: an entry of its own, so that programs without HTTP do not load it. */

export { AgentDetail, AgentInstallation, AgentList, AgentView } from "../entities/Agent.js"
export {
  AgentAccountState,
  AgentCommands,
  AgentLogin,
  AgentMcpServers,
  AgentModels,
  AgentRateLimits,
  AgentSkills,
} from "../entities/AgentListing.js"
export { AttachedSession, AttachRequest } from "../entities/AttachedSession.js"
export { CommandView, EffectView } from "../entities/Effect.js"
export { ReaperFindings, ReaperFindingView } from "../entities/ReaperFinding.js"
export { maxReplaySpeed } from "../Limits.js"
export { LoginBody } from "./AgentsGroup.js"
export * from "./Api.js"
export { BlobView } from "./BlobsGroup.js"
export * from "./Bodies.js"
export { publicPaths, signInPaths } from "./document.js"
export { commandHeaders } from "./Endpoint.js"
export { mostValues } from "./Filters.js"
export { ImportFromRoot, ImportList, ImportParams, ImportView } from "./Imports.js"
export { RowChange, RowChanges, RowsSnapshot } from "./Model.js"
export { FoundMoment, MomentsDiff, WhatIfAnswer, WhatIfBody } from "./Moments.js"
export {
  longestLabel,
  PageChallenge,
  PageChallengeBody,
  PageCode,
  PageExchangeBody,
  PageGrant,
  PageKey,
  PageKeyList,
  PagePublicKey,
  PageToken,
  PageTokenBody,
} from "./PageGroup.js"
export { slugOf } from "./Problem.js"
export {
  CheckRequest,
  CheckView,
  JobState,
  ProjectionWork,
  RebuildRequest,
  RebuildView,
  VerifyRequest,
  VerifyView,
} from "./ProjectionsGroup.js"
export { PurgedPlaces, PurgeStatus, PurgeView } from "./PurgesGroup.js"
export { LineResult, PushResult } from "./Push.js"
export { ReplayControl, ReplayState, ReplayView } from "./ReplayGroup.js"
export { mostSums, SearchPage } from "./SearchGroup.js"
export {
  EventDetail,
  EventPage,
  InvariantList,
  pageOf,
  Readiness,
  StreamAudio,
  StreamReset,
  ThreadPage,
  UsagePage,
} from "./Shapes.js"
export { SqlBody, SqlRows, sqlLimits } from "./SqlGroup.js"
export * from "./Strict.js"
export { AckBody, SubscriptionBody, SubscriptionList, SubscriptionPage } from "./SubscriptionsGroup.js"
export { StartVoiceBody, VoiceAudioBody, VoiceList, VoiceStarted, VoiceStopped, VoiceTextBody } from "./VoiceGroup.js"
