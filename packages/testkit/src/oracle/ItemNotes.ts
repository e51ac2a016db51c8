/** What the wire says about one item, and what follows from it once everything was read. */
import type { ItemKind } from "@threadfold/contracts"
import type { ExpectedItem } from "./OracleExpectation.js"
import { get, list, text } from "./readWire.js"

/** Native types whose kind the design names; others may be a tool call or `other`. */
const kinds: Readonly<Record<string, ItemKind>> = {
  userMessage: "user_message",
  agentMessage: "agent_message",
  reasoning: "reasoning",
  commandExecution: "command",
  fileChange: "file_change",
  mcpToolCall: "tool_call",
  dynamicToolCall: "tool_call",
  webSearch: "web_search",
  plan: "plan",
  contextCompaction: "compaction",
  collabAgentToolCall: "subagent",
  subAgentActivity: "subagent",
}

/** Delta notifications that carry what an item of that type shows as its text. */
const textDeltas: Readonly<Record<string, string>> = {
  "item/agentMessage/delta": "agentMessage",
  "item/plan/delta": "plan",
  "item/reasoning/summaryTextDelta": "reasoning",
  "item/commandExecution/outputDelta": "commandExecution",
}

/** The item type that a delta notification speaks of. One that says it needs no start before it. */
export const typeOfDelta = (method: string): string | null => otherDeltas[method] ?? textDeltas[method] ?? null

const otherDeltas: Readonly<Record<string, string>> = {
  "item/reasoning/textDelta": "reasoning",
  "item/fileChange/outputDelta": "fileChange",
  "item/mcpToolCall/progress": "mcpToolCall",
}

export interface ItemNotes {
  readonly id: string
  /** The item as its start shows it; undefined: none was seen. */
  started: unknown
  /** The item as its own terminal shows it. */
  completed: unknown
  /** Text of the deltas, by part. */
  readonly parts: Map<number, string>
  /** The type that its first message names, where that was no start. */
  readonly namedType: string | null
  /** Work after the end of its turn: true while it goes on. */
  goesOn: boolean
  /** It is a command that ran on when its turn completed. */
  inBackground: boolean
}

export const newItem = (id: string, first: Partial<Pick<ItemNotes, "started" | "namedType">>): ItemNotes => ({
  id,
  started: first.started,
  completed: undefined,
  parts: new Map(),
  namedType: first.namedType ?? null,
  goesOn: false,
  inBackground: false,
})

const typeOf = (item: ItemNotes): string =>
  text(get(item.started, "type")) ?? text(get(item.completed, "type")) ?? item.namedType ?? ""

/** A command in a process of its own, which runs on when its turn completes. */
export const runsInBackground = (item: ItemNotes): boolean =>
  item.completed === undefined && typeOf(item) === "commandExecution" && text(get(item.started, "processId")) !== null

/** Notes a delta; those that come after the item's own terminal say nothing new. */
export const noteDelta = (item: ItemNotes, method: string, params: unknown): void => {
  const delta = text(get(params, "delta"))
  if (delta === null || textDeltas[method] !== typeOf(item) || item.completed !== undefined) return
  const index = get(params, "summaryIndex")
  const part = typeof index === "number" ? index : 0
  item.parts.set(part, (item.parts.get(part) ?? "") + delta)
}

/** Text that an item object holds: `null` where its type has none or it holds none. */
const textIn = (item: unknown): string | null => {
  switch (get(item, "type")) {
    case "userMessage": {
      const parts = list(get(item, "content")).flatMap((part) =>
        get(part, "type") === "text" ? [text(get(part, "text")) ?? ""] : [],
      )
      return parts.length === 0 ? null : parts.join("\n\n")
    }
    case "agentMessage":
    case "plan":
      return text(get(item, "text"))
    case "reasoning": {
      const parts = list(get(item, "summary")).flatMap((part) => text(part) ?? [])
      return parts.length === 0 ? null : parts.join("\n\n")
    }
    case "commandExecution":
      return text(get(item, "aggregatedOutput"))
    default:
      return null
  }
}

/** The item's last word; without one its joined deltas; without those what it started with. Nothing is null, not "". */
export const finalText = (item: ItemNotes): string | null => {
  const deltas = [...item.parts.entries()].sort(([a], [b]) => a - b).map(([, part]) => part)
  const streamed = deltas.length === 0 ? null : deltas.join("\n\n")
  const said = item.completed === undefined ? null : textIn(item.completed)
  const final = said ?? streamed ?? textIn(item.started)
  return final === "" ? null : final
}

const writtenTypes = new Set(["agentMessage", "reasoning", "plan"])

/** Whether an item that a resume tells goes on: by its status, by its times, or because it is the last that is written. */
const goesOnAfter = (object: unknown, isLast: boolean): boolean => {
  const status = text(get(object, "status"))
  if (status !== null) return status === "inProgress"
  if (typeof get(object, "completedAtMs") === "number") return false
  const begun = isLast || typeof get(object, "startedAtMs") === "number"
  return begun && writtenTypes.has(text(get(object, "type")) ?? "")
}

/** An item as the answer to a resume tells it: whole, or so far; what is so far replaces what was streamed if it is longer. */
export const noteJoined = (item: ItemNotes, object: unknown, isLast: boolean): void => {
  if (item.completed !== undefined) return
  if (!goesOnAfter(object, isLast)) {
    item.completed = object
    return
  }
  item.started ??= object
  const parts = get(object, "type") === "reasoning" ? list(get(object, "summary")).map(text) : [textIn(object)]
  const said = parts.flatMap((part, index) => (part === null || part === "" ? [] : [[index, part] as const]))
  const length = (texts: Iterable<string>) => [...texts].reduce((sum, one) => sum + one.length, 0)
  if (length(said.map(([, part]) => part)) <= length(item.parts.values())) return
  item.parts.clear()
  for (const [index, part] of said) item.parts.set(index, part)
}

const ownStatus = (completed: unknown): "completed" | "failed" | "declined" => {
  const status = get(completed, "status")
  return status === "failed" || status === "declined" ? status : "completed"
}

/** What the item must look like; `turn` is how its turn stands. */
export const expectItem = (
  item: ItemNotes,
  turn: { readonly status: "running" | "ended"; readonly outcome: string | null },
): ExpectedItem => {
  const nativeKind = typeOf(item)
  const status = (): ExpectedItem["status"] => {
    if (item.completed !== undefined) return ownStatus(item.completed)
    if (turn.status === "running" || item.goesOn) return "open"
    // A command that still runs when its turn completes goes on as a background task; the item itself is done.
    return item.inBackground ? "completed" : "interrupted"
  }
  const kind = kinds[nativeKind] ?? null
  return { nativeItemId: item.id, kind, nativeKind, status: status(), text: finalText(item) }
}
