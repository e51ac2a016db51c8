/**
 * What of a thread needs a person: a pure function of its rows, so that every client shows the same list and the same number. A thread
 * that is out of sight shows only what its agent still waits for.
 */
import type { InboxCounts, InboxEntry, InboxKind, RequestRow, ThreadRow, TurnRow } from "@threadfold/contracts"

/** Kinds, the most urgent first: an agent that waits costs time, a queue that waits does not. */
export const inboxKinds: readonly string[] = [
  "request",
  "stalled-turn",
  "uncertain-message",
  "failed-turn",
  "held-queue",
]

/** What is looked at of a thread. */
export interface InboxThread {
  readonly thread: Pick<
    ThreadRow,
    | "threadId"
    | "title"
    | "firstWords"
    | "agent"
    | "cwd"
    | "status"
    | "activeTurnId"
    | "failedTurnId"
    | "uncertainTurns"
    | "queued"
    | "queueHeld"
    | "newsVersion"
    | "readVersion"
    | "lastActivityAt"
    | "archivedAt"
    | "deletedAt"
  >
  /** Its requests that are not over. */
  readonly requests: readonly Pick<RequestRow, "requestId" | "status" | "kind" | "title" | "turnId" | "openedAt">[]
  /** Its turns that wait, and the one that failed. */
  readonly turns: readonly Pick<
    TurnRow,
    "turnId" | "status" | "uncertain" | "outcome" | "error" | "requestedAt" | "endedAt"
  >[]
  /** When the first message of its queue was queued, ms since the epoch; null: none waits, or not known. */
  readonly queuedSince: number | null
}

/** Whether news came that no person has seen. */
export const isUnread = ({ newsVersion, readVersion }: Pick<ThreadRow, "newsVersion" | "readVersion">): boolean =>
  (newsVersion ?? 0) > (readVersion ?? 0)

/** The entries of one thread. */
export const inboxOf = ({ queuedSince, requests, thread, turns }: InboxThread): readonly InboxEntry[] => {
  if (thread.deletedAt !== null) return []
  const entry = (kind: InboxKind, fields: Partial<InboxEntry>): InboxEntry => ({
    kind,
    threadId: thread.threadId,
    threadTitle: thread.title ?? thread.firstWords,
    agent: thread.agent,
    cwd: thread.cwd,
    since: null,
    requestId: null,
    requestKind: null,
    turnId: null,
    text: null,
    messages: 0,
    ...fields,
  })
  const asked = requests
    .filter(({ status }) => status === "open")
    .map(({ kind, openedAt, requestId, title, turnId }) =>
      entry("request", { requestId, requestKind: kind, turnId, text: title, since: openedAt }),
    )
  if (thread.archivedAt !== null) return asked
  const stalled =
    thread.status === "stalled"
      ? [entry("stalled-turn", { turnId: thread.activeTurnId, since: thread.lastActivityAt })]
      : []
  const uncertain = turns
    .filter(({ status, uncertain: doubted }) => status === "requested" && doubted === 1)
    .map(({ requestedAt, turnId }) => entry("uncertain-message", { turnId, since: requestedAt }))
  const failed = isUnread(thread)
    ? turns
        .filter(({ turnId }) => turnId === thread.failedTurnId)
        .map(({ endedAt, error, turnId }) =>
          entry("failed-turn", { turnId, since: endedAt, text: error?.message ?? null }),
        )
    : []
  const held = thread.queueHeld === 1 ? [entry("held-queue", { since: queuedSince, messages: thread.queued })] : []
  return [...asked, ...stalled, ...uncertain, ...failed, ...held]
}

const placeOf = ({ kind }: InboxEntry): number => inboxKinds.indexOf(kind)

/**
 * The entries of many threads in their order: by kind, of a kind the oldest first. Requests of one millisecond are in the order of the
 * log, as an agent asked them; then by id, so that no two readers differ.
 *
 * @param sequences `openedSequence` of the requests by their ids
 */
export const orderInbox = (
  entries: readonly InboxEntry[],
  sequences: ReadonlyMap<string, number>,
): readonly InboxEntry[] =>
  [...entries].sort((a, b) => {
    if (a.kind !== b.kind) return placeOf(a) - placeOf(b)
    if (a.since !== b.since) return (a.since ?? 0) - (b.since ?? 0)
    const [first, second] = [a, b].map(({ requestId }) => sequences.get(requestId ?? "") ?? 0)
    if (first !== second) return (first ?? 0) - (second ?? 0)
    const [one, other] = [a.requestId ?? a.turnId ?? a.threadId, b.requestId ?? b.turnId ?? b.threadId]
    return one < other ? -1 : 1
  })

/** How many entries there are of each kind, and in all. */
export const countInbox = (entries: readonly InboxEntry[]): InboxCounts => {
  const of = (kind: InboxKind): number => entries.filter((entry) => entry.kind === kind).length
  return {
    request: of("request"),
    "stalled-turn": of("stalled-turn"),
    "uncertain-message": of("uncertain-message"),
    "failed-turn": of("failed-turn"),
    "held-queue": of("held-queue"),
    total: entries.length,
  }
}
