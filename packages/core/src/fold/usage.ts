/**
 * Rule 10: running totals become differences, so that nothing is counted twice after a resume, a repeat or a rewind. The
 * thread's usage is the sum of its turns'.
 */

import {
  type PayloadOf,
  type TokenCountName,
  type TokenCounts,
  type TurnRow,
  tokenCountNames,
} from "@threadfold/contracts"
import type { Baseline } from "../state/FoldState.js"
import { livingSession } from "../state/lifecycle.js"
import { byRule } from "./byRule.js"
import { turnOf } from "./openRows.js"
import { eventSession, refuseStale, type Step } from "./Step.js"

type Full = { readonly [K in TokenCountName]: number | null }

const map = (f: (name: TokenCountName) => number | null): Full => ({
  inputTokens: f("inputTokens"),
  cachedInputTokens: f("cachedInputTokens"),
  outputTokens: f("outputTokens"),
  reasoningTokens: f("reasoningTokens"),
  totalTokens: f("totalTokens"),
})

/** `later - earlier`; a count that was not reported stays unknown. */
const minus = (later: TokenCounts, earlier: TokenCounts | null): Full =>
  map((name) => {
    const value = later[name]
    return value === undefined || value === null ? null : value - (earlier?.[name] ?? 0)
  })

/** Adds nothing. */
const isNothing = (amount: TokenCounts): boolean => tokenCountNames.every((name) => (amount[name] ?? 0) === 0)

/** Whether the amount adds no knowledge: a count of 0 where none was known adds some. */
const addsNothing = (known: TokenCounts | null, amount: TokenCounts): boolean =>
  isNothing(amount) &&
  tokenCountNames.every((name) => (amount[name] ?? null) === null || (known?.[name] ?? null) !== null)

const plus = (a: TokenCounts | null, b: TokenCounts): Full =>
  map((name) => {
    const x = a?.[name] ?? null
    const y = b[name] ?? null
    return x === null ? y : y === null ? x : x + y
  })

/** The fields of an event beside its counts, for display. */
interface Shown {
  readonly contextWindow?: number | null | undefined
  readonly last?: TokenCounts | null | undefined
}

const sameCounts = (a: TokenCounts | null, b: TokenCounts | null): boolean =>
  a === b || (a !== null && b !== null && tokenCountNames.every((name) => (a[name] ?? null) === (b[name] ?? null)))

/** Adds to the thread what one of its turns used. A row that would stay the same is not written. */
const addToThread = (step: Step, amount: TokenCounts, shown: Shown = {}): void => {
  const before = step.state.usage
  const contextWindow = shown.contextWindow ?? before?.contextWindow ?? null
  const last = shown.last ?? before?.last ?? null
  const same =
    addsNothing(before, amount) &&
    contextWindow === (before?.contextWindow ?? null) &&
    sameCounts(last, before?.last ?? null)
  if (same) return
  step.putUsage({ threadId: step.threadId, ...plus(before, amount), contextWindow, last, sequence: step.sequence })
}

const nothing: TokenCounts = {}

/** Adds what a turn used to it and to the thread; without a turn only what is shown is taken over. */
const add = (step: Step, turn: TurnRow | null, amount: TokenCounts, shown: Shown): void => {
  if (turn !== null && !addsNothing(turn.usage, amount)) step.putTurn({ ...turn, usage: plus(turn.usage, amount) })
  addToThread(step, turn === null ? nothing : amount, shown)
}

/** Applies the total usage of a terminal; returns the turn's new usage, and keeps the thread's usage the sum. */
export const usageOfTerminal = byRule(10, (step: Step, turn: TurnRow, total: TokenCounts): TokenCounts => {
  const amount = minus(total, turn.usage)
  addToThread(step, amount)
  step.trace?.credit("turns", turn.turnId, "usage")
  return plus(turn.usage, amount)
})

/** The turn that a total counts for: the one that runs, or one of the living session that has ended; null: none. */
const countedTurn = (step: Step): TurnRow | null => {
  const turn = turnOf(step, step.event.turnId)
  if (turn === null || turn.status === "running") return turn
  const sessionId = livingSession(step.state)?.sessionId
  return turn.status === "ended" && step.relation === "current" && turn.sessionId === sessionId ? turn : null
}

