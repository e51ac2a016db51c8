/**
 * What a connection knows of its session with a realtime model: what was heard, what the model has not confirmed, and the responses
 * that are still to be asked for. Pure. What is unconfirmed when a connection is lost goes over to the next one (`carriedOver`).
 */
import { maxNativeIdLength } from "@threadfold/contracts"
import { type Fields, hintText } from "../runtime/readFields.js"
import type { VoiceContext } from "./VoiceTransport.js"

/** A message to the server. */
export type ClientMessage = Fields & { readonly type: string }

/** The function by which the voice hands work to the coding agent. */
export const workFunction = "background_agent"

/** A response that the model is asked for. */
export interface Ask {
  /** Our id of what it is to say; null: it is an answer to what was said. */
  readonly id: string | null
  readonly message: ClientMessage
}

/** Something that was put in, by our id. */
export type Input =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "outcome"; readonly handoffId: string; readonly text: string }

/** What a connection knows of its session. */
export interface DirectState {
  /** The response that is under way (`active`), or that was asked for; null: none. */
  response: "active" | Ask | null
  /** The response that was asked for last. A model that has another one under way refuses it later. */
  lastAsked: Ask | null
  /** What is to be asked for once the response is over, in this order: texts to say, and at most one answer. */
  next: readonly Ask[]
  /** Items that were put in and that the model has not confirmed, oldest first. */
  readonly unconfirmed: Map<string, Input>
  /** Ids of messages that were seen, newest last: a server may send one twice. */
  readonly seenEvents: Set<string>
  /** Items that are known: those put in as context, and those told already. */
  readonly knownItems: Set<string>
  /** Function calls that were told. */
  readonly calls: Set<string>
  /** Handoffs whose outcome the session has. */
  readonly outcomes: Set<string>
  /** Those of them that came with the context, and of which the voice was not asked to tell. */
  readonly untold: Set<string>
}

export const makeDirectState = (): DirectState => ({
  response: null,
  lastAsked: null,
  next: [],
  unconfirmed: new Map(),
  seenEvents: new Set(),
  knownItems: new Set(),
  calls: new Set(),
  outcomes: new Set(),
  untold: new Set(),
})

/** Ids that are remembered of each kind: more than any session has under way. */
const remembered = 4_096

/** Remembers an id; false: it was known. */
export const note = (ids: Set<string>, id: string): boolean => {
  if (ids.has(id)) return false
  ids.add(id)
  const [oldest] = ids
  if (ids.size > remembered && oldest !== undefined) ids.delete(oldest)
  return true
}

/** An id that a message names; one that no log takes is none. */
export const hintId = (fields: Fields, key: string): string | undefined => {
  const id = hintText(fields, key)
  return id === undefined || id.length > maxNativeIdLength ? undefined : id
}

/** Puts an item in. Our id of it is that of its message, too: an error about it names that. */
const create = (item: Fields & { readonly id: string }): ClientMessage => ({
  type: "conversation.item.create",
  event_id: item.id,
  item,
})

const output = (id: string, handoffId: string, text: string) => ({
  id,
  type: "function_call_output",
  call_id: handoffId,
  output: text,
})

const said = (id: string, role: "user" | "assistant", text: string) => ({
  id,
  type: "message",
  role,
  content: [{ type: role === "user" ? "input_text" : "output_text", text }],
})

/** One part of an earlier conversation as an item. `ordinal` makes its id, by which its echo is known. */
const contextItem = (part: VoiceContext, ordinal: number) => {
  const id = `tf_context_${ordinal}`
  switch (part.kind) {
    case "said":
      return said(id, part.role, part.text)
    case "handoff":
      return {
        id,
        type: "function_call",
        call_id: part.handoffId,
        name: workFunction,
        arguments: JSON.stringify({ prompt: part.text }),
      }
    case "outcome":
      return output(id, part.handoffId, part.text)
  }
}

/** The messages that put an earlier conversation into a new session. */
export const contextMessages = (state: DirectState, context: readonly VoiceContext[]): readonly ClientMessage[] =>
  context.map((part, index) => {
    const item = contextItem(part, index + 1)
    note(state.knownItems, item.id)
    if (part.kind === "handoff") note(state.calls, part.handoffId)
    if (part.kind === "outcome") {
      note(state.outcomes, part.handoffId)
      note(state.untold, part.handoffId)
    }
    return create(item)
  })

const put = (state: DirectState, id: string, input: Input): ClientMessage => {
  state.unconfirmed.set(id, input)
  return create(input.kind === "text" ? said(id, "user", input.text) : output(id, input.handoffId, input.text))
}

const isAnswer = ({ id }: Ask): boolean => id === null

/** Asks for a response: now, or once the one under way is over. A text to say comes before an answer; one answer is enough. */
const ask = (state: DirectState, asked: Ask): readonly ClientMessage[] => {
  if (state.response === null) {
    state.response = asked
    state.lastAsked = asked
    return [asked.message]
  }
  if (isAnswer(asked) && state.next.some(isAnswer)) return []
  state.next = [...state.next.filter((one) => !isAnswer(one)), asked, ...state.next.filter(isAnswer)]
  return []
}

const answer: Ask = { id: null, message: { type: "response.create" } }

/** Asks again for the newest response: another one was under way, of which was not known. */
export const askLater = (state: DirectState): void => {
  const again = state.lastAsked ?? (state.next.length === 0 ? answer : null)
  state.response = "active"
  state.lastAsked = null
  if (again === null) return
  state.next = [again, ...state.next.filter((one) => !isAnswer(again) || !isAnswer(one))]
}

