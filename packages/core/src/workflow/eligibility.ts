/**
 * Whether an effect may be attempted (docs/architecture.md, "Commands, receipts, effects"): now, later, or never, because its
 * purpose is over. The worker of the outbox checks it before an attempt, and the writer checks it again before it grants the
 * lease.
 */
import type { EffectKind, EffectRow, RequestRow, SessionRow, TurnRow } from "@threadfold/contracts"
import type { FoldState } from "../state/FoldState.js"
import { isInterruptedEarly } from "../state/lifecycle.js"
import type { ThreadWork } from "./followUp.js"
import { turnPhase, turnsThat } from "./turnPhase.js"

/** - `now`: it may be attempted.
 *  - `later`: something that is still to happen goes first.
 *  - `never`: what it was for is over. */
export type Eligibility = "now" | "later" | "never"

type OpenEffect = Pick<EffectRow, "effectId" | "kind" | "status">

/** How often a turn is delivered to a process that then turns out to be gone, before it fails. */
const deliveryAttempts = 3

/** Whether a delivery that certainly did not reach the agent is tried again. */
export const mayDeliverAgain = ({ attempts }: Pick<EffectRow, "attempts">): boolean => attempts < deliveryAttempts

/** Whether the session is about to end. Its process still runs and would take a message that belongs to the next session. */
const isStopping = (open: readonly OpenEffect[]): boolean => open.some(({ kind }) => kind === "session.stop")

/** Whether the turn still waits for its delivery: one that may have reached the agent is never delivered again by itself (rule 2). */
export const isDeliverable = (turn: TurnRow): boolean => turnPhase(turn, null) === "waiting"

/** `turn.start`: one turn at a time, only after the last one's end is final, and not into a session that is about to end. */
export const startsTurn = (
  turn: TurnRow | null,
  work: Pick<ThreadWork, "session" | "turns" | "hasMoreTurns"> | null,
  open: readonly OpenEffect[],
): Eligibility => {
  if (turn === null || work === null || !isDeliverable(turn)) return "never"
  const others = work.turns.filter(({ turnId }) => turnId !== turn.turnId)
  const isHeld = work.hasMoreTurns || turnsThat("holdsDelivery", others, work.session).length > 0
  return isHeld || isStopping(open) ? "later" : "now"
}

/** `session.start`: not in a thread that was deleted, and only after the last session's end. */
export const startsSession = (work: Pick<ThreadWork, "thread"> | null, open: readonly OpenEffect[]): Eligibility => {
  if (work === null || work.thread.deletedAt !== null) return "never"
  return isStopping(open) ? "later" : "now"
}

/** A call about the conversation as a whole, such as a rewind: no turn runs, or may still run, and the session is not about to end. */
export const changesConversation = (
  work: Pick<ThreadWork, "thread" | "session" | "turns" | "hasMoreTurns"> | null,
  open: readonly OpenEffect[],
): Eligibility => {
  if (work === null || work.thread.deletedAt !== null) return "never"
  const isHeld = work.hasMoreTurns || turnsThat("holdsDelivery", work.turns, work.session).length > 0
  return isHeld || isStopping(open) ? "later" : "now"
}

/** The native id of the turn that a message may be steered into: one that runs, with a native id; else null. */
export const steeredInto = (turn: TurnRow | null): string | null =>
  turn?.status === "running" ? turn.nativeTurnId : null

/** Whether the agent works on the turn although it was interrupted before it started, and is over for us. */
const goesOnAfterInterrupt = (turn: TurnRow): boolean => isInterruptedEarly(turn) && turn.startedAt !== null

/** Whether the agent works on the turn: then an interrupt reaches it, and one that it ignores ends its session. */
export const isWorkedOn = (turn: TurnRow): boolean => turn.status === "running" || goesOnAfterInterrupt(turn)

/**
 * `turn.interrupt` of a turn whose agent runs: `later` while the turn has no native id to name; a signal comes with its start,
 * its failure or the end of the session.
 */
export const interruptsTurn = (turn: TurnRow | null): Eligibility => {
  if (turn === null || (turn.status === "ended" && !isInterruptedEarly(turn))) return "never"
  return turn.nativeTurnId !== null && isWorkedOn(turn) ? "now" : "later"
}

/**
 * What an interrupt does where the agent is gone: `wait` for the last event of its session; `conclude` the turn, where its
 * delivery has failed or is uncertain; nothing, where the turn is `over`.
 */
export const interruptWithoutAgent = (turn: TurnRow | null): "wait" | "conclude" | "over" => {
  if (turn?.status === "running") return "wait"
  return turn?.status === "requested" ? "conclude" : "over"
}

/** `request.answer`: its question still waits for this answer to arrive (rule 6). */
export const answersRequest = (request: RequestRow | null): Eligibility =>
  request?.status === "answering" ? "now" : "never"

/** `session.stop`: only of the session that it names. */
export const stopsSession = (
  { sessionId }: Pick<EffectRow, "sessionId">,
  living: Pick<SessionRow, "sessionId"> | null,
): Eligibility => (sessionId !== null && living !== null && living.sessionId !== sessionId ? "never" : "now")

/** Calls that bring the agent up where it does not run, without a turn whose row says that it was stopped. */
const startingCalls: ReadonlySet<EffectKind> = new Set(["session.start", "thread.rewind"])

/** Whether a call brings the agent up where it does not run, without a turn that waits for it. */
export const startsAgent = ({ kind }: Pick<EffectRow, "kind">): boolean => startingCalls.has(kind)

/** Calls that would start the agent and were requested before the stop and not begun: their purpose is over. `open`: oldest first. */
export const startsBefore = <E extends OpenEffect>(
  stop: Pick<EffectRow, "effectId">,
  open: readonly E[],
): readonly E[] =>
  open
    .slice(
      0,
      open.findIndex(({ effectId }) => effectId === stop.effectId),
    )
    .filter(({ kind, status }) => startsAgent({ kind }) && status === "pending")

/** Whether the turn still waits for its delivery, by the rows of the writer: else the lease on it is refused. */
export const isTurnDeliverable = ({ requested }: Pick<FoldState, "requested">, turnId: string): boolean =>
  requested.some((turn) => turn.turnId === turnId && isDeliverable(turn))

/** Whether the message still waits in the queue, by the rows of the writer: else the lease on its way into a turn is refused. */
export const isMessageQueued = ({ queue }: Pick<FoldState, "queue">, messageId: string): boolean =>
  queue.includes(messageId)

/** Whether an effect is in the state that a step expects: in this status and, where one is named, under this lease. */
export const isAsExpected = (
  effect: Pick<EffectRow, "status" | "token">,
  { from, token }: { readonly from: EffectRow["status"]; readonly token?: string | undefined },
): boolean => effect.status === from && (token === undefined || effect.token === token)
