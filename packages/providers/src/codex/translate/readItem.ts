/**
 * Thread items: every `ThreadItem` type of the protocol to one of our kinds. A type that we do not know is `other`, with
 * its own name in `nativeKind` and all it says in `data`.
 */
import type { ItemEnd, ItemKind } from "@threadfold/contracts"
import {
  type Fields,
  hintArray,
  hintFields,
  hintNumber,
  hintText,
  hintTexts,
  isFields,
  mayHaveString,
  mayHaveStrings,
  needText,
  oneLine,
  rest,
  WrongShape,
} from "../../runtime/readFields.js"

/** What an item says, in our words. */
export interface ItemView {
  readonly id: string
  readonly kind: ItemKind
  readonly nativeKind: string
  /** The id that the client gave the message, which Codex repeats. */
  readonly clientId: string | undefined
  readonly title: string | undefined
  /** Text as the read model defines it per kind; null where the kind has none or nothing was said yet. */
  readonly text: string | null
  readonly status: ItemEnd
  readonly phase: string | undefined
  readonly processId: string | undefined
  readonly exitCode: number | undefined
  readonly durationMs: number | undefined
  readonly childNativeThreadIds: readonly string[]
  /** Threads that this item shows to be children of its own. */
  readonly spawned: readonly Spawned[]
  readonly data: Fields | undefined
}

/** A thread that another one works with by collaboration. */
export interface Spawned {
  readonly id: string
  /** What to call it, where the wire says anything of the kind. */
  readonly name: string | undefined
  /** True: this very item started it. */
  readonly started: boolean
  /** True: it is there, because it was started or its state is told. */
  readonly isThere: boolean
}

interface Reading {
  readonly kind: ItemKind
  readonly title?: string | undefined
  readonly text?: string | null
  /** Members that `text` already says. */
  readonly said?: readonly string[]
  /** Members to say otherwise than the item does. */
  readonly instead?: Fields
  readonly children?: readonly string[]
  readonly spawned?: readonly Spawned[]
}

/** What a user wrote. The `input` of a turn and the `content` of a user message are lists of the same parts. */
export interface UserInput {
  /** The text parts, joined by a blank line; null where there is none. */
  readonly text: string | null
  /** The parts that are no text (images, audio, skills, mentions), in the provider's words. */
  readonly others: readonly Fields[]
}

/** Reads the parts. A list that is absent holds none; a part that is no object, or a text part without text, is refused. */
export const readUserInput = (parts: unknown): UserInput => {
  if (parts === undefined || parts === null) return { text: null, others: [] }
  if (!Array.isArray(parts)) throw new WrongShape("input: expected an array of parts")
  const texts: string[] = []
  const others: Fields[] = []
  for (const part of parts) {
    if (!isFields(part)) throw new WrongShape("input: expected an array of parts")
    if (part.type !== "text") others.push(part)
    else if (typeof part.text === "string") texts.push(part.text)
    else throw new WrongShape("input: expected a text part with its text")
  }
  return { text: texts.length === 0 ? null : texts.join("\n\n"), others }
}

/** Members that have a place of their own in the event, or that only the raw message needs. */
const placed = ["id", "type", "status", "processId", "exitCode", "phase", "durationMs", "startedAtMs", "completedAtMs"]

const named = (item: Fields, prefix: string): string | undefined => {
  const name = hintText(item, "tool") ?? hintText(item, "name")
  const owner = hintText(item, prefix)
  return owner === undefined || name === undefined ? name : `${owner}.${name}`
}

const joined = (parts: readonly string[]): string | null => (parts.length === 0 ? null : parts.join("\n\n"))

