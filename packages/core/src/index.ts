export type { Change, Fold, Put } from "./Change.js"
export { canonicalJson } from "./canonicalJson.js"
export {
  type Accepted,
  decide,
  decideIf,
  type Refusal,
  type RefusalReason,
  refusalReasons,
  type Situation,
} from "./decide/index.js"
export { refusalOfPurged } from "./decide/threadGuards.js"
export { fullChunk } from "./fold/chunks.js"
export { connectionTombstone, isConnectionOver } from "./fold/connection.js"
export { type DeltaPiece, foldDeltaRun, isOrdinary, namedOpenItem, pieceOf } from "./fold/deltaLane.js"
export { fold } from "./fold/fold.js"
export { foldPage } from "./fold/foldPage.js"
export {
  checkLog,
  checkRows,
  type Invariant,
  invariants,
  LogChecker,
  type ThreadRows,
  type Violation,
} from "./invariants/index.js"
export { type ImageType, imageTypes, isImageType, mediaTypeOf } from "./message/mediaType.js"
export { blobsOfEvent, blobsOfParts, type Message, messageOf } from "./message/parts.js"
export { Portion } from "./Portion.js"
export { exactGuardOf, isExactPayload, isPayload } from "./payload/guard.js"
export { upcast } from "./payload/upcast.js"
export type { RowSource } from "./RowSource.js"
export { type Digest, mintId } from "./resolve/mints.js"
export { resolve } from "./resolve/resolve.js"
export { decodeState, encodeState, FOLD_VERSION, type FoldState, initialState, readState } from "./state/FoldState.js"
export { isPurged, isWaiting, livingSession, waitingTurns } from "./state/lifecycle.js"
export { textPieces } from "./textPieces.js"
export { machines, transitionsMarkdown } from "./transitions/index.js"
export {
  type AfterEndWork,
  afterEndOverdue,
  afterFailedResume,
  answersRequest,
  changesConversation,
  childrenOf,
  commandNews,
  conversationToResume,
  countInbox,
  decideRetention,
  decideSession,
  decideTurn,
  type ExplainPolicy,
  endingsAtRecovery,
  explainThread,
  type FollowUpCandidate,
  followUpOf,
  forksConversation,
  fullestSources,
  handoffOutcome,
  type InboxThread,
  inboxOf,
  interruptsTurn,
  interruptWithoutAgent,
  isAsExpected,
  isBeyondChannels,
  isDeliverable,
  isMessageQueued,
  isMirrorOf,
  isOursToSettle,
  isSettledAtStart,
  isStartTimed,
  isTurnDeliverable,
  isUnread,
  isWorkedOn,
  type KeepReason,
  type Liveness,
  type LivingSession,
  livenessOf,
  type Moment,
  mayDeliverAgain,
  mayFollow,
  newsOf,
  type OpenQuestion,
  type OpenRequest,
  orderInbox,
  queueWaitsFor,
  type ReapReason,
  type ReceiptAnswer,
  type RepairReason,
  type RetentionFacts,
  type RetentionReason,
  type RetentionVerdict,
  type RuleHolder,
  type RunningTurn,
  receiptSpan,
  remembersRefusal,
  retentionReasons,
  retryingSince,
  ruleHoldersLimit,
  type Said,
  type SessionVerdict,
  type Settling,
  type Span,
  type StartingTurn,
  saysAccepted,
  sessionBesideImport,
  settledVoiceRun,
  settleMs,
  settlementOf,
  startingVoiceRun,
  startOverdue,
  startsBefore,
  startsSession,
  startsTurn,
  steeredInto,
  stepVoiceRun,
  stopsSession,
  type ThreadFacts,
  type ThreadWork,
  type TurnFacts,
  type TurnLimits,
  takesInput,
  unattended,
  type VoiceEnding,
  type VoiceInput,
  type VoiceRecord,
  type VoiceRun,
  type Wait,
} from "./workflow/index.js"
