/** What a turn used. The provider counts cached input apart from the rest; ours is within the input. */
import type { TokenCounts } from "@threadfold/contracts"
import { omitUndefined } from "../stream/Fact.js"
import { type Fields, hintFields, hintNumber, isFields } from "../wire/read.js"

/** The names under which a part of the wire counts. */
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
  thinking: (counts) => hintNumber(counts, "thinkingTokens"),
}

const ofMainLoop: Names = {
  input: "input_tokens",
  output: "output_tokens",
  cacheRead: "cache_read_input_tokens",
  cacheWritten: "cache_creation_input_tokens",
  thinking: (counts) => hintNumber(hintFields(counts, "output_tokens_details") ?? {}, "thinking_tokens"),
}

const sum = (counts: readonly (number | undefined)[]): number | undefined => {
  const told = counts.filter((count) => count !== undefined)
  return told.length === 0 ? undefined : told.reduce((total, count) => total + count, 0)
}

const add = (all: readonly Fields[], names: Names): TokenCounts => {
  const total = (of: (counts: Fields) => number | undefined) => sum(all.map(of))
  const count = (name: string) => total((counts) => hintNumber(counts, name))
  const cached = count(names.cacheRead)
  const inputTokens = sum([count(names.input), cached, count(names.cacheWritten)])
  const outputTokens = count(names.output)
  return omitUndefined({
    inputTokens,
    cachedInputTokens: cached,
    outputTokens,
    reasoningTokens: total(names.thinking),
    totalTokens: sum([inputTokens, outputTokens]),
  })
}

/**
 * What was used since the last result: all models, subagents included. Older agents tell only their main loop, and
 * nothing of a turn that was interrupted.
 */
export const usageOf = (result: Fields): TokenCounts | undefined => {
  const models = hintFields(result, "model_usage_since_last_result")
  if (models !== undefined) {
    const all = Object.values(models).filter(isFields)
    return all.length === 0 ? undefined : add(all, ofModels)
  }
  const main = hintFields(result, "usage")
  return main === undefined ? undefined : add([main], ofMainLoop)
}

/** The context window of the model, in tokens; of the only one, where the session's has no entry. */
export const contextWindowOf = (result: Fields, model: string | undefined): number | undefined => {
  const models = hintFields(result, "modelUsage") ?? {}
  const entries = Object.entries(models)
  const [, counts] = entries.find(([name]) => name === model) ?? (entries.length === 1 ? (entries[0] ?? []) : [])
  return isFields(counts) ? hintNumber(counts, "contextWindow") : undefined
}
