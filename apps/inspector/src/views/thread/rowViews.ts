/**
 * Rows of the tables as the shapes that the API shows, for what comes as rows by the feed. The rules are those of `@threadfold/core/model`,
 * which brings all of Effect with it.
 */
import type {
  ItemRow,
  ItemView,
  QueueView,
  RequestRow,
  RequestView,
  Rows,
  SessionRow,
  SessionView,
  TokenCounts,
  Truncated,
  TurnRow,
  TurnView,
  UsageView,
} from "@threadfold/contracts"

/** A row as it is sent: beside its columns it may say what of it is cut. */
export type Sent<R> = R & { readonly truncated?: Truncated }

const cutOf = ({ truncated }: { readonly truncated?: Truncated }): { readonly truncated?: Truncated } =>
  truncated === undefined ? {} : { truncated }

/** A piece of a text that streams. */
export interface Chunk {
  readonly part: number
  readonly text: string
}

/** What stands where pieces are missing: of a text that is cut, the first pieces and the newest ones are there. */
export const gapSign = "\n…\n"

/** The pieces of a text as one: those of a part end to end, a blank line between the parts. */
export const joinChunks = (chunks: ReadonlyMap<number, Chunk>): string | null => {
  if (chunks.size === 0) return null
  let text = ""
  let last: number | null = null
  let part: number | null = null
  for (const ordinal of [...chunks.keys()].sort((a, b) => a - b)) {
    const chunk = chunks.get(ordinal)
    if (chunk === undefined) continue
    if (last !== null && ordinal !== last + 1) text += gapSign
    else if (part !== null && part !== chunk.part) text += "\n\n"
    text += chunk.text
    last = ordinal
    part = chunk.part
  }
  return text
}

export const itemOfRow = (row: Sent<ItemRow>, chunks: ReadonlyMap<number, Chunk>): ItemView => ({
  itemId: row.itemId,
  nativeItemId: row.nativeItemId,
  turnId: row.turnId,
  kind: row.kind,
  nativeKind: row.nativeKind,
  status: row.status,
  cause: row.cause,
  evidence: row.evidence,
  afterEnd: row.afterEnd === 1,
  title: row.title,
  phase: row.phase,
  text: row.hasFinal === 1 ? (row.text ?? null) : (joinChunks(chunks) ?? row.text ?? null),
  exitCode: row.exitCode,
  data: row.data ?? null,
  startedAt: row.startedAt,
  endedAt: row.endedAt,
  ...cutOf(row),
})

const countsOf = (counts: TokenCounts | null): UsageView | null =>
  counts === null
    ? null
    : {
        inputTokens: counts.inputTokens ?? null,
        cachedInputTokens: counts.cachedInputTokens ?? null,
        outputTokens: counts.outputTokens ?? null,
        reasoningTokens: counts.reasoningTokens ?? null,
        totalTokens: counts.totalTokens ?? null,
      }

/** Whether a turn was taken back, and since when. */
export type Rewound = Pick<TurnView, "rewound" | "rewoundAt" | "rewoundSequence">

export const notRewound: Rewound = { rewound: false, rewoundAt: null, rewoundSequence: null }

export const turnOfRow = (row: Sent<TurnRow>, rewound: Rewound): TurnView => ({
  turnId: row.turnId,
  nativeTurnId: row.nativeTurnId,
  sessionId: row.sessionId,
  status: row.status,
  outcome: row.outcome,
  cause: row.cause,
  evidence: row.evidence,
  startedAt: row.startedAt,
  endedAt: row.endedAt,
  usage: countsOf(row.usage),
  error: row.error,
  origin: row.origin,
  settled: row.settled === 1,
  stalled: row.stalled === 1,
  rejoined: row.rejoined === 1,
  steeredInto: row.steeredInto,
  text: row.text ?? null,
  parts: row.parts ?? null,
  diff: row.diff ?? null,
  proposal: row.proposal ?? null,
  ...rewound,
  ...cutOf(row),
})

export const requestOfRow = (row: Sent<RequestRow>): RequestView => ({
  requestId: row.requestId,
  nativeRequestId: row.nativeRequestId,
  turnId: row.turnId,
  itemId: row.itemId,
  kind: row.kind,
  status: row.status,
  decision: row.decision,
  decidedBy: row.decidedBy,
  answer: row.answer ?? null,
  lastError: row.lastError,
  cause: row.cause,
  title: row.title,
  data: row.data ?? null,
  openedAt: row.openedAt,
  endedAt: row.endedAt,
  ...cutOf(row),
})

export const sessionOfRow = (row: SessionRow): SessionView => ({
  sessionId: row.sessionId,
  threadId: row.threadId,
  connectionId: row.connectionId,
  epoch: row.epoch,
  provider: row.provider,
  mode: row.mode,
  nativeSessionId: row.nativeSessionId,
  model: row.model,
  cwd: row.cwd,
  config: row.config,
  status: row.status,
  activeTurnId: row.activeTurnId,
  pendingTurnId: row.pendingTurnId,
  lastError: row.lastError,
  cause: row.cause,
  evidence: row.evidence,
  startedAt: row.startedAt,
  endedAt: row.endedAt,
  lastActivityAt: row.lastActivityAt,
})

export const queuedOfRow = (row: Sent<Rows["queue"]>): QueueView => ({
  messageId: row.messageId,
  position: row.position,
  text: row.text,
  parts: row.parts,
  settings: row.settings,
  queuedAt: row.queuedAt,
  ...cutOf(row),
})
