/** What the events and response items of a rollout file become, by their types. */
import { type Fact, fact } from "../../runtime/Fact.js"
import {
  type Fields,
  hintArray,
  hintFields,
  hintNumber,
  hintText,
  hintTexts,
  needFields,
  oneLine,
  rest,
} from "../../runtime/readFields.js"
import { described } from "../translate/itemEntries.js"
import type { RolloutThread } from "./RolloutThread.js"
import { countsOf, errorCode, reasoningOf, searchOf } from "./responseItems.js"
import { callEnded, callEvents, callStarted } from "./rolloutCalls.js"
import { readStoredItem } from "./storedItem.js"

/** Reads an event. Null: it is known, and another line says the same. Undefined: the type is not known. */
export type Reader = (
  thread: RolloutThread,
  payload: Fields,
  /** The turn that the content belongs to. Asked where there is content: it may begin a turn. */
  turn: () => string | undefined,
) => readonly Fact[] | null

const native = (thread: RolloutThread, turnId: string | undefined, itemId?: string) => ({
  threadId: thread.id,
  turnId,
  itemId,
})

/** The id of an item that has none: items are counted over the whole file. */
const countedId = (thread: RolloutThread, what: string): string => {
  thread.items += 1
  return `${what}-${thread.items}`
}

const said =
  (kind: "user_message" | "agent_message" | "reasoning", what: string): Reader =>
  (thread, payload, turn) => {
    const text = hintText(payload, "message") ?? hintText(payload, "text")
    const images = [...hintArray(payload, "images"), ...hintArray(payload, "local_images")]
    if (text === undefined && images.length === 0) return null
    const data = images.length === 0 ? undefined : { images }
    const item = {
      kind,
      nativeKind: what,
      status: "completed",
      text: text ?? null,
      phase: hintText(payload, "phase"),
      data,
    } as const
    return [fact("item.completed", item, native(thread, turn(), countedId(thread, what)))]
  }

const tokenCount: Reader = (thread, payload) => {
  const info = hintFields(payload, "info")
  const total = info === undefined ? undefined : hintFields(info, "total_token_usage")
  if (info === undefined || total === undefined) return null
  const last = hintFields(info, "last_token_usage")
  const usage = {
    mode: "cumulative-thread",
    total: countsOf(total),
    last: last === undefined ? undefined : countsOf(last),
    contextWindow: hintNumber(info, "model_context_window"),
  } as const
  // Copied lines count what another thread used: they only say from where this one counts on.
  return [fact("thread.token-usage.updated", usage, native(thread, thread.isCopy ? undefined : thread.running?.id))]
}

const itemCompleted: Reader = (thread, payload, turn) => {
  const item = readStoredItem(needFields(payload, "item"))
  const call = thread.calls.get(item.id)
  thread.calls.delete(item.id)
  const { childNativeThreadIds, data = call?.data, kind, nativeKind, phase, processId, title } = described(item)
  const { clientId, durationMs, exitCode, status, text } = item
  const ended = { kind, nativeKind, title, processId, phase, childNativeThreadIds, data }
  const ids = { threadId: thread.id, turnId: turn(), itemId: item.id, clientId }
  return [fact("item.completed", { ...ended, status, text, exitCode, durationMs }, ids)]
}

const other =
  (nativeKind: string, kind: "other" | "subagent" | "compaction", titleKey?: string): Reader =>
  (thread, payload, turn) => {
    const itemId = hintText(payload, "call_id") ?? countedId(thread, nativeKind)
    thread.calls.delete(itemId)
    const children = [
      ...hintTexts(payload, "receiver_thread_ids"),
      ...["new_thread_id", "receiver_thread_id", "agent_thread_id"].flatMap((key) => hintText(payload, key) ?? []),
    ]
    const item = {
      kind,
      nativeKind,
      status: "completed",
      text: null,
      title: titleKey === undefined ? undefined : oneLine(hintText(payload, titleKey)),
      childNativeThreadIds: children.length === 0 ? undefined : children,
      data: rest(payload, ["type", "call_id", "turn_id", "thread_id"]),
    } as const
    return [fact("item.completed", item, native(thread, turn(), itemId))]
  }

const repeats: Reader = () => null

/** A rewind takes back the newest turns. */
const rolledBack: Reader = (thread, payload) => {
  const count = hintNumber(payload, "num_turns")
  return count !== undefined && Number.isInteger(count) && count > 0
    ? [fact("thread.rewound", { count }, { threadId: thread.id })]
    : null
}

