/**
 * Prompts are the turns of this protocol, which has no turns of its own. A turn begins when its prompt is delivered, and ends
 * with the answer to the call. A prompt that is delivered while another one runs waits for the end of that one.
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

/** Why an agent stopped, as an outcome. With a sentence for a person where the turn failed. */
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
 * The usage of a turn. Some agents count cached and reasoning tokens apart from input and output, others within them. The
 * total shows which. Our counts are within.
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

/** The error of a failed call. Agents put the useful part in the member `data` of the error. */
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
  // Some agents answer a cancelled prompt with an error. It means that the turn was interrupted.
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
 * The facts of a delivered prompt. The requested turn is bound to its native id, and begins with the user's message if no
 * other prompt runs.
 */
export const promptDelivered = (place: Place, call: Pick<Prompt, "callId" | "content" | "ours">): readonly Fact[] => {
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

/** The client cancelled: that concerns every prompt without an answer. */
export const cancelPrompts = ({ session }: Place): void => {
  for (const prompt of session.waiting) prompt.cancelled = true
  if (session.running !== null) session.running.cancelled = true
}

/** The facts of the answer to a prompt, which ends its turn. Undefined: there is no such prompt. */
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
    // The calls of this turn are kept, because late updates of them may come.
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
