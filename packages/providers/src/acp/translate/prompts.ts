/**
 * Prompts are the turns of this protocol, which has no word for a turn: one begins when it is handed over and ends with
 * the answer to its call. A prompt that is handed over while another one runs waits for that one's end.
 */
import type { PayloadOf, ProviderError, TokenCounts } from "@threadfold/contracts"
import { type Fact, fact, omitUndefined } from "../../runtime/Fact.js"
import type { Answer } from "../../runtime/Message.js"
import { type Fields, hintFields, hintText, hintTokens, isFields, sumTokens } from "../../runtime/readFields.js"
import type { Place, Prompt } from "./AcpSession.js"
import type { StopReason } from "./acpProtocol.js"
import { endText } from "./textRuns.js"
import { forgetEnded } from "./toolCalls.js"
import { repeatableParts, userMessage } from "./userMessage.js"

type End = PayloadOf<"turn.completed">

/** Why an agent stopped, as an outcome; a sentence where the turn did not end as one expects. */
const stopReasons: { readonly [R in StopReason]: { readonly outcome: End["outcome"]; readonly message?: string } } = {
  end_turn: { outcome: "completed" },
  cancelled: { outcome: "interrupted" },
  refusal: { outcome: "failed", message: "The agent refused to go on." },
  max_tokens: { outcome: "failed", message: "The model's limit of tokens for an answer was reached." },
  max_turn_requests: { outcome: "failed", message: "The agent's limit of model calls for a turn was reached." },
}

const stops: ReadonlyMap<string, (typeof stopReasons)[StopReason]> = new Map(Object.entries(stopReasons))

const sum = (...counts: readonly (number | undefined)[]): number | undefined => sumTokens(counts)

/**
 * What the turn used. Agents count what was cached and what was thought apart from input and output, or within them; the
 * total says which. Ours are within.
 */
export const readUsage = (usage: Fields): TokenCounts => {
  const count = (key: string) => hintTokens(usage, key)
  const input = count("inputTokens")
  const output = count("outputTokens")
  const read = count("cachedReadTokens")
  const written = count("cachedWriteTokens")
  const thought = count("thoughtTokens")
  const total = count("totalTokens")
  const apart = total === undefined || total !== sum(input, output)
  return omitUndefined({
    inputTokens: apart ? sum(input, read, written) : input,
    cachedInputTokens: read,
    outputTokens: apart ? sum(output, thought) : output,
    reasoningTokens: thought,
    totalTokens: total,
  })
}

/** Why a call failed: agents say the useful part in `data`. `data`: that member of the error. */
export const callError = (answer: Extract<Answer, { ok: false }>, data: unknown): ProviderError => {
  const details =
    typeof data === "string"
      ? data
      : isFields(data)
        ? (hintText(data, "details") ?? hintText(data, "message"))
        : undefined
  return omitUndefined({ message: answer.message, code: answer.code?.toString(), details })
}

const endOf = (prompt: Prompt, answer: Answer, data: unknown): End => {
  // Agents that let the abort through as an error mean the same: the turn was stopped, as asked.
  if (!answer.ok) {
    return { outcome: prompt.cancelled ? "interrupted" : "failed", error: callError(answer, data) }
  }
  const result = isFields(answer.result) ? answer.result : {}
  const usage = hintFields(result, "usage")
  const reason = hintText(result, "stopReason") ?? "none"
  const stop = stops.get(reason) ?? {
    outcome: "unknown",
    message: `The agent stopped for a reason unknown here: ${reason}.`,
  }
  return {
    outcome: stop.outcome,
    error: stop.message === undefined ? undefined : { message: stop.message, code: reason },
    usage: usage === undefined ? undefined : readUsage(usage),
  }
}

const nativeOf = (place: Place, prompt: Prompt) => ({ threadId: place.thread.id, turnId: prompt.turnId })

const begin = (place: Place, prompt: Prompt): readonly Fact[] => {
  place.session.running = prompt
  place.session.repeatable = repeatableParts(prompt)
  return [fact("turn.started", {}, nativeOf(place, prompt)), ...userMessage(place, prompt)]
}

/**
 * A prompt was handed over: our client's turn has its native name, and begins, with what the user says, as soon as nothing
 * else runs.
 */
export const handedOver = (place: Place, call: Pick<Prompt, "callId" | "content" | "ours">): readonly Fact[] => {
  const { session } = place
  session.prompts += 1
  const names = { turnId: `turn-${session.prompts}`, itemId: `prompt-${session.prompts}` }
  const prompt: Prompt = { ...call, ...names, cancelled: false }
  const accepted = fact("turn.accepted", {}, { ...nativeOf(place, prompt), callId: call.callId }, call.ours)
  if (session.running !== null) {
    session.waiting.push(prompt)
    return [accepted]
  }
  return [...endText(place), accepted, ...begin(place, prompt)]
}

/** The client asked the agent to stop: that is said of every prompt that has no answer. */
export const cancelPrompts = ({ session }: Place): void => {
  for (const prompt of session.waiting) prompt.cancelled = true
  if (session.running !== null) session.running.cancelled = true
}

/** The answer to a prompt's call: the end of its turn. Undefined: there is no such prompt. */
export const promptAnswered = (
  place: Place,
  callId: string,
  answer: Answer,
  data: unknown,
): readonly Fact[] | undefined => {
  const { session } = place
  const { running } = session
  if (running?.callId === callId) {
    const end = endOf(running, answer, data)
    const text = endText(place, answer.ok && end.outcome !== "interrupted" ? "completed" : "interrupted")
    const ended = fact("turn.completed", end, nativeOf(place, running))
    const next = session.waiting.shift()
    // Late words about a call of this turn may still come.
    forgetEnded(session.tools, running.turnId)
    session.running = null
    session.repeatable = []
    return [...text, ended, ...(next === undefined ? [] : begin(place, next))]
  }
  const index = session.waiting.findIndex((prompt) => prompt.callId === callId)
  const [prompt] = index === -1 ? [] : session.waiting.splice(index, 1)
  if (prompt === undefined) return undefined
  const native = nativeOf(place, prompt)
  return answer.ok || prompt.cancelled
    ? [fact("turn.completed", endOf(prompt, answer, data), native)]
    : [fact("turn.start-failed", { error: callError(answer, data) }, { ...native, callId }, prompt.ours)]
}
