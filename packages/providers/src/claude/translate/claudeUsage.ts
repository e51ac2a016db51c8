/** The token usage of a turn. The provider counts cached input apart from the other input; our input includes it. */
import { type TokenCountName, type TokenCounts, tokenCountNames } from "@threadfold/contracts"
import { omitUndefined } from "../../runtime/Fact.js"
import {
  asTokens,
  type Fields,
  hintFields,
  hintNumber,
  hintTokens,
  isFields,
  sumTokens,
} from "../../runtime/readFields.js"

/** The names of the counts in a part of the wire. */
interface Names {
  readonly input: string
  readonly output: string
  readonly cacheRead: string
  readonly cacheWritten: string
  readonly thinking: (counts: Fields) => number | undefined
}

const ofModels: Names = {
  input: "inputTokens",
  output: "outputTokens",
  cacheRead: "cacheReadInputTokens",
  cacheWritten: "cacheCreationInputTokens",
  thinking: (counts) => hintTokens(counts, "thinkingTokens"),
}

const ofMainLoop: Names = {
  input: "input_tokens",
  output: "output_tokens",
  cacheRead: "cache_read_input_tokens",
  cacheWritten: "cache_creation_input_tokens",
  thinking: (counts) => hintTokens(hintFields(counts, "output_tokens_details") ?? {}, "thinking_tokens"),
}

const add = (all: readonly Fields[], names: Names): TokenCounts => {
  const total = (of: (counts: Fields) => number | undefined) => sumTokens(all.map(of))
  const count = (name: string) => total((counts) => hintTokens(counts, name))
  const cached = count(names.cacheRead)
  const inputTokens = sumTokens([count(names.input), cached, count(names.cacheWritten)])
  const outputTokens = count(names.output)
  return omitUndefined({
    inputTokens,
    cachedInputTokens: cached,
    outputTokens,
    reasoningTokens: total(names.thinking),
    totalTokens: sumTokens([inputTokens, outputTokens]),
  })
}

/**
 * The usage of all models in a conversation up to its last result. Undefined: not known, because the conversation began before
 * this connection.
 */
export interface ModelTotals {
  counted: TokenCounts | undefined
}

const difference = (later: TokenCounts, earlier: TokenCounts): TokenCounts => {
  const of = (name: TokenCountName): number | undefined => {
    const value = later[name] ?? undefined
    return value === undefined ? undefined : asTokens(value - (earlier[name] ?? 0))
  }
  return omitUndefined({
    inputTokens: of("inputTokens"),
    cachedInputTokens: of("cachedInputTokens"),
    outputTokens: of("outputTokens"),
    reasoningTokens: of("reasoningTokens"),
    totalTokens: of("totalTokens"),
  })
}

/** The sum over all models. Undefined: the result names no model. */
const modelsOf = (result: Fields, key: string): TokenCounts | undefined => {
  const models = Object.values(hintFields(result, key) ?? {}).filter(isFields)
  return models.length === 0 ? undefined : add(models, ofModels)
}

const isNothing = (used: TokenCounts): boolean => tokenCountNames.every((name) => (used[name] ?? 0) === 0)

/**
 * The usage since the last result, of all models, with subagents. The newest agents report exactly that. Older agents report a
 * running total of all models, which a new process continues or starts again. The usage is at least that of the main loop, so
 * a smaller difference means that the total has started again. Still older agents report only the main loop, and not even
 * that for an interrupted turn.
 */
export const usageOf = (result: Fields, totals: ModelTotals): TokenCounts | undefined => {
  const before = totals.counted
  const total = modelsOf(result, "modelUsage")
  // The result of a crash may hold zeros, which are not the usage of the conversation.
  const isBlank = result.is_error === true && total !== undefined && isNothing(total)
  const reportsModels = hintFields(result, "modelUsage") !== undefined
  if (reportsModels && !isBlank) totals.counted = total ?? {}
  if (hintFields(result, "model_usage_since_last_result") !== undefined) {
    return modelsOf(result, "model_usage_since_last_result")
  }
  const loop = hintFields(result, "usage")
  const main = loop === undefined ? undefined : add([loop], ofMainLoop)
  if (total === undefined || isBlank || before === undefined) {
    return reportsModels && main !== undefined && isNothing(main) ? undefined : main
  }
  const since = difference(total, before)
  const isAnew =
    tokenCountNames.some((name) => (since[name] ?? 0) < 0) || (since.totalTokens ?? 0) < (main?.totalTokens ?? 0)
  const used = isAnew ? total : since
  return isNothing(used) ? undefined : used
}

/** The context window of the session's model, in tokens. Where that has no entry: of the only model. */
export const contextWindowOf = (result: Fields, model: string | undefined): number | undefined => {
  const models = hintFields(result, "modelUsage") ?? {}
  const entries = Object.entries(models)
  const [, counts] = entries.find(([name]) => name === model) ?? (entries.length === 1 ? (entries[0] ?? []) : [])
  return isFields(counts) ? hintNumber(counts, "contextWindow") : undefined
}
