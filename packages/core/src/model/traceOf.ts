/** The trace of a turn out of rows, and what a model call cost. */
import type { InferenceView, Rows, TokenCounts, TraceAttempt, TraceStep, TraceTurn } from "@threadfold/contracts"
import { beginningOf, bounded, fitting, longestEntryBytes, noSizes, textHref } from "./bounds.js"
import { inferenceView } from "./view.js"

/** The price of a model, per million tokens, in any one currency. */
export interface ModelPrice {
  readonly input: number
  /** Of input that the provider read from its cache; absent: as other input. */
  readonly cachedInput?: number | undefined
  readonly output: number
}

/** Name of a model → its price. */
export type PriceTable = Readonly<Record<string, ModelPrice>>

const perTokens = 1_000_000

/** What a call cost; null where its model has no price, or its tokens are not known. */
export const costOf = (usage: TokenCounts | null, model: string | null, prices: PriceTable): number | null => {
  const price = model !== null && Object.hasOwn(prices, model) ? prices[model] : undefined
  const input = usage?.inputTokens ?? null
  const output = usage?.outputTokens ?? null
  if (price === undefined || input === null || output === null) return null
  const cached = Math.min(usage?.cachedInputTokens ?? 0, input)
  const { cachedInput = price.input } = price
  return ((input - cached) * price.input + cached * cachedInput + output * price.output) / perTokens
}

const between = (startedAt: number | null, endedAt: number | null): number | null =>
  startedAt === null || endedAt === null ? null : Math.max(0, Math.round(endedAt - startedAt))

/** What a trace shows of an item of the thread. */
export type TracedItem = Pick<
  Rows["items"],
  "itemId" | "kind" | "title" | "status" | "startedAt" | "endedAt" | "nativeItemId"
>

const stepOf = ({ nativeItemId: _, ...item }: TracedItem): TraceStep => ({
  ...item,
  durationMs: between(item.startedAt, item.endedAt),
})

/** The rows of a turn's trace. */
export interface TurnTraceRows {
  readonly turn: Pick<Rows["turns"], "turnId" | "status" | "outcome" | "startedAt" | "endedAt">
  readonly attempts: readonly Rows["inferences"][]
  /** Output items of these attempts, in order. */
  readonly outputs: readonly Rows["inference_items"][]
  /** Items of the thread, by the native id that an output item has as its key. */
  readonly items: ReadonlyMap<string, TracedItem>
  readonly subagents: TraceTurn["subagents"]
}

/** How many attempts of a turn, items of an attempt and subagents of a turn a trace shows. */
export const tracedAtMost = 100

const attemptOf = (
  row: Rows["inferences"],
  outputs: readonly Rows["inference_items"][],
  items: ReadonlyMap<string, TracedItem>,
): TraceAttempt => {
  const view: InferenceView = inferenceView(row)
  const own = outputs.filter(({ inferenceId }) => inferenceId === row.inferenceId)
  return {
    ...view,
    durationMs: between(row.startedAt, row.endedAt),
    partial: row.status === "failed" || row.status === "cancelled" || row.status === "aborted",
    cost: null,
    items: own.slice(0, tracedAtMost).map(({ itemKey, ordinal, sequence }) => {
      const item = items.get(itemKey)
      return { itemKey, ordinal, sequence, step: item === undefined ? null : stepOf(item) }
    }),
    moreItems: row.items > Math.min(own.length, tracedAtMost),
  }
}

/** Longest text of a trace, bytes: one of a call, a title of a step or of a thread. */
const textBytes = 4_096
const titleBytes = 512
/** What the steps of a call, and the threads of a turn, take of an entry at most. */
const partBytes = longestEntryBytes / 4

const cutTitle = <A extends { readonly title: string | null }>(one: A): A =>
  one.title === null ? one : { ...one, title: beginningOf(one.title, titleBytes) }

/** A call as far as it rides along. */
const boundedAttempt = ({ items, ...call }: TraceAttempt): TraceAttempt => {
  const href = (field: string) => textHref("inferences", [call.inferenceId], field)
  const steps = items.map((item) => ({ ...item, step: item.step && cutTitle(item.step) }))
  const shown = steps.slice(0, fitting(steps, partBytes))
  const { truncated, ...cut } = bounded(call, href, noSizes, textBytes)
  return {
    ...cut,
    ...(truncated === undefined ? {} : { truncated }),
    items: shown,
    moreItems: call.moreItems || shown.length < items.length,
  }
}

/** The trace of a turn, no longer than an entry of a list. Costs are filled in where prices are known. */
export const turnTrace = ({ attempts, items, outputs, subagents, turn }: TurnTraceRows): TraceTurn => {
  const calls = attempts.slice(0, tracedAtMost).map((row) => boundedAttempt(attemptOf(row, outputs, items)))
  const threads = subagents.map(cutTitle)
  const shownThreads = threads.slice(0, fitting(threads, partBytes))
  const shown = calls.slice(0, fitting(calls, longestEntryBytes - partBytes - 1_024))
  return {
    turnId: turn.turnId,
    status: turn.status,
    outcome: turn.outcome,
    startedAt: turn.startedAt,
    endedAt: turn.endedAt,
    durationMs: between(turn.startedAt, turn.endedAt),
    attempts: shown,
    moreAttempts: attempts.length > shown.length,
    subagents: shownThreads,
  }
}

/** The trace with what each call cost. */
export const withCosts = (turn: TraceTurn, prices: PriceTable): TraceTurn => ({
  ...turn,
  attempts: turn.attempts.map((attempt) => ({ ...attempt, cost: costOf(attempt.usage, attempt.model, prices) })),
})
