/**
 * The rows of the projections as types. `Tables.ts` says what every column means; a test keeps the two in step.
 * Heavy columns are optional: a row without them leaves what is stored.
 */

import type { AnomalyReason } from "./Anomaly.js"
import type { ProviderError, TokenCounts } from "./events/Common.js"
import type { ItemEnd, ItemKind } from "./events/Item.js"
import type { RealtimeCloseReason } from "./events/Realtime.js"
import type { RequestKind } from "./events/Request.js"
import type { SessionStatus } from "./events/Session.js"
import type { TurnOutcome } from "./events/Turn.js"
import type { ThreadStatus } from "./ReadModel.js"
import type { TableName } from "./Tables.js"

/** `observed`: the provider said so. `inferred`: we concluded it. */
export type Evidence = "observed" | "inferred"
/** SQLite has no booleans. */
export type Bit = 0 | 1

export interface ConnectionRow {
  readonly connectionId: string
  readonly provider: string | null
  readonly mode: string | null
  readonly status: "open" | "closed"
  readonly version: string | null
  readonly pid: number | null
  readonly code: number | null
  readonly signal: string | null
  readonly reason: string | null
  readonly openedAt: number | null
  readonly closedAt: number | null
  readonly streamVersion: number
  readonly sequence: number
}

export interface ThreadRow {
  readonly threadId: string
  readonly provider: string | null
  readonly nativeThreadId: string | null
  readonly title: string | null
  readonly firstWords: string | null
  readonly firstWordsTurn: number | null
  readonly cwd: string | null
  readonly model: string | null
  readonly agent: string | null
  readonly settings?: unknown
  readonly parentThreadId: string | null
  readonly parentNativeThreadId: string | null
  readonly forkedFromThreadId: string | null
  readonly forkedFromNativeThreadId: string | null
  readonly source: string | null
  readonly status: ThreadStatus
  readonly sessionId: string | null
  readonly activeTurnId: string | null
  readonly openRequests: number
  readonly runningTasks: number
  readonly afterEndItems: number
  readonly queued: number
  readonly queueHeld: number
  readonly turns: number
  readonly items: number
  readonly goal?: unknown
  readonly plan?: unknown
  readonly archivedAt: number | null
  readonly deletedAt: number | null
  readonly keepAliveUntil: number | null
  readonly createdAt: number | null
  readonly updatedAt: number | null
  readonly lastActivityAt: number | null
  readonly streamVersion: number
  readonly sequence: number
}

export interface SessionRow {
  readonly sessionId: string
  readonly threadId: string
  readonly connectionId: string | null
  readonly epoch: number
  readonly provider: string | null
  readonly mode: "managed" | "attached" | "imported"
  readonly nativeSessionId: string | null
  readonly status: SessionStatus
  readonly activeTurnId: string | null
  readonly pendingTurnId: string | null
  readonly lastError: string | null
  readonly cause: string | null
  readonly evidence: Evidence | null
  readonly usageMode: string | null
  readonly model: string | null
  readonly cwd: string | null
  readonly config: unknown
  readonly leaseMs: number | null
  readonly code: number | null
  readonly signal: string | null
  readonly startedAt: number | null
  readonly endedAt: number | null
  readonly lastActivityAt: number | null
  readonly sequence: number
}

export interface TurnRow {
  readonly turnId: string
  readonly threadId: string
  readonly sessionId: string | null
  readonly ordinal: number
  readonly nativeTurnId: string | null
  readonly clientId: string | null
  readonly callId: string | null
  readonly origin: "client" | "queue" | "realtime" | "import" | "provider" | "synthetic"
  readonly status: "requested" | "running" | "ended"
  readonly outcome: TurnOutcome | null
  readonly cause: string | null
  readonly evidence: Evidence | null
  readonly settled: Bit
  readonly uncertain: Bit
  readonly stalled: Bit
  readonly rejoined: Bit
  readonly handedOver: Bit
  readonly interruptRequestedAt: number | null
  readonly steeredInto: string | null
  readonly supersededBy: string | null
  readonly text?: string | null
  readonly error: ProviderError | null
  readonly usage: TokenCounts | null
  readonly diff?: string | null
  readonly proposal?: string | null
  readonly items: number
  readonly requestedAt: number | null
  readonly startedAt: number | null
  readonly endedAt: number | null
  readonly sequence: number
}

export interface RewindRow {
  readonly threadId: string
  readonly ordinal: number
  readonly firstTurnId: string
  readonly fromOrdinal: number
  readonly toOrdinal: number
  readonly depth: number
  readonly rewoundAt: number
  readonly sequence: number
}

/** Half a surrogate pair at the end of a chunk: its part, the chunk's ordinal, the UTF-16 unit. */
export type ChunkHalf = readonly [part: number, ordinal: number, unit: number]

export interface ItemRow {
  readonly itemId: string
  readonly threadId: string
  readonly sessionId: string | null
  readonly turnId: string | null
  readonly ordinal: number
  readonly nativeItemId: string | null
  readonly kind: ItemKind
  readonly nativeKind: string | null
  readonly status: "open" | ItemEnd
  readonly cause: string | null
  readonly evidence: Evidence | null
  readonly afterEnd: Bit
  readonly title: string | null
  readonly phase: string | null
  readonly text?: string | null
  readonly hasFinal: Bit
  readonly chunks: number
  readonly chunkChars: number
  readonly chunkPart: number
  readonly chunkFill: number
  readonly chunkHalf: number
  readonly chunkHalves: readonly ChunkHalf[] | null
  readonly data?: unknown
  readonly processId: string | null
  readonly exitCode: number | null
  readonly startedAt: number | null
  readonly endedAt: number | null
  readonly sequence: number
}

