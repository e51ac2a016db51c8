/**
 * Tool calls. The protocol patches them: both kinds of update, and requests for permission, hold only what has changed. The
 * patches are merged here, so that every event has the whole call.
 */
import type { ToolKind } from "@agentclientprotocol/sdk"
import type { ItemEnd, ItemKind, RequestKind } from "@threadfold/contracts"
import { type Fact, fact, pieceOf } from "../../runtime/Fact.js"
import {
  type Fields,
  hintArray,
  hintFields,
  hintJson,
  hintNumber,
  hintText,
  isFields,
  mayHaveString,
  needText,
  oneLine,
  rest,
} from "../../runtime/readFields.js"
import type { Place, Tool } from "./AcpSession.js"
import { endText, textsOf } from "./textRuns.js"

/** The members of a patch, which replace earlier ones. */
const patched = ["title", "kind", "name", "locations", "rawInput", "rawOutput", "content"] as const

/** The kinds of tool call that the protocol knows, as our kinds of item. */
export const toolKinds: { readonly [K in ToolKind]: ItemKind } = {
  execute: "command",
  edit: "file_change",
  delete: "file_change",
  move: "file_change",
  read: "tool_call",
  search: "tool_call",
  fetch: "tool_call",
  think: "tool_call",
  switch_mode: "tool_call",
  other: "tool_call",
}

/** The kind of a request for permission, from the kind of its item. */
export const permissionKind = (kind: ItemKind): RequestKind =>
  kind === "command" ? "command_approval" : kind === "file_change" ? "file_change_approval" : "permissions"

const kinds: ReadonlyMap<string, ItemKind> = new Map(Object.entries(toolKinds))

/** Our kind of a tool call. Without a kind it is a plain tool call. */
export const kindOf = (tool: Tool): ItemKind => kinds.get(nativeKindOf(tool)) ?? "tool_call"

const nativeKindOf = (tool: Tool): ToolKind | string => hintText(tool.fields, "kind") ?? "other"

/** One line for a person. */
export const titleOf = (tool: Tool): string | undefined => oneLine(hintText(tool.fields, "title"))

const isEmpty = (value: unknown): boolean => isFields(value) && Object.keys(value).length === 0

/** The data of a tool call. The parts that are the output of a command are left out: they are its text. */
const dataOf = (tool: Tool): Fields | undefined => {
  const command = kindOf(tool) === "command"
  const isOutput = (part: unknown): boolean =>
    command &&
    isFields(part) &&
    (part.type === "terminal" || (part.type === "content" && textsOf([part.content]).length > 0))
  const output = hintJson(tool.fields, "rawOutput")
  return rest(
    {
      name: hintJson(tool.fields, "name") ?? null,
      locations: hintArray(tool.fields, "locations"),
      rawInput: isEmpty(tool.fields.rawInput) ? null : (hintJson(tool.fields, "rawInput") ?? null),
      rawOutput: command && typeof output === "string" ? null : (output ?? null),
      content: hintArray(tool.fields, "content").filter((part) => !isOutput(part)),
    },
    [],
  )
}

export const nativeOf = (place: Place, tool: Tool) => ({
  threadId: place.thread.id,
  turnId: tool.turnId,
  itemId: tool.id,
})

const ends: ReadonlyMap<string, ItemEnd> = new Map<string, ItemEnd>([
  ["completed", "completed"],
  ["failed", "failed"],
])

/** The text of an update's content, where it has text. */
const snapshotOf = (update: Fields): string | undefined => {
  const texts = textsOf(hintArray(update, "content").flatMap((part) => (isFields(part) ? [part.content] : [])))
  return texts.length === 0 ? undefined : texts.join("\n")
}

/** The members of a raw output that may hold the whole output of a command, the most complete first. */
const wholes = ["aggregated_output", "aggregatedOutput", "output", "formatted_output", "formattedOutput"]

/** The output of a command in its raw result: a text, a member with it, content blocks, or the two streams. */
const rawText = (raw: unknown): string | undefined => {
  if (typeof raw === "string") return raw
  if (Array.isArray(raw)) {
    const texts = textsOf(raw)
    return texts.length === 0 ? undefined : texts.join("\n")
  }
  if (!isFields(raw)) return undefined
  for (const name of wholes) {
    const whole = raw[name]
    if (typeof whole === "string") return whole
  }
  const streams = [raw.stdout, raw.stderr].filter((one) => typeof one === "string")
  if (streams.length > 0) return streams.filter((one) => one !== "").join("\n")
  return rawText(raw.content) ?? rawText(hintFields(raw, "metadata")?.output)
}

const outputPiece = (place: Place, tool: Tool, piece: string): Fact => {
  tool.output += piece
  return pieceOf(
    "content.delta",
    nativeOf(place, tool),
    [tool.turnId, tool.id, "output"],
    piece,
    (delta, frames, lastAt) => ({ stream: "output", delta, frames, lastAt }),
  )
}

/**
 * The output that an update adds. Terminals stream it by an extension of the protocol. Otherwise an update holds the whole
 * output so far, and its new part is known only if the output has grown at its end.
 */
