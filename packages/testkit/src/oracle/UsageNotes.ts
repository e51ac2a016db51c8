/** Running totals of tokens, and the differences that turns are charged with (rule 10 of the fold). */
import type { UsageView } from "@threadfold/contracts"
import { get, number } from "./readWire.js"

const names = ["inputTokens", "cachedInputTokens", "outputTokens", "reasoningTokens", "totalTokens"] as const

/** Codex's name of a count, where it is another one. */
const nativeName = (name: (typeof names)[number]): string =>
  name === "reasoningTokens" ? "reasoningOutputTokens" : name

const nothing: { -readonly [K in keyof UsageView]: UsageView[K] } = {
  inputTokens: null,
  cachedInputTokens: null,
  outputTokens: null,
  reasoningTokens: null,
  totalTokens: null,
}

/** A running total, and what the last model call used of it; null where the wire does not tell that. */
export interface TotalNotes {
  readonly total: UsageView
  readonly last: UsageView | null
}

const readCounts = (counts: unknown): UsageView => {
  const result = { ...nothing }
  for (const name of names) result[name] = number(get(counts, nativeName(name)))
  return result
}

export const readTotal = (tokenUsage: unknown): TotalNotes => {
  const last = get(tokenUsage, "last")
  return {
    total: readCounts(get(tokenUsage, "total")),
    last: last === undefined || last === null ? null : readCounts(last),
  }
}

/** Adds name by name; a count that neither side has stays absent. */
export const add = (a: UsageView | null, b: UsageView): UsageView => {
  const result = { ...nothing }
  for (const name of names) {
    const [x, y] = [a?.[name] ?? null, b[name]]
    result[name] = x === null && y === null ? null : (x ?? 0) + (y ?? 0)
  }
  return result
}

/** What a new total adds to the one before it; null: it went down. */
export const difference = (before: UsageView | null, total: UsageView): UsageView | null => {
  const result = { ...nothing }
  for (const name of names) {
    const [now, then] = [total[name], before?.[name] ?? 0]
    if (now !== null && now < then) return null
    result[name] = now === null ? null : now - then
  }
  return result
}

export const sum = (all: readonly (UsageView | null)[]): UsageView | null =>
  all.reduce<UsageView | null>((total, one) => (one === null ? total : add(total, one)), null)