/** Whether a total is lower than the one before: by the provider's own sum, where both have it. */
const hasFallen = (total: TokenCounts, before: TokenCounts): boolean => {
  const fell = (name: TokenCountName): boolean => {
    const now = total[name] ?? null
    const then = before[name] ?? null
    return now !== null && then !== null && now < then
  }
  const known = (total.totalTokens ?? null) !== null && (before.totalTokens ?? null) !== null
  return known ? fell("totalTokens") : tokenCountNames.some(fell)
}

/** What a total adds to its turn, and what the next one is compared with. Null: it is a repeat of an older one. */
interface Counted {
  readonly amount: TokenCounts
  readonly baseline: Baseline
}

type Total = PayloadOf<"thread.token-usage.updated">

/**
 * A total after a rewind. The source may continue its count or restart it, so only `last` shows what is new. A lower total before
 * the next turn starts is what is left, or a repeat: it counts nothing in both cases.
 */
const afterRewind = (total: Total, baseline: Baseline, runs: boolean): Counted => {
  if (!runs) {
    return hasFallen(total.total, baseline.total)
      ? { amount: nothing, baseline: { ...baseline, left: total.total } }
      : counted(total, baseline)
  }
  const base = baseline.left ?? baseline.total
  const amount = total.last ?? (hasFallen(total.total, base) ? nothing : grown(total.total, base))
  return {
    amount: map((name) => amount[name] ?? null),
    baseline: {
      ...baseline,
      total: map((name) => total.total[name] ?? null),
      turnStarted: false,
      rewound: false,
      left: null,
    },
  }
}

/** The differences of a total that has not fallen; a part of it that has is counted again only beyond its last value. */
const grown = (total: TokenCounts, before: TokenCounts | null): TokenCounts => {
  const amount = minus(total, before)
  return map((name) => (amount[name] === null ? null : Math.max(0, amount[name])))
}

const highest = (a: number | null | undefined, b: number | null | undefined): number | null => {
  if (a === null || a === undefined) return b ?? null
  return b === null || b === undefined ? a : Math.max(a, b)
}

/** A total that has not fallen: its difference counts. */
const counted = (total: Total, baseline: Baseline): Counted => ({
  amount: grown(total.total, baseline.total),
  // A count that is left out this time keeps its last total: it would be counted from 0 again when it comes back.
  baseline: {
    ...baseline,
    total: map((name) => highest(total.total[name], baseline.total[name])),
    turnStarted: false,
  },
})

/** Rule 10 of one running total. `turn`: the one that it counts for. */
const count = (total: Total, baseline: Baseline, turn: TurnRow | null): Counted | null => {
  const runs = turn?.status === "running"
  if (baseline.rewound && (baseline.turnStarted || !runs)) return afterRewind(total, baseline, runs)
  if (!hasFallen(total.total, baseline.total)) return counted(total, baseline)
  // The total has fallen. For an older turn it is a repeat; a turn that started since may count from 0.
  if (!baseline.turnStarted || (turn !== null && !runs)) return null
  const amount = runs ? map((name) => total.last?.[name] ?? null) : nothing
  return { amount, baseline: { ...baseline, total: map((name) => total.total[name] ?? null), turnStarted: false } }
}

/** `thread.token-usage.updated`. */
export const tokenUsageUpdated = (step: Step, payload: Total): void => {
  if (refuseStale(step)) return
  const { event, state } = step
  const turn = countedTurn(step)
  if (payload.mode === "per-turn") {
    if (turn !== null) add(step, turn, minus(payload.total, turn.usage), payload)
    return
  }
  const sessionId = payload.mode === "cumulative-session" ? event.sessionId : null
  const known = state.baseline?.sessionId === sessionId ? state.baseline : null
  const blank: Baseline = { sessionId, total: map(() => null), turnStarted: false, rewound: false, left: null }
  const result = count(payload, known ?? blank, turn)
  if (result === null || (known !== null && hasFallen(payload.total, known.total))) {
    step.note("usage-regressed", eventSession(step))
  }
  if (result === null) return
  state.baseline = result.baseline
  add(step, turn, result.amount, payload)
}
