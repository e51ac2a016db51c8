/**
 * Rule 10: running totals become differences, so that nothing is counted twice after a resume or a fork. The thread's
 * usage is the sum of its turns'.
 */
import type { PayloadOf, TokenCounts, TurnRow } from "@threadfold/contracts"
import type { Step } from "./Step.js"
import { eventSession, refuseStale } from "./standing.js"
import { isProvisional, turnOf } from "./turn.js"

const counts = ["inputTokens", "cachedInputTokens", "outputTokens", "reasoningTokens", "totalTokens"] as const

type Full = { readonly [K in (typeof counts)[number]]: number | null }

const map = (f: (name: (typeof counts)[number]) => number | null): Full => ({
  inputTokens: f("inputTokens"),
  cachedInputTokens: f("cachedInputTokens"),
  outputTokens: f("outputTokens"),
  reasoningTokens: f("reasoningTokens"),
  totalTokens: f("totalTokens"),
})

/** `later - earlier`; a count that nobody reported stays unknown. */
const minus = (later: TokenCounts, earlier: TokenCounts | null): Full =>
  map((name) => {
    const value = later[name]
    return value === undefined || value === null ? null : value - (earlier?.[name] ?? 0)
  })

const plus = (a: TokenCounts | null, b: TokenCounts): Full =>
  map((name) => {
    const x = a?.[name] ?? null
    const y = b[name] ?? null
    return x === null ? y : y === null ? x : x + y
  })

/** Adds to the thread what one of its turns used. */
const addToThread = (step: Step, amount: TokenCounts, contextWindow: number | null): void => {
  const before = step.state.usage
  step.putUsage({
    threadId: step.threadId,
    ...plus(before, amount),
    contextWindow: contextWindow ?? before?.contextWindow ?? null,
    sequence: step.sequence,
  })
}

const add = (step: Step, turn: TurnRow, amount: TokenCounts, contextWindow: number | null): void => {
  step.putTurn({ ...turn, usage: plus(turn.usage, amount) })
  addToThread(step, amount, contextWindow)
}

/** What a terminal says that its turn used in all; returns the turn's new usage and keeps the thread's the sum. */
export const usageOfTerminal = (step: Step, turn: TurnRow, total: TokenCounts): TokenCounts => {
  const amount = minus(total, turn.usage)
  addToThread(step, amount, null)
  return plus(turn.usage, amount)
}

/** `thread.token-usage.updated`. */
export const tokenUsageUpdated = (step: Step, payload: PayloadOf<"thread.token-usage.updated">): void => {
  if (refuseStale(step)) return
  const { event, state } = step
  const contextWindow = payload.contextWindow ?? null
  const named = turnOf(step, event.turnId)
  const turn = named !== null && (named.status === "running" || isProvisional(step, named)) ? named : null
  if (payload.mode === "per-turn") {
    if (turn !== null) add(step, turn, minus(payload.total, turn.usage), contextWindow)
    return
  }
  const scope = payload.mode === "cumulative-session" ? event.sessionId : null
  const baseline = state.baseline?.sessionId === scope ? state.baseline.total : null
  const amount = minus(payload.total, baseline)
  // A count that is left out this time keeps its last total: it would be counted from 0 again when it comes back.
  state.baseline = { sessionId: scope, total: map((name) => payload.total[name] ?? baseline?.[name] ?? null) }
  if (counts.some((name) => (amount[name] ?? 0) < 0)) {
    return step.note("usage-regressed", eventSession(step))
  }
  if (turn !== null) add(step, turn, amount, contextWindow)
}
