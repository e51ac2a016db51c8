/** What the user, the model and the provider said, from the requests and responses of a trace. */
import type { PayloadOf } from "@threadfold/contracts"
import { type Fact, fact, omitUndefined } from "../../runtime/Fact.js"
import { type Fields, hintArray, hintFields, hintText, isFields } from "../../runtime/readFields.js"
import { countsOf, messageOf, reasoningOf, searchOf } from "../rollout/responseItems.js"
import { traceId } from "./readTraceLine.js"
import type { TraceThread } from "./TraceThread.js"

const itemFact = (
  thread: TraceThread,
  turnId: string | undefined,
  itemId: string,
  payload: PayloadOf<"item.completed">,
): Fact => fact("item.completed", payload, { threadId: thread.id, turnId, itemId })

/** Notes that an item of a turn is told. @returns the id under which it is: that of the wire, or one with `apart` where that one is taken */
const tell = (thread: TraceThread, turnId: string | undefined, id: string | undefined, apart: string): string => {
  const free = id !== undefined && !thread.told.has(`${turnId ?? ""}|${id}`) ? id : apart
  thread.told.set(`${turnId ?? ""}|${free}`, true)
  return free
}

/** Where the messages of the user begin that close an input: behind all that the model and its tools said. */
const trailing = (input: readonly unknown[]): number => {
  let from = input.length
  while (from > 0) {
    const item = input[from - 1]
    const role = isFields(item) ? hintText(item, "role") : undefined
    if (role !== "user" && role !== "developer" && role !== "system") return from
    from -= 1
  }
  return from
}

/**
 * The messages of the user that a request is the first to hold. Version 2 says which items of the history are new. Before, they are those
 * behind the input of the last request; of the first request, which repeats what was said before a resume, those at its end.
 */
export const userMessages = (
  thread: TraceThread,
  turnId: string | undefined,
  attemptId: string,
  request: Fields,
): readonly Fact[] => {
  const input = hintArray(request, "input")
  const known = thread.inputLength
  const isIncremental = hintText(request, "previous_response_id") !== undefined
  const from = isIncremental ? 0 : known === null || known > input.length ? trailing(input) : known
  thread.inputLength = isIncremental ? (known ?? 0) + input.length : input.length
  return input.flatMap((item, index) => {
    if (!isFields(item) || hintText(item, "type") !== "message") return []
    const id = traceId(item, "id")
    const isNew = thread.hasIds && id !== undefined ? thread.accepted.has(id) : index >= from
    if (!isNew) return []
    const said = messageOf(item)
    if (said?.role !== "user") return []
    if (id !== undefined) thread.accepted.delete(id)
    const itemId = tell(thread, turnId, id, `${attemptId}/input/${index}`)
    const payload = { kind: "user_message", nativeKind: "message", status: "completed", text: said.text } as const
    return [itemFact(thread, turnId, itemId, payload)]
  })
}

/** What an output item of a response is to a person; undefined: a call, which has events of its own, or nothing that is shown. */
const shownOf = (item: Fields): PayloadOf<"item.completed"> | undefined => {
  const type = hintText(item, "type")
  if (type === "message") {
    const said = messageOf(item)
    if (said?.role !== "assistant") return undefined
    const phase = hintText(item, "phase")
    return { kind: "agent_message", nativeKind: type, status: "completed", text: said.text, phase }
  }
  if (type === "reasoning") return reasoningOf(item)
  if (type === "web_search_call") return searchOf(item)
  return undefined
}

/** What a body of an inference's end says: complete output items and counts. */
export const readResponse = (response: Fields | undefined) => {
  const output = response === undefined ? [] : hintArray(response, "output_items").filter(isFields)
  const tokens = response === undefined ? undefined : hintFields(response, "token_usage")
  const usage = tokens && countsOf(tokens)
  const keys = new Set<string>()
  const items = output.map((item, index) => {
    const id = traceId(item, "id")
    const key = id === undefined || keys.has(id) ? `#${index}` : id
    keys.add(key)
    return { key, item }
  })
  return { items, usage }
}

/** The items of a response that a person sees, as items of the turn. */
export const shownItems = (
  thread: TraceThread,
  turnId: string | undefined,
  attemptId: string,
  items: readonly { readonly key: string; readonly item: Fields }[],
): readonly Fact[] =>
  items.flatMap(({ item, key }) => {
    const shown = shownOf(item)
    if (shown === undefined) return []
    const id = traceId(item, "id")
    return [itemFact(thread, turnId, tell(thread, turnId, id, `${attemptId}/${key}`), omitUndefined({ ...shown }))]
  })
