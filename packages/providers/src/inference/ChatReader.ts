/** Answers of the OpenAI Chat Completions API. Items are the message of each choice and each of its tool calls. */
import { type Fields, hintFields, hintNumber, hintText, isFields, parseFields } from "../runtime/readFields.js"
import { BoundedText } from "./BoundedText.js"
import {
  beginningOf,
  errorText,
  keptItem,
  type OutputItem,
  openAiEvidence,
  type ProtocolReader,
  type Signal,
} from "./Signal.js"

/** Choices of an answer, and tool calls of a choice, that are followed. */
const mostParts = 256

interface OpenCall {
  id: string | undefined
  name: string | undefined
  readonly args: BoundedText
}

interface Choice {
  readonly texts: Map<string, BoundedText>
  readonly calls: Map<number, OpenCall>
}

/** Members of a delta that are pieces of text. `reasoning_content` and `reasoning` are those of compatible servers. */
const textMembers = ["content", "refusal", "reasoning_content", "reasoning"] as const

const evidenceOf = openAiEvidence("prompt", "completion")

const listIn = (fields: Fields, name: string): readonly Fields[] => {
  const value = fields[name]
  return Array.isArray(value) ? value.filter(isFields) : []
}

const messageOf = ({ texts }: Choice, index: number, finishReason: string): OutputItem => {
  for (const text of texts.values()) {
    const truncated = text.truncation()
    if (truncated !== undefined) return { index, ...beginningOf(text.text, "message", truncated) }
  }
  const said = Object.fromEntries([...texts].map(([name, text]) => [name, text.text]))
  return { index, item: { type: "message", role: "assistant", ...said, finish_reason: finishReason } }
}

const callOf = ({ args, id, name }: OpenCall, index: number): OutputItem => {
  const truncated = args.truncation()
  if (truncated !== undefined) return { id, index, ...beginningOf(args.text, "function", truncated) }
  return { id, index, item: { type: "function", id, function: { name, arguments: args.text } } }
}

/** A reader for one answer. */
export const chatReader = (): ProtocolReader => {
  const open = new Map<number, Choice>()
  let finished = 0
  let items = 0

  const choiceAt = (index: number): Choice | undefined => {
    const known = open.get(index)
    if (known !== undefined || open.size >= mostParts) return known
    const fresh: Choice = { texts: new Map(), calls: new Map() }
    open.set(index, fresh)
    return fresh
  }

  const grow = (choice: Choice, delta: Fields): void => {
    for (const member of textMembers) {
      const piece = delta[member]
      if (typeof piece !== "string" || piece === "") continue
      const text = choice.texts.get(member) ?? new BoundedText()
      choice.texts.set(member, text)
      text.add(piece)
    }
    for (const told of listIn(delta, "tool_calls")) {
      const at = hintNumber(told, "index") ?? choice.calls.size
      const known = choice.calls.get(at)
      if (known === undefined && choice.calls.size >= mostParts) continue
      const call = known ?? { id: undefined, name: undefined, args: new BoundedText() }
      choice.calls.set(at, call)
      const called = hintFields(told, "function") ?? {}
      call.id ??= hintText(told, "id")
      call.name ??= hintText(called, "name")
      if (typeof called.arguments === "string") call.args.add(called.arguments)
    }
  }

  const close = (at: number, choice: Choice, reason: string): readonly Signal[] => {
    open.delete(at)
    finished += 1
    const message = choice.texts.size === 0 ? [] : [messageOf(choice, items++, reason)]
    const calls = [...choice.calls.values()].map((call) => callOf(call, items++))
    return [...message, ...calls].map((item): Signal => ({ type: "item", item }))
  }

  const choicesOf = (message: Fields): readonly Signal[] =>
    listIn(message, "choices").flatMap((told) => {
      const at = hintNumber(told, "index") ?? 0
      const choice = choiceAt(at)
      if (choice === undefined) return []
      grow(choice, hintFields(told, "delta") ?? {})
      const reason = hintText(told, "finish_reason")
      return reason === undefined ? [] : close(at, choice, reason)
    })

  const failure = (message: Fields): readonly Signal[] =>
    message.error === undefined || message.error === null
      ? []
      : [{ type: "terminal", outcome: "failed", error: errorText(message.error) ?? "error" }]

  return {
    reads: () => true,
    frame: ({ data }) => {
      if (data.trim() === "[DONE]") return [{ type: "terminal", outcome: "completed" }]
      const message = parseFields(data)
      return message === null ? [] : [evidenceOf(message), ...choicesOf(message), ...failure(message)]
    },
    // Some servers leave `[DONE]` out: an answer whose choices have all given their reason is whole.
    end: () => (finished > 0 && open.size === 0 ? [{ type: "terminal", outcome: "completed" }] : []),
    body: (body, length) => {
      if (!isFields(body)) return []
      const told = listIn(body, "choices").flatMap((choice): readonly Signal[] => {
        const message = hintFields(choice, "message") ?? {}
        const { tool_calls: _, ...rest } = message
        const whole = { type: "message", ...rest, finish_reason: choice.finish_reason }
        const said = textMembers.some((member) => typeof message[member] === "string" && message[member] !== "")
        const parts: readonly Fields[] = [...(said ? [whole] : []), ...listIn(message, "tool_calls")]
        return parts.map((item): Signal => {
          const id = item === whole ? undefined : hintText(item, "id")
          return { type: "item", item: { id, index: items++, ...keptItem(item, length) } }
        })
      })
      const failed = failure(body)
      return [
        evidenceOf(body),
        ...told,
        ...(failed.length > 0 ? failed : [{ type: "terminal", outcome: "completed" } as const]),
      ]
    },
  }
}