export interface ItemChunkRow {
  readonly itemId: string
  readonly ordinal: number
  readonly threadId: string
  readonly part: number
  readonly text: string
  readonly sequence: number
}

export interface RequestRow {
  readonly requestId: string
  readonly threadId: string
  readonly sessionId: string | null
  readonly turnId: string | null
  readonly itemId: string | null
  readonly nativeRequestId: string | null
  readonly kind: RequestKind
  readonly nativeKind: string | null
  readonly status: "open" | "answering" | "answered" | "cancelled" | "expired"
  readonly decision: string | null
  readonly decidedBy: string | null
  readonly cause: string | null
  readonly evidence: Evidence | null
  readonly title: string | null
  readonly data?: unknown
  readonly answer?: unknown
  readonly answerCommandId: string | null
  readonly lastError: string | null
  readonly openedAt: number | null
  readonly endedAt: number | null
  readonly sequence: number
}

export interface InferenceRow {
  readonly inferenceId: string
  readonly threadId: string
  readonly sessionId: string | null
  readonly turnId: string | null
  readonly nativeInferenceId: string | null
  readonly status: "running" | "completed" | "failed" | "cancelled" | "aborted"
  readonly cause: string | null
  readonly evidence: Evidence | null
  readonly model: string | null
  readonly provider: string | null
  readonly responseId: string | null
  readonly upstreamRequestId: string | null
  readonly items: number
  readonly usage: TokenCounts | null
  readonly error: string | null
  readonly startedAt: number | null
  readonly endedAt: number | null
  readonly sequence: number
}

export interface InferenceItemRow {
  readonly threadId: string
  readonly inferenceId: string
  readonly ordinal: number
  readonly itemKey: string
  readonly sequence: number
}

export interface RealtimeRunRow {
  readonly realtimeId: string
  readonly threadId: string
  readonly sessionId: string | null
  readonly nativeRealtimeId: string | null
  readonly callId: string | null
  readonly status: "requested" | "failed" | "started" | "closed"
  readonly reason: RealtimeCloseReason | null
  readonly evidence: Evidence | null
  readonly lastError: string | null
  readonly version: string | null
  readonly stopRequested: Bit
  readonly items: number
  readonly utterances: number
  readonly requestedAt: number | null
  readonly startedAt: number | null
  readonly endedAt: number | null
  readonly sequence: number
}

export interface DelegationRow {
  readonly delegationId: string
  readonly threadId: string
  readonly sessionId: string | null
  readonly realtimeId: string | null
  readonly nativeHandoffId: string | null
  readonly nativeTurnId: string | null
  readonly turnId: string | null
  readonly routedBy: "provider" | "client"
  readonly status: "open" | "closed"
  readonly cause: string | null
  readonly text?: string | null
  readonly openedAt: number | null
  readonly endedAt: number | null
  readonly sequence: number
}

export interface TaskRow {
  readonly taskId: string
  readonly threadId: string
  readonly sessionId: string | null
  readonly turnId: string | null
  readonly itemId: string | null
  readonly nativeTaskId: string | null
  readonly kind: string | null
  readonly title: string | null
  readonly processId: string | null
  readonly status: "running" | "ended"
  readonly outcome: "completed" | "failed" | "interrupted" | null
  readonly cause: string | null
  readonly evidence: Evidence | null
  readonly startedAt: number | null
  readonly endedAt: number | null
  readonly sequence: number
}

export interface QueueRow {
  readonly messageId: string
  readonly threadId: string
  readonly position: number
  readonly text: string
  readonly settings: unknown
  readonly commandId: string | null
  readonly queuedAt: number | null
  readonly sequence: number
}

export interface UsageRow {
  readonly threadId: string
  readonly inputTokens: number | null
  readonly cachedInputTokens: number | null
  readonly outputTokens: number | null
  readonly reasoningTokens: number | null
  readonly totalTokens: number | null
  readonly contextWindow: number | null
  readonly last: TokenCounts | null
  readonly sequence: number
}

export interface AnomalyRow {
  readonly threadId: string
  readonly subject: string
  readonly reason: AnomalyReason
  readonly count: number
  readonly firstSequence: number
  readonly lastSequence: number
  readonly detail: string | null
}

/** Table name → row type. */
export interface Rows {
  readonly connections: ConnectionRow
  readonly threads: ThreadRow
  readonly sessions: SessionRow
  readonly turns: TurnRow
  readonly rewinds: RewindRow
  readonly items: ItemRow
  readonly item_chunks: ItemChunkRow
  readonly requests: RequestRow
  readonly inferences: InferenceRow
  readonly inference_items: InferenceItemRow
  readonly realtime_runs: RealtimeRunRow
  readonly delegations: DelegationRow
  readonly tasks: TaskRow
  readonly queue: QueueRow
  readonly usage: UsageRow
  readonly anomalies: AnomalyRow
}
/** A row of any table. */
export type AnyRow = Rows[TableName]
