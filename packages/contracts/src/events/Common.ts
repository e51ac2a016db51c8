/** Pieces that several event payloads share. */
import { Schema } from "effect"
import { listed, maybe, shape, text } from "../fields.js"
import { maxTokenCount } from "../Limits.js"

/** Milliseconds since the Unix epoch, by the clock of the event's source. */
export const EpochMs = Schema.Number
/** A JSON value kept as the provider sent it. */
export const Json = Schema.Unknown
/** Settings in the provider's words: its approval policy, its sandbox. What they are, the agent decides. */
export const Settings = Schema.Record({ key: Schema.String, value: Json })

/** A count of tokens: whole, so that sums and differences are exact. */
export const TokenCount = Schema.Number.pipe(Schema.int(), Schema.between(0, maxTokenCount))

/** Token counts of an attempt, a turn or a thread. */
export const TokenCounts = shape(
  "TokenCounts",
  "Token counts. Absent means that the provider did not report it, which is not 0. `inputTokens` includes the cached ones, `outputTokens` includes the reasoning ones (Codex and OpenAI convention).",
  {
    inputTokens: maybe(TokenCount, "Tokens of the prompt, cached ones included."),
    cachedInputTokens: maybe(TokenCount, "Prompt tokens that were read from the provider's cache."),
    outputTokens: maybe(TokenCount, "Tokens of the answer, reasoning included."),
    reasoningTokens: maybe(TokenCount, "Tokens of hidden or shown reasoning."),
    totalTokens: maybe(TokenCount, "The provider's own total."),
  },
)
export type TokenCounts = typeof TokenCounts.Type

/** Their names. */
export const tokenCountNames = [
  "inputTokens",
  "cachedInputTokens",
  "outputTokens",
  "reasoningTokens",
  "totalTokens",
] as const satisfies readonly (keyof TokenCounts)[]
export type TokenCountName = (typeof tokenCountNames)[number]

/** How a driver reports usage. */
export const UsageMode = listed(
  "UsageMode",
  "How a driver reports usage (rule 10 of the fold).",
  "cumulative-thread",
  "cumulative-session",
  "per-turn",
)
export type UsageMode = typeof UsageMode.Type

/** An error in the provider's words. */
export const ProviderError = shape("ProviderError", "What went wrong, in the provider's words.", {
  message: text("One sentence for a person."),
  code: maybe(Schema.String, "The provider's machine-readable kind, for example `contextWindowExceeded`."),
  httpStatus: maybe(Schema.Number, "HTTP status of the upstream call, where one is known."),
  details: maybe(Schema.String, "Anything longer that the provider added."),
})
export type ProviderError = typeof ProviderError.Type

/** The payload of events without fields. */
export const Empty = shape("Empty", "The payload of an event that needs no fields beside its type and ids.", {})
