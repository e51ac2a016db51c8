/** Tokens in a session file: each line of a model's message repeats the message's usage. A turn's is the sum over its messages. */
import type { TokenCountName, TokenCounts } from "@threadfold/contracts"
import { omitUndefined } from "../../runtime/Fact.js"
import { type Fields, hintFields, hintTokens, sumTokens } from "../../runtime/readFields.js"
import type { TurnUsage } from "./HistoryThread.js"

/** The usage of one message. The input includes what came from or went to the cache. */
export const usageOfMessage = (usage: Fields): TokenCounts => {
  const cached = hintTokens(usage, "cache_read_input_tokens")
  const inputTokens = sumTokens([
    hintTokens(usage, "input_tokens"),
    cached,
    hintTokens(usage, "cache_creation_input_tokens"),
  ])
  const outputTokens = hintTokens(usage, "output_tokens")
  return omitUndefined({
    inputTokens,
    cachedInputTokens: cached,
    outputTokens,
    reasoningTokens: hintTokens(hintFields(usage, "output_tokens_details") ?? {}, "thinking_tokens"),
    totalTokens: sumTokens([inputTokens, outputTokens]),
  })
}

const add = (one: TokenCounts, other: TokenCounts): TokenCounts => {
  const sum = (name: TokenCountName) => sumTokens([one[name] ?? undefined, other[name] ?? undefined])
  return omitUndefined({
    inputTokens: sum("inputTokens"),
    cachedInputTokens: sum("cachedInputTokens"),
    outputTokens: sum("outputTokens"),
    reasoningTokens: sum("reasoningTokens"),
    totalTokens: sum("totalTokens"),
  })
}

/** The usage of the turn after a line of a message. */
export const withMessage = (turn: TurnUsage | null, messageId: string, last: TokenCounts): TurnUsage =>
  turn === null
    ? { before: {}, messageId, last }
    : turn.messageId === messageId
      ? { ...turn, last }
      : { before: add(turn.before, turn.last), messageId, last }

/** The total of the turn so far. */
export const totalOf = ({ before, last }: TurnUsage): TokenCounts => add(before, last)
