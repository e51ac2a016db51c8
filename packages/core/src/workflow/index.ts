export { isBeyondChannels, sessionBesideImport } from "./admission.js"
export { childrenOf } from "./children.js"
export {
  answersRequest,
  changesConversation,
  interruptsTurn,
  interruptWithoutAgent,
  isAsExpected,
  isDeliverable,
  isMessageQueued,
  isTurnDeliverable,
  isWorkedOn,
  mayDeliverAgain,
  startsBefore,
  startsSession,
  startsTurn,
  steeredInto,
  stopsSession,
} from "./eligibility.js"
export { explainThread } from "./explain.js"
export {
  type FollowUpCandidate,
  followUpOf,
  mayFollow,
  queueWaitsFor,
  settleMs,
  type ThreadWork,
} from "./followUp.js"
export { handoffOutcome } from "./handoffOutcome.js"
export { countInbox, type InboxThread, inboxOf, isUnread, orderInbox } from "./inbox.js"
export type { Moment, Span } from "./Moment.js"
export { fullestSources, isMirrorOf, type MirrorCandidate } from "./mirrors.js"
export {
  decideSession,
  type KeepReason,
  type Liveness,
  type LivingSession,
  type ReapReason,
  type RepairReason,
  type SessionVerdict,
} from "./reaper.js"
export { type ReceiptAnswer, receiptSpan, remembersRefusal, saysAccepted } from "./receipts.js"
export { endingsAtRecovery, isOursToSettle, isSettledAtStart, livenessOf } from "./recovery.js"
export {
  decideRetention,
  type RetentionFacts,
  type RetentionReason,
  type RetentionVerdict,
  retentionReasons,
} from "./retention.js"
export { afterFailedResume, conversationToResume, forksConversation } from "./sessionOpening.js"
export { type Settling, settlementOf } from "./settlement.js"
export type { ExplainPolicy, OpenRequest, ThreadFacts } from "./ThreadFacts.js"
export { type RuleHolder, ruleHoldersLimit } from "./unattendedRules.js"
export {
  settledVoiceRun,
  startingVoiceRun,
  stepVoiceRun,
  takesInput,
  type VoiceEnding,
  type VoiceInput,
  type VoiceRecord,
  type VoiceRun,
} from "./voiceLife.js"
export { commandNews, newsOf, retryingSince, type Said } from "./wakeUps.js"
export {
  type AfterEndWork,
  afterEndOverdue,
  decideTurn,
  isStartTimed,
  type OpenQuestion,
  type RunningTurn,
  type StartingTurn,
  startOverdue,
  type TurnFacts,
  type TurnLimits,
  unattended,
  type Wait,
} from "./watchdog.js"
