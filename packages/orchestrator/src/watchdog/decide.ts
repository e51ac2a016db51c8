/** What the watchdog thinks of a running turn: pure and total, from rows and from what was heard of its agent. */
import type { RunningTurn, StartingTurn, Wait } from "@threadfold/projections"
import type { AgentLimits } from "../Agents.js"
import { ageOf, type Moment } from "../host/Moment.js"
import { covered, type Span } from "../host/spans.js"
import type { ReaperPolicy } from "../reaper/ReaperPolicy.js"

/** What is decided on. */
export interface TurnFacts {
  readonly turn: RunningTurn
  /** Limits of the agent that we run in its thread; null: we do not run it, so it is not ours to end. */
  readonly limits: AgentLimits | null
  /** Since when its agent does nothing but retry, ms since the epoch; null: it does not. */
  readonly retriesSince: number | null
  /** When it waited for a person. */
  readonly waits: readonly Wait[]
  /** When the host slept. */
  readonly sleeps: readonly Span[]
}

/** What is to be done, in this order. */
export interface TurnVerdict {
  /** For how long nothing has been heard, ms, where that is to be shown; null: nothing new. */
  readonly silentMs: number | null
  /** Why it is to be interrupted, for a person; null: it is not. */
  readonly interrupt: string | null
}

/** How long nothing has been heard of a turn that ought to speak, ms; 0 while it waits for a person. */
const silenceOf = ({ turn, waits }: TurnFacts, moment: Moment): number => {
  if (turn.openRequests > 0) return 0
  // Until a person answered it was not the agent's turn to speak.
  const heard = Math.max(turn.lastActivityAt ?? turn.startedAt ?? moment.now, ...waits.map(({ until }) => until ?? 0))
  return ageOf(heard, moment)
}

/** For how long the turn has run, ms, without the times in which it waited for a person or the host slept. */
const runtimeOf = ({ sleeps, turn, waits }: TurnFacts, { now }: Moment): number => {
  const within = { from: Math.min(turn.startedAt ?? now, now), until: now }
  const waited = waits.flatMap(({ from, until }) => (from === null ? [] : [{ from, until: until ?? now }]))
  return now - within.from - covered([...waited, ...sleeps], within)
}

const overdue = (facts: TurnFacts, limits: AgentLimits, moment: Moment): string | null => {
  const { retryMs, turnMs } = limits
  const { retriesSince } = facts
  if (retryMs > 0 && retriesSince !== null && ageOf(retriesSince, moment) >= retryMs) {
    return `retry deadline: the agent has done nothing but retry for ${retryMs} ms (limits.retryMs)`
  }
  return turnMs > 0 && runtimeOf(facts, moment) >= turnMs
    ? `turn deadline: the turn has run for ${turnMs} ms (limits.turnMs)`
    : null
}

/** For how long a turn that was handed over has not started, ms, where that is longer than its agent may take; else null. */
export const startOverdue = (
  { since }: Pick<StartingTurn, "since">,
  { turnStartMs }: Pick<AgentLimits, "turnStartMs">,
  moment: Moment,
): number | null => {
  const waited = since === null ? 0 : ageOf(since, moment)
  return turnStartMs > 0 && waited >= turnStartMs ? waited : null
}

/** Decides on one turn. */
export const decideTurn = (facts: TurnFacts, moment: Moment, policy: ReaperPolicy): TurnVerdict => {
  const { limits, turn } = facts
  const { onStall, stallMs } = policy
  const silent = silenceOf(facts, moment)
  const isStalled = stallMs > 0 && silent >= stallMs
  const mayEnd = limits !== null && turn.mode === "managed" && turn.interruptRequestedAt === null
  const stalled =
    isStalled && onStall === "interrupt" ? `stalled: nothing was heard for ${stallMs} ms (reaper.stallMs)` : null
  return {
    silentMs: isStalled && turn.stalled === 0 && turn.mode !== "imported" ? silent : null,
    interrupt: mayEnd ? (overdue(facts, limits, moment) ?? stalled) : null,
  }
}