const outputOf = (place: Place, tool: Tool, update: Fields, status: string | undefined): readonly Fact[] => {
  if (kindOf(tool) !== "command") return []
  const piece = hintText(hintFields(hintFields(update, "_meta") ?? {}, "terminal_output") ?? {}, "data")
  if (piece !== undefined) {
    tool.streamed = true
    return [outputPiece(place, tool, piece)]
  }
  if (tool.streamed || status !== "in_progress") return []
  const snapshot = snapshotOf(update) ?? rawText(update.rawOutput) ?? ""
  if (!snapshot.startsWith(tool.output) || snapshot === tool.output) return []
  return [outputPiece(place, tool, snapshot.slice(tool.output.length))]
}

/**
 * The whole output of an ended command: its raw result, else the text of its last update. Where pieces were streamed, the raw
 * result counts only if it holds all of them and more, because agents may cut it for the model or change its form.
 */
const finalOutput = (tool: Tool, update: Fields): string | null => {
  if (kindOf(tool) !== "command") return null
  const raw = rawText(hintJson(update, "rawOutput") ?? hintJson(tool.fields, "rawOutput"))
  if (tool.streamed)
    return raw?.includes(tool.output.trim()) === true && raw.length > tool.output.length ? raw : tool.output
  if (raw !== undefined && raw !== "") return raw
  return snapshotOf(update) ?? (tool.output === "" ? null : tool.output)
}

/** The exit code: of a terminal, or where codex-acp (`exit_code`) and OpenCode (`metadata.exit`) put it. */
const exitCodeOf = (update: Fields): number | undefined => {
  const terminal = hintFields(hintFields(update, "_meta") ?? {}, "terminal_exit") ?? {}
  const raw = hintFields(update, "rawOutput") ?? {}
  return (
    hintNumber(terminal, "exit_code") ??
    hintNumber(raw, "exit_code") ??
    hintNumber(hintFields(raw, "metadata") ?? {}, "exit")
  )
}

const endOf = (tool: Tool, end: ItemEnd): ItemEnd => (end === "failed" ? (tool.refused ?? end) : end)

const open = (place: Place, id: string): Tool => ({
  id,
  turnId: place.session.running?.turnId,
  fields: {},
  ended: false,
  output: "",
  streamed: false,
  exitCode: undefined,
  refused: null,
})

const merge = (tool: Tool, update: Fields): void => {
  const said = patched.filter((key) => (update[key] ?? null) !== null).map((key) => [key, update[key]])
  tool.fields = { ...tool.fields, ...Object.fromEntries(said) }
}

/** The shown content of a call, to find out whether an update changed it. */
const shown = (tool: Tool): string => JSON.stringify([titleOf(tool) ?? null, dataOf(tool) ?? null])

/** Whether a new call reuses the id of a call that ended in an earlier turn. Such ids are often counters. */
const isReused = (place: Place, tool: Tool, announced: boolean): boolean =>
  announced && tool.ended && tool.turnId !== place.session.running?.turnId

/**
 * The facts of a patch of a tool call.
 *
 * @param announced true: `tool_call`, which announces a call; false: a later patch of it
 */
export const toolCall = (place: Place, update: Fields, announced: boolean): readonly Fact[] => {
  const id = needText(update, "toolCallId")
  const status = mayHaveString(update, "status") ?? undefined
  const { tools } = place.session
  const known = tools.get(id)
  const isNew = known === undefined || isReused(place, known, announced)
  const tool = isNew ? open(place, id) : known
  const before = isNew ? "" : shown(tool)
  merge(tool, update)
  tool.exitCode = exitCodeOf(update) ?? tool.exitCode

  const facts: Fact[] = []
  const described = () => ({
    kind: kindOf(tool),
    nativeKind: nativeKindOf(tool),
    title: titleOf(tool),
    data: dataOf(tool),
  })
  if (isNew) {
    facts.push(...endText(place))
    place.session.repeatable = []
    tools.set(id, tool)
    facts.push(fact("item.started", described(), nativeOf(place, tool)))
  }
  const end = ends.get(status ?? "")
  const output = outputOf(place, tool, update, status)
  if (end !== undefined) {
    const text = finalOutput(tool, update)
    // Some agents report an exit code of a command that they were not allowed to run.
    const ended = {
      ...described(),
      status: endOf(tool, end),
      text,
      exitCode: tool.refused === null ? tool.exitCode : undefined,
    }
    tool.ended = true
    return [...facts, ...output, fact("item.completed", ended, nativeOf(place, tool))]
  }
  if (!isNew && !tool.ended && shown(tool) !== before) {
    facts.push(fact("item.updated", { title: titleOf(tool), data: dataOf(tool) }, nativeOf(place, tool)))
  }
  return [...facts, ...output]
}

/** Forgets the calls that ended in other turns than this one: no later update names them. */
export const forgetEnded = (tools: Map<string, Tool>, turnId: string): void => {
  for (const [id, tool] of tools) {
    if (tool.ended && tool.turnId !== turnId) tools.delete(id)
  }
}
