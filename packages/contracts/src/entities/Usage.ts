import { Schema } from "effect"
import { TokenCounts } from "../events/Common.js"
import { field, flag, int, optInt, optText, shape } from "../fields.js"
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

/** Tokens of turns that have something in common. */
export const UsageSum = shape("UsageSum", "Tokens of turns that have something in common.", {
  day: optText("Day on which they ended, `2026-11-30`; null: not asked for, or not known."),
  agent: optText("Configured agent; null: not asked for, or none."),
  model: optText("Model that their thread named last; null: not asked for, or not known."),
  folder: optText("Working directory; null: not asked for, or not known."),
  provider: optText("Provider kind; null: not asked for, or not known."),
  threadId: optText("Our id of their thread; null: not asked for."),
  turns: int("Turns that reported tokens."),
  ...UsageView.fields,
  cost: field(
    Schema.NullOr(Schema.Number),
    "What they cost, in the currency of the configured price table; null: the model of some of them has no price.",
  ),
})
export type UsageSum = typeof UsageSum.Type

/** Tokens, added up. */
export const UsageSums = shape("UsageSums", "Tokens of turns, added up.", {
  sequence: int("Sequence of the log that this is true for."),
  total: field(UsageSum, "All of them together."),
  items: field(Schema.Array(UsageSum), "The sums, the newest day first, then the most tokens."),
  more: flag("True: there are more than `limit`; `total` counts those as well."),
})
export type UsageSums = typeof UsageSums.Type