const readings: ReadonlyMap<string, (item: Fields) => Reading> = new Map<string, (item: Fields) => Reading>([
  [
    "userMessage",
    (item) => {
      const { text, others } = readUserInput(item.content)
      return {
        kind: "user_message",
        text,
        said: ["content", "clientId"],
        instead: others.length === 0 ? {} : { content: others },
      }
    },
  ],
  ["hookPrompt", () => ({ kind: "other" })],
  ["agentMessage", (item) => ({ kind: "agent_message", text: mayHaveString(item, "text"), said: ["text"] })],
  ["functionCallOutput", (item) => ({ kind: "tool_call", title: named(item, "namespace") })],
  ["plan", (item) => ({ kind: "plan", text: mayHaveString(item, "text"), said: ["text"] })],
  ["reasoning", (item) => ({ kind: "reasoning", text: joined(mayHaveStrings(item, "summary")), said: ["summary"] })],
  [
    "commandExecution",
    (item) => ({
      kind: "command",
      title: hintText(item, "command"),
      text: mayHaveString(item, "aggregatedOutput"),
      said: ["aggregatedOutput"],
    }),
  ],
  ["fileChange", (item) => ({ kind: "file_change", title: changedPaths(item) })],
  ["mcpToolCall", (item) => ({ kind: "tool_call", title: named(item, "server") })],
  ["dynamicToolCall", (item) => ({ kind: "tool_call", title: named(item, "namespace") })],
  [
    "collabAgentToolCall",
    (item) => {
      const named = [...hintTexts(item, "receiverThreadIds"), ...Object.keys(hintFields(item, "agentsStates") ?? {})]
      const sender = hintText(item, "senderThreadId")
      const children = [...new Set(named)].filter((id) => id !== sender)
      const tool = hintText(item, "tool")
      const started = tool === "spawnAgent" && item.status !== "failed"
      const name = started ? oneLine(hintText(item, "prompt")) : undefined
      const states = hintFields(item, "agentsStates") ?? {}
      const isThere = (id: string) => started || Object.hasOwn(states, id)
      const spawned = children.map((id) => ({ id, name, started, isThere: isThere(id) }))
      return { kind: "subagent", title: tool, children, spawned }
    },
  ],
  [
    "subAgentActivity",
    (item) => {
      const child = hintText(item, "agentThreadId")
      const children = child === undefined ? [] : [child]
      const name = hintText(item, "agentPath")
      const started = item.kind === "started"
      return {
        kind: "subagent",
        title: name,
        children,
        spawned: children.map((id) => ({ id, name, started, isThere: started })),
      }
    },
  ],
  ["webSearch", (item) => ({ kind: "web_search", title: hintText(item, "query") })],
  ["imageView", (item) => ({ kind: "tool_call", title: hintText(item, "path") })],
  ["imageGeneration", (item) => ({ kind: "tool_call", title: hintText(item, "revisedPrompt") })],
  ["sleep", () => ({ kind: "other" })],
  ["enteredReviewMode", (item) => ({ kind: "other", title: hintText(item, "review") })],
  ["exitedReviewMode", (item) => ({ kind: "other", title: hintText(item, "review") })],
  ["contextCompaction", () => ({ kind: "compaction" })],
])

/** The item types that have a reading of their own. */
export const knownItemTypes: readonly string[] = [...readings.keys()]

/** The files of a change, for a title. */
export const changedPaths = (item: Fields): string | undefined => {
  const paths = hintArray(item, "changes").flatMap((change) => {
    const path = isFields(change) ? hintText(change, "path") : undefined
    return path === undefined ? [] : [path]
  })
  return paths.length === 0 ? undefined : paths.join(", ")
}

/** How a completed item ended. Items without a status of their own, or with one that says nothing, are complete. */
const endOf = (item: Fields): ItemEnd => {
  switch (item.status) {
    case "failed":
      return "failed"
    case "declined":
      return "declined"
    case "interrupted":
      return "interrupted"
    default:
      return hintFields(item, "failure") === undefined ? "completed" : "failed"
  }
}

/** Reads an item; its id and type are needed, and what becomes its text must be text. */
export const readItem = (item: Fields): ItemView => {
  const nativeKind = needText(item, "type")
  const reading = readings.get(nativeKind)?.(item) ?? { kind: "other" }
  const processId = hintText(item, "processId") ?? hintNumber(item, "processId")?.toString()
  return {
    id: needText(item, "id"),
    kind: reading.kind,
    nativeKind,
    clientId: reading.kind === "user_message" ? hintText(item, "clientId") : undefined,
    title: oneLine(reading.title),
    text: reading.text ?? null,
    status: endOf(item),
    phase: hintText(item, "phase"),
    processId,
    exitCode: hintNumber(item, "exitCode"),
    durationMs: hintNumber(item, "durationMs"),
    childNativeThreadIds: reading.children ?? [],
    spawned: reading.spawned ?? [],
    data: rest({ ...item, ...reading.instead }, instead(reading)),
  }
}

/** A member that is said otherwise stays in `data`, with its other content. */
const instead = (reading: Reading): readonly string[] => {
  const kept = Object.keys(reading.instead ?? {})
  return [...placed, ...(reading.said ?? [])].filter((key) => !kept.includes(key))
}
