/**
 * What the watchdog concludes about running and waiting turns (rules 2, 5 and 6 of docs/rules.md, docs/how-to/reaper.md): pure
 * and total functions of rows and of the times of the agent's events.
 */
import type { Bit, RequestRow, SessionRow, TurnRow } from "@threadfold/contracts"
import { isWaiting } from "../state/lifecycle.js"
import { ageOf, covered, type Moment, type Span } from "./Moment.js"
import { type AnswerRule, type HeldRule, isAnswerRule, type RuleHolder, ruleFor } from "./unattendedRules.js"

/** A turn that runs in a session that lives. */
export interface RunningTurn {
  readonly threadId: string
  readonly turnId: string
  readonly mode: SessionRow["mode"]
  /** The agent that we run in the thread; null: we do not run it. */
  readonly agent: string | null
  /** Source clock. */
  readonly startedAt: number | null
  /** When the last event of the session came, ms since the epoch by our clock. */
  readonly lastActivityAt: number | null
  readonly stalled: Bit
  readonly interruptRequestedAt: number | null
  /** Questions of the thread that are open or being answered. */
  readonly openRequests: number
}

/** A turn that was asked for and has not started, in a thread whose session lives. */
export interface StartingTurn extends Pick<TurnRow, "status" | "handedOver" | "uncertain"> {
  readonly threadId: string
  readonly turnId: string
  readonly mode: SessionRow["mode"]
  /** The agent that we run in the thread; null: we do not run it. */
  readonly agent: string | null
  readonly ordinal: number
  /** Version of the turn's row. */
  readonly sequence: number
  /** When its row last changed, by our clock; else when it was asked for. */
  readonly since: number | null
}

/** An ended turn with open work after its end, in a thread whose session lives. */
export interface AfterEndWork {
  readonly threadId: string
  readonly turnId: string
  readonly mode: SessionRow["mode"]
  /** Questions of the thread that are open or being answered. */
  readonly openRequests: number
  /** Version of the thread's row. */
  readonly threadSequence: number
  /** When the last event of the thread came, ms since the epoch by our clock. */
  readonly lastActivityAt: number | null
}

/** A question of a session that lives: it waits for a person, or its answer is on its way. */
export interface OpenQuestion {
  readonly threadId: string
  readonly requestId: string
  readonly turnId: string | null
  readonly kind: RequestRow["kind"]
  readonly status: RequestRow["status"]
  readonly mode: SessionRow["mode"]
  /** Its thread, the one that this was spawned from, and so on, with their rules. */
  readonly line: readonly RuleHolder[]
  /** Since when, by the source clock. */
  readonly openedAt: number | null
}

/** A time in which a turn waited for a person, source clock; `until` null: it still does. */
export interface Wait {
  readonly from: number | null
  readonly until: number | null
}

/** How long an agent may take, ms; 0: no limit. */
export interface TurnLimits {
  /** From the delivery of a turn to its start. */
  readonly turnStartMs: number
  /** A turn, times in which it waits for a person not counted. */
  readonly turnMs: number
  /** A turn that only retries. */
  readonly retryMs: number
}

/** What follows when no person answers a question. */
export type UnattendedPolicy =
  | { readonly action: "wait" }
  | { readonly action: "deny" | "expire"; readonly afterMs: number }

/** How long silence is allowed, ms: the part of the reaper's policy that these rules read. */
export interface WatchPolicy {
  /** A running turn without an event for so long is shown as stalled; 0: none is. */
  readonly stallMs: number
  /** Whether a stalled turn is interrupted, too. */
  readonly onStall: "show" | "interrupt"
}

/** The facts of a turn that the decision depends on. */
export interface TurnFacts {
  readonly turn: RunningTurn
  /** Limits of the agent that we run in its thread; null: we do not run it, so it is not ours to end. */
  readonly limits: TurnLimits | null
  /** Since when its agent does nothing but retry, ms since the epoch; null: it does not. */
  readonly retriesSince: number | null
  /** When it waited for a person. */
  readonly waits: readonly Wait[]
  /** When the host slept. */
  readonly sleeps: readonly Span[]
}

/** The steps of the watchdog, in this order. */
export interface TurnVerdict {
  /** How long no event came, ms, where that is to be shown; null: nothing new. */
  readonly silentMs: number | null
  /** The reason for an interrupt, as text for a person; null: no interrupt. */
  readonly interrupt: string | null
}

/** How long no event came of a turn from which events are expected, ms; 0 while it waits for a person. */
const silenceOf = ({ turn, waits }: TurnFacts, moment: Moment): number => {
  if (turn.openRequests > 0) return 0
  // While it waited for a person, no event of the agent was expected.
  const heard = Math.max(turn.lastActivityAt ?? turn.startedAt ?? moment.now, ...waits.map(({ until }) => until ?? 0))
  return ageOf(heard, moment)
}

