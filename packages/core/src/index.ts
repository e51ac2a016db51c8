export type { Change, Fold, Put } from "./Change.js"
export { canonicalJson } from "./canonicalJson.js"
export { type Accepted, decide, decideIf, type Refusal, type RefusalReason, refusalReasons } from "./decide/index.js"
export { type DeltaPiece, foldDeltaRun, isOrdinary, namedOpenItem, pieceOf } from "./fold/deltaLane.js"
export { fold } from "./fold/fold.js"
export { checkLog, checkRows, type Invariant, invariants, type ThreadRows, type Violation } from "./invariants/index.js"
export { isPayload } from "./payload/guard.js"
export { upcast } from "./payload/upcast.js"
export type { RowSource } from "./RowSource.js"
export { type Digest, mintId } from "./resolve/mints.js"
export { resolve } from "./resolve/resolve.js"
export { decodeState, encodeState, FOLD_VERSION, type FoldState, initialState, readState } from "./state/FoldState.js"
export { isWaiting, livingSession, waitingTurns } from "./state/lifecycle.js"
export { machines, transitionsMarkdown } from "./transitions/index.js"
export {
  type AfterEndWork,
  afterEndOverdue,
  afterFailedResume,
  answersRequest,
  childrenOf,
  commandNews,
  conversationToResume,
  decideSession,
  decideTurn,
  type ExplainPolicy,
  endingsAtRecovery,
  explainThread,
  type FollowUpCandidate,
  followUpOf,
  fullestSources,
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
  queueWaitsFor,
  type ReapReason,
  type ReceiptAnswer,
  type RepairReason,
  type RunningTurn,
  receiptSpan,
  remembersRefusal,
  retryingSince,
  type Said,
  type SessionVerdict,
  type Settling,
  type Span,
  type StartingTurn,
  saysAccepted,
  sessionBesideImport,
  settleMs,
  settlementOf,
  startOverdue,
  startsBefore,
  startsSession,
  startsTurn,
  steeredInto,
  stopsSession,
  type ThreadFacts,
  type ThreadWork,
  type TurnFacts,
  type TurnLimits,
  unattended,
  type Wait,
} from "./workflow/index.js"
