/** Pieces that several event payloads share. */
import { Schema } from "effect"
import { maxTokenCount } from "../Limits.js"

/** Milliseconds since the Unix epoch, by the clock of the event's source. */
export const EpochMs = Schema.Number
/** A JSON value kept as the provider sent it. */
export const Json = Schema.Unknown
/** An optional field that may also be sent as null; both mean "not known". */
export const maybe = <A, I>(schema: Schema.Schema<A, I>) => Schema.optional(Schema.NullOr(schema))

/** A count of tokens: whole, so that sums and differences are exact. */
export const TokenCount = Schema.Number.pipe(Schema.int(), Schema.between(0, maxTokenCount))

/**
 * Token counts. Absent means that the provider did not say, which is not 0.
 * `inputTokens` includes the cached ones, `outputTokens` includes the reasoning ones (Codex and OpenAI convention).
 */
export const TokenCounts = Schema.Struct({
  /** Tokens of the prompt, cached ones included. */
  inputTokens: maybe(TokenCount),
  /** Prompt tokens that were read from the provider's cache. */
  cachedInputTokens: maybe(TokenCount),
  /** Tokens of the answer, reasoning included. */
  outputTokens: maybe(TokenCount),
  /** Tokens of hidden or shown reasoning. */
  reasoningTokens: maybe(TokenCount),
  /** The provider's own total. */
  totalTokens: maybe(TokenCount),
})
export type TokenCounts = typeof TokenCounts.Type

/** How a driver reports usage (rule 10 of the fold). */
export const UsageMode = Schema.Literal("cumulative-thread", "cumulative-session", "per-turn")
export type UsageMode = typeof UsageMode.Type

/** What went wrong, in the provider's words. */
export const ProviderError = Schema.Struct({
  /** One sentence for a person. */
  message: Schema.String,
  /** The provider's machine-readable kind, for example `contextWindowExceeded`. */
  code: maybe(Schema.String),
  /** HTTP status of the upstream call, where one is known. */
  httpStatus: maybe(Schema.Number),
  /** Anything longer that the provider added. */
  details: maybe(Schema.String),
})
export type ProviderError = typeof ProviderError.Type

/** The payload of an event that says all by its type and ids. */
export const Empty = Schema.Struct({})