const failed: Reader = (thread, payload, turn) => {
  const code = errorCode(payload)
  // What it ended, if anything, is said by the end of the turn.
  return [
    fact(
      "runtime.error",
      { message: hintText(payload, "message") ?? "an error without a message", code, willRetry: true },
      native(thread, turn()),
    ),
  ]
}

/** Events that are not about the start or the end of a turn. */
export const eventReaders: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["user_message", said("user_message", "user_message")],
  ["agent_message", said("agent_message", "agent_message")],
  ["token_count", tokenCount],
  ["item_completed", itemCompleted],
  ...[...callEvents].map(([type, read]): [string, Reader] => [
    type,
    (thread, payload, turn) => read(thread, turn(), payload, hintText(payload, "call_id") ?? countedId(thread, type)),
  ]),
  ["collab_agent_spawn_end", other("collabAgentSpawn", "subagent", "prompt")],
  ["collab_agent_interaction_end", other("collabAgentInteraction", "subagent", "prompt")],
  ["collab_waiting_end", other("collabWaiting", "subagent")],
  ["collab_close_end", other("collabClose", "subagent")],
  ["collab_resume_end", other("collabResume", "subagent")],
  ["sub_agent_activity", other("subAgentActivity", "subagent", "agent_path")],
  ["entered_review_mode", other("enteredReviewMode", "other", "user_facing_hint")],
  ["exited_review_mode", other("exitedReviewMode", "other")],
  ["thread_rolled_back", rolledBack],
  ["error", failed],
  [
    "thread_name_updated",
    (thread, payload) => [
      fact("thread.metadata.updated", { title: hintText(payload, "thread_name") ?? null }, { threadId: thread.id }),
    ],
  ],
  [
    "thread_goal_updated",
    (thread, payload) => [fact("thread.metadata.updated", { goal: payload.goal ?? null }, { threadId: thread.id })],
  ],
  [
    "turn_diff",
    (thread, payload, turn) => {
      const diff = hintText(payload, "unified_diff")
      return diff === undefined ? null : [fact("turn.diff.updated", { diff }, native(thread, turn()))]
    },
  ],
  // The compaction is the line of that name.
  ["context_compacted", repeats],
  // The reasoning is in the response item, with all of its parts.
  ["agent_reasoning", repeats],
  ["agent_reasoning_raw_content", repeats],
  ["undo_completed", repeats],
  ["thread_settings_applied", repeats],
  ["injected_message", repeats],
])

const compactionOf = (
  thread: RolloutThread,
  turn: () => string | undefined,
  summary: string | undefined,
): readonly Fact[] => {
  const installed = fact("compaction.installed", { summary }, native(thread, turn()))
  // Where whole items are stored, the compaction is one of them.
  if (thread.hasItems) return [installed]
  const item = { kind: "compaction", nativeKind: "compacted", status: "completed", text: null } as const
  return [fact("item.completed", item, native(thread, turn(), countedId(thread, "compacted"))), installed]
}

/** A `compacted` line. */
export const compacted: Reader = (thread, payload, turn) => compactionOf(thread, turn, hintText(payload, "message"))

const reasoned: Reader = (thread, payload, turn) => {
  const item = thread.hasItems ? undefined : reasoningOf(payload)
  if (item === undefined) return null
  const itemId = hintText(payload, "id") ?? countedId(thread, "reasoning")
  return [fact("item.completed", item, native(thread, turn(), itemId))]
}

const searched: Reader = (thread, payload, turn) => {
  if (thread.hasItems) return null
  const itemId = hintText(payload, "id") ?? countedId(thread, "web_search")
  return [fact("item.completed", searchOf(payload), native(thread, turn(), itemId))]
}

const begun: Reader = (thread, payload, turn) => nothingIsNull(callStarted(thread, turn(), payload))
const over: Reader = (thread, payload) => nothingIsNull(callEnded(thread, payload))
const nothingIsNull = (facts: readonly Fact[]): readonly Fact[] | null => (facts.length === 0 ? null : facts)

/** Response items: what the model wrote and was given. Messages are read elsewhere: it depends on the form of the file. */
export const responseReaders: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["reasoning", reasoned],
  ["function_call", begun],
  ["custom_tool_call", begun],
  ["local_shell_call", begun],
  ["function_call_output", over],
  ["custom_tool_call_output", over],
  ["web_search_call", searched],
  ["message", repeats],
  ["agent_message", repeats],
  ["ghost_snapshot", repeats],
  ["compaction", repeats],
  ["context_compaction", repeats],
  ["compaction_summary", repeats],
  ["tool_search_call", repeats],
  ["tool_search_output", repeats],
  ["image_generation_call", repeats],
  ["additional_tools", repeats],
])
