import { Schema } from "effect"
import { TokenCounts } from "../events/Common.js"
import { field, optInt, shape } from "../fields.js"
import { sequence, threadId } from "./shared.js"
import { type RowOf, table } from "./table.js"

const counts = {
  inputTokens: optInt("Tokens of the prompt, cached ones included; null: not reported."),
  cachedInputTokens: optInt("Prompt tokens that were read from the provider's cache; null: not reported."),
  outputTokens: optInt("Tokens of the answer, reasoning included; null: not reported."),
  reasoningTokens: optInt("Tokens of hidden or shown reasoning; null: not reported."),
  totalTokens: optInt("The provider's own total, tokens; null: not reported."),
} as const
const contextWindow = optInt("Context window of the model, tokens; null: not reported.")

/** Every field of the usage of a thread. */
export const Usage = shape("UsageRow", "Tokens of a thread: the sum of its turns', those taken back included.", {
  threadId,
  ...counts,
  contextWindow,
  last: field(
    Schema.NullOr(TokenCounts),
    "What the last model call used, where the provider reports it; null: not reported.",
  ),
  sequence,
})

/** Its table. */
export const usage = table("usage", "Tokens of a thread: the sum of its turns'. Absent counts are null.", Usage, {
  key: ["threadId"],
  derived: ["sequence"],
})
/** A row of `usage`. */
export type UsageRow = RowOf<typeof usage>

/** Tokens of anything that uses some. */
export const UsageView = shape("TokenUsage", "Tokens; a count that was not reported is null, which is not 0.", counts)
export type UsageView = typeof UsageView.Type

/** Tokens of a thread. */
export const ThreadUsage = shape(
  "ThreadUsage",
  "Tokens of a thread: the sum of its turns', those taken back included.",
  {
    ...counts,
    contextWindow,
    last: field(
      Schema.NullOr(UsageView),
      "What the last model call used, where the provider reports it; null: not reported.",
    ),
  },
)
export type ThreadUsage = typeof ThreadUsage.Type