/** For how long the turn has run, ms, without the times in which it waited for a person or the host slept. */
const runtimeOf = ({ sleeps, turn, waits }: TurnFacts, { now }: Moment): number => {
  const within = { from: Math.min(turn.startedAt ?? now, now), until: now }
  const waited = waits.flatMap(({ from, until }) => (from === null ? [] : [{ from, until: until ?? now }]))
  return now - within.from - covered([...waited, ...sleeps], within)
}

const overdue = (facts: TurnFacts, limits: TurnLimits, moment: Moment): string | null => {
  const { retryMs, turnMs } = limits
  const { retriesSince } = facts
  if (retryMs > 0 && retriesSince !== null && ageOf(retriesSince, moment) >= retryMs) {
    return `retry deadline: the agent has done nothing but retry for ${retryMs} ms (limits.retryMs)`
  }
  return turnMs > 0 && runtimeOf(facts, moment) >= turnMs
    ? `turn deadline: the turn has run for ${turnMs} ms (limits.turnMs)`
    : null
}

/**
 * Whether the start of a turn is timed (rule 2): it was delivered to a living session that we run, and waits. Recordings and attached
 * sessions conclude at their session's end.
 */
export const isStartTimed = (
  turn: Pick<TurnRow, "status" | "handedOver" | "uncertain">,
  mode: SessionRow["mode"] | null,
): boolean => isWaiting(turn) && turn.handedOver === 1 && mode === "managed"

/** For how long a turn that was delivered has not started, ms, where that is longer than its agent may take; else null. */
export const startOverdue = (
  { since }: Pick<StartingTurn, "since">,
  { turnStartMs }: Pick<TurnLimits, "turnStartMs">,
  moment: Moment,
): number | null => {
  const waited = since === null ? 0 : ageOf(since, moment)
  return turnStartMs > 0 && waited >= turnStartMs ? waited : null
}

/** Decides on one turn. */
export const decideTurn = (facts: TurnFacts, moment: Moment, policy: WatchPolicy): TurnVerdict => {
  const { limits, turn } = facts
  const { onStall, stallMs } = policy
  const silent = silenceOf(facts, moment)
  const isStalled = stallMs > 0 && silent >= stallMs
  const mayEnd = limits !== null && turn.mode === "managed" && turn.interruptRequestedAt === null
  const stalled =
    isStalled && onStall === "interrupt" ? `stalled: no event came for ${stallMs} ms (reaper.stallMs)` : null
  return {
    silentMs: isStalled && turn.stalled === 0 && turn.mode !== "imported" ? silent : null,
    interrupt: mayEnd ? (overdue(facts, limits, moment) ?? stalled) : null,
  }
}

/**
 * How long no event came of a thread whose agent works after its turn's end, ms, where that is so long that the work counts as
 * over; else null (rule 5). While a person is asked, no event is expected, and a recording ends with its last event.
 *
 * @param afterEndMs how long the silence must be; 0: the work ends with its session alone
 */
export const afterEndOverdue = (
  { lastActivityAt, mode, openRequests }: Pick<AfterEndWork, "lastActivityAt" | "mode" | "openRequests">,
  afterEndMs: number,
  moment: Moment,
): number | null => {
  if (afterEndMs === 0 || mode === "imported" || openRequests > 0) return null
  const silent = ageOf(lastActivityAt ?? moment.now, moment)
  return silent >= afterEndMs ? silent : null
}

/** Whether a question is ours to end: it waits for a person, in a session that we run. An adapter ends its own. */
const isOursToEnd = ({ mode, status }: Pick<OpenQuestion, "mode" | "status">): boolean =>
  status === "open" && mode === "managed"

/** What becomes of a question: a rule of its thread answers it, or the policy of the server ends it. */
export type UnattendedEnd = HeldRule<AnswerRule> | Exclude<UnattendedPolicy, { readonly action: "wait" }>

/** Who ends a question that no person answers, and after how long it does; null: the question waits. */
const endingOf = (
  { kind, line }: QuestionInLine,
  policy: UnattendedPolicy,
): { readonly end: UnattendedEnd; readonly afterMs: number } | null => {
  const held = ruleFor(line, kind)
  if (held !== null) return isAnswerRule(held) ? { end: held, afterMs: held.rule.afterMs } : null
  return policy.action === "wait" ? null : { end: policy, afterMs: policy.afterMs }
}

type QuestionInLine = Pick<OpenQuestion, "line"> & { readonly kind: string }

/**
 * What becomes now of a question that no person answers (rule 6): what a rule of its thread says, else the policy of the server; null: it
 * goes on waiting.
 */
export const unattended = (
  question: Pick<OpenQuestion, "mode" | "openedAt" | "status"> & QuestionInLine,
  policy: UnattendedPolicy,
  moment: Moment,
): UnattendedEnd | null => {
  const { openedAt } = question
  if (openedAt === null || !isOursToEnd(question)) return null
  const ending = endingOf(question, policy)
  return ending !== null && ageOf(openedAt, moment) >= ending.afterMs ? ending.end : null
}