/** The newest response is over: what waits for that is asked for. */
export const responseOver = (state: DirectState): readonly ClientMessage[] => {
  state.response = null
  state.lastAsked = null
  const [next, ...later] = state.next
  state.next = later
  return next === undefined ? [] : ask(state, next)
}

/** A text of the user, and the voice's answer to it. @param id of the item, ours: its echo confirms it */
export const textMessages = (state: DirectState, id: string, text: string): readonly ClientMessage[] => [
  put(state, id, { kind: "text", text }),
  ...ask(state, answer),
]

/**
 * Has the voice say a text: what it is saying is cut short. The new response waits until the server confirms that.
 *
 * @param id ours; the begin of its response confirms it
 */
export const speakMessages = (state: DirectState, id: string, text: string): readonly ClientMessage[] => {
  const cancel: readonly ClientMessage[] = state.response === null ? [] : [{ type: "response.cancel" }]
  const response = {
    instructions: `Say exactly this, and nothing else: ${text}`,
    tool_choice: "none",
  }
  return [...cancel, ...ask(state, { id, message: { type: "response.create", event_id: id, response } })]
}

/** The outcome of a handoff, and the voice's word about it. Only the word, where the session has it from its context. */
export const outcomeMessages = (
  state: DirectState,
  id: string,
  handoffId: string,
  text: string,
): readonly ClientMessage[] => {
  if (state.untold.delete(handoffId)) return ask(state, answer)
  if (!note(state.outcomes, handoffId)) return []
  return [put(state, id, { kind: "outcome", handoffId, text }), ...ask(state, answer)]
}

/** The output of a call that no work follows from. It is lost with its session, as the call is. */
export const callAnswer = (state: DirectState, callId: string, text: string): readonly ClientMessage[] => {
  if (!note(state.outcomes, callId)) return []
  const item = { type: "function_call_output", call_id: callId, output: text }
  return [{ type: "conversation.item.create", item }, ...ask(state, answer)]
}

/** The response that was asked for and has not begun; null: there is none. */
const awaited = ({ response }: DirectState): Ask | null => (response === "active" ? null : response)

const isAsked = (state: DirectState, id: string): boolean => awaited(state)?.id === id

/** Whether the model has it, and has still to confirm it. */
export const isAwaited = (state: DirectState, id: string): boolean => state.unconfirmed.has(id) || isAsked(state, id)

/** The texts to say that the model has not begun to, by our id. */
export const unsaid = (state: DirectState): readonly string[] =>
  [awaited(state), ...state.next].flatMap((one) => one?.id ?? [])

/** Something that was put in is not tried any more. */
export const forget = (state: DirectState, id: string): void => {
  state.unconfirmed.delete(id)
  state.next = state.next.filter((one) => one.id !== id)
  if (isAsked(state, id)) state.response = null
}

/** What an error names was not taken. */
export const refused = (state: DirectState, id: string): readonly ClientMessage[] => {
  const wasAsked = isAsked(state, id)
  forget(state, id)
  return wasAsked ? responseOver(state) : []
}

/** The ids of ours that an item of the server confirms: its own one, or that of the same thing under an id of the server's. */
export const confirmedBy = (state: DirectState, item: Fields): readonly string[] => {
  const id = hintText(item, "id")
  const found = id !== undefined && state.unconfirmed.has(id) ? id : sameAs(state, item)
  if (found === undefined) return []
  state.unconfirmed.delete(found)
  return [found]
}

const sameAs = (state: DirectState, item: Fields): string | undefined => {
  const kind = hintText(item, "type")
  const parts = Array.isArray(item.content) ? item.content : []
  for (const [id, input] of state.unconfirmed) {
    if (input.kind === "outcome" && kind === "function_call_output" && hintText(item, "call_id") === input.handoffId)
      return id
    if (
      input.kind === "text" &&
      kind === "message" &&
      hintText(item, "role") === "user" &&
      parts.some(isText(input.text))
    )
      return id
  }
  return undefined
}

const isText =
  (text: string) =>
  (part: unknown): boolean =>
    typeof part === "object" && part !== null && "text" in part && part.text === text

/** A response has begun; the ids of ours that this confirms. */
export const responseBegun = (state: DirectState): readonly string[] => {
  const id = awaited(state)?.id ?? null
  state.response = "active"
  return id === null ? [] : [id]
}

/**
 * What a session that was lost had not confirmed, for the session in its place: its items, but for outcomes that came with the context,
 * and the responses that had not begun.
 *
 * @returns the messages, and the ids that the context confirms
 */
export const carriedOver = (
  state: DirectState,
  lost: DirectState,
): { readonly messages: readonly ClientMessage[]; readonly confirmed: readonly string[] } => {
  const messages: ClientMessage[] = []
  const confirmed: string[] = []
  for (const [id, input] of lost.unconfirmed) {
    if (input.kind === "outcome" && state.outcomes.has(input.handoffId)) {
      state.untold.delete(input.handoffId)
      confirmed.push(id)
      continue
    }
    if (input.kind === "outcome") note(state.outcomes, input.handoffId)
    messages.push(put(state, id, input))
  }
  for (const one of [awaited(lost), ...lost.next]) if (one !== null) messages.push(...ask(state, one))
  return { messages, confirmed }
}
