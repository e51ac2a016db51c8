/**
 * Reads thread items: every `ThreadItem` type of the protocol becomes one of our kinds. An unknown type becomes `other`, with
 * its name in `nativeKind` and its members in `data`. Reads the errors and outcomes of turns, too.
 */
import type { ItemEnd, ItemKind, ProviderError, TurnOutcome } from "@threadfold/contracts"
import { omitUndefined } from "../../runtime/Fact.js"
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
  needString,
  needText,
  oneLine,
  rest,
  WrongShape,
} from "../../runtime/readFields.js"

/** An item in our words. */
export interface ItemView {
  readonly id: string
  readonly kind: ItemKind
  readonly nativeKind: string
  /** The client's id of a user message, which Codex repeats. */
  readonly clientId: string | undefined
  readonly title: string | undefined
  /** The text, as the read model defines it for the kind. Null: the kind has no text, or there is none yet. */
  readonly text: string | null
  readonly status: ItemEnd
  readonly phase: string | undefined
  readonly processId: string | undefined
  readonly exitCode: number | undefined
  readonly durationMs: number | undefined
  readonly childNativeThreadIds: readonly string[]
  /** The threads that this item shows to be children of its thread. */
  readonly spawned: readonly Spawned[]
  readonly data: Fields | undefined
}

/** A thread that another one works with by collaboration. */
export interface Spawned {
  readonly id: string
  /** Its name, where the wire has one. */
  readonly name: string | undefined
  /** True: this item started it. */
  readonly started: boolean
  /** True: it exists, because it was started or its state is reported. */
  readonly isThere: boolean
}

interface Reading {
  readonly kind: ItemKind
  readonly title?: string | undefined
  readonly text?: string | null
  /** Members that `text` holds already. */
  readonly inText?: readonly string[]
  /** Replacements of members. */
  readonly replaced?: Fields
  readonly children?: readonly string[]
  readonly spawned?: readonly Spawned[]
}

/** What a user wrote. The `input` of a turn and the `content` of a user message are lists of the same parts. */
export interface UserInput {
  /** The text parts, joined by a blank line. Null where there is none. */
  readonly text: string | null
  /** The other parts (images, audio, skills, mentions), as the provider has them. */
  readonly others: readonly Fields[]
}

/** Reads the parts. An absent list is empty. A part that is no object, or a text part without text, is refused. */
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

/** Members that the event holds in members of its own, or that only the raw message needs. */
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
        inText: ["content", "clientId"],
        replaced: others.length === 0 ? {} : { content: others },
      }
    },
  ],
  ["hookPrompt", () => ({ kind: "other" })],
  ["agentMessage", (item) => ({ kind: "agent_message", text: mayHaveString(item, "text"), inText: ["text"] })],
  ["functionCallOutput", (item) => ({ kind: "tool_call", title: named(item, "namespace") })],
  ["plan", (item) => ({ kind: "plan", text: mayHaveString(item, "text"), inText: ["text"] })],
  ["reasoning", (item) => ({ kind: "reasoning", text: joined(mayHaveStrings(item, "summary")), inText: ["summary"] })],
  [
    "commandExecution",
    (item) => ({
      kind: "command",
      title: hintText(item, "command"),
      text: mayHaveString(item, "aggregatedOutput"),
      inText: ["aggregatedOutput"],
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

/** The paths of a file change, for a title. */
export const changedPaths = (item: Fields): string | undefined => {
  const paths = hintArray(item, "changes").flatMap((change) => {
    const path = isFields(change) ? hintText(change, "path") : undefined
    return path === undefined ? [] : [path]
  })
  return paths.length === 0 ? undefined : paths.join(", ")
}

/** How an item ended. An item without a status, or with an unknown one, is completed. */
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

/** Reads an item. Its id and type are required, and the members that become its text must be texts. */
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
    data: rest({ ...item, ...reading.replaced }, membersElsewhere(reading)),
  }
}

/** The members that `data` leaves out. A replaced member stays in `data`, with its replacement. */
const membersElsewhere = (reading: Reading): readonly string[] => {
  const kept = Object.keys(reading.replaced ?? {})
  return [...placed, ...(reading.inText ?? [])].filter((key) => !kept.includes(key))
}

/** Reads `codexErrorInfo`, in stored errors `codex_error_info`: a name, or an object whose one member names the variant and holds its fields. */
export const variantOf = (info: unknown): { readonly name: string | undefined; readonly fields: Fields } => {
  if (typeof info === "string") return { name: info, fields: {} }
  const [name] = isFields(info) ? Object.keys(info) : []
  return isFields(info) && name !== undefined
    ? { name, fields: hintFields(info, name) ?? {} }
    : { name: undefined, fields: {} }
}

/** Reads a `TurnError`. Its message is required. */
export const readError = (error: Fields): ProviderError => {
  const { name, fields } = variantOf(error.codexErrorInfo)
  return omitUndefined({
    message: needString(error, "message"),
    code: name,
    httpStatus: hintNumber(fields, "httpStatusCode"),
    details: hintText(error, "additionalDetails"),
  })
}

const outcomes: ReadonlyMap<string, TurnOutcome> = new Map<string, TurnOutcome>([
  ["completed", "completed"],
  ["interrupted", "interrupted"],
  ["failed", "failed"],
])

/** The outcome of a turn's status. Undefined: the turn goes on, or this version does not know the status. */
export const outcomeOf = (status: string | undefined): TurnOutcome | undefined => outcomes.get(status ?? "")
