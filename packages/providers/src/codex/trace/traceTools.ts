/** Tool calls, code cells and compactions of a trace: what their events say of an item. */
import { type ItemEnd, type ItemKind, readWireJson } from "@threadfold/contracts"
import { type Fact, fact } from "../../runtime/Fact.js"
import {
  type Fields,
  hintArray,
  hintFields,
  hintNumber,
  hintText,
  hintTexts,
  isFields,
  oneLine,
  rest,
} from "../../runtime/readFields.js"
import { outputOf, readCall } from "../rollout/rolloutCalls.js"
import { changesOf, commandLine, durationOf } from "../rollout/storedItem.js"
import { traceId } from "./readTraceLine.js"
import type { OpenItem, RuntimeEnd, TraceThread } from "./TraceThread.js"

const kinds: ReadonlyMap<string, ItemKind> = new Map<string, ItemKind>([
  ["exec_command", "command"],
  ["apply_patch", "file_change"],
  ["web", "web_search"],
  ["spawn_agent", "subagent"],
  ["assign_agent_task", "subagent"],
  ["send_message", "subagent"],
  ["wait_agent", "subagent"],
  ["close_agent", "subagent"],
])

const nativeOf = (thread: TraceThread, { itemId, turnId }: Pick<OpenItem, "itemId" | "turnId">) => ({
  threadId: thread.id,
  turnId,
  itemId,
})

/** The item that a `tool_call_started` begins. @param invocation the body that the event names, where it is there */
export const toolItem = (
  payload: Fields,
  itemId: string,
  turnId: string | undefined,
  invocation: Fields | undefined,
): OpenItem => {
  const kind = hintFields(payload, "kind") ?? {}
  const type = hintText(kind, "type") ?? "other"
  const summary = hintFields(payload, "summary") ?? {}
  const name = (invocation && hintText(invocation, "tool_name")) ?? hintText(kind, "name") ?? type
  const given = invocation === undefined ? {} : (hintFields(invocation, "payload") ?? {})
  const isCustom = hintText(given, "type") === "custom"
  const read = readCall({
    type: isCustom ? "custom_tool_call" : "function_call",
    name,
    namespace: invocation === undefined ? undefined : hintText(invocation, "tool_namespace"),
    input: given.input,
    arguments: given.arguments ?? given.raw_arguments ?? hintText(summary, "input_preview"),
  })
  const server = hintText(kind, "server")
  const label =
    server === undefined ? hintText(summary, "label") : `${server}.${hintText(kind, "tool") ?? hintText(kind, "name")}`
  const requester = hintFields(payload, "requester") ?? {}
  const cell = hintText(requester, "runtime_cell_id")
  const mapped = kinds.get(type)
  const isPlain = read?.kind === "tool_call" || read?.kind === "subagent" || read === undefined
  return {
    itemId,
    turnId,
    kind: mapped === "command" && read !== undefined && !isPlain ? read.kind : (mapped ?? "tool_call"),
    name: type === "other" ? name : type,
    title: isPlain ? oneLine(label ?? name) : read?.title,
    data: {
      ...(isFields(read?.data) ? read.data : { arguments: readWireJson(hintText(given, "arguments") ?? "") ?? null }),
      ...(cell === undefined ? {} : { runtimeCellId: cell }),
    },
    children: [],
    runtime: undefined,
  }
}

/** The fact that an item began. */
export const itemBegan = (thread: TraceThread, item: OpenItem): Fact => {
  const { data, kind, name, title } = item
  return fact("item.started", { kind, nativeKind: name, title, data }, nativeOf(thread, item))
}

const childKeys = ["new_thread_id", "receiver_thread_id", "agent_thread_id"]

/** The threads that the runtime of a tool names. */
const childrenIn = (runtime: Fields): readonly string[] => [
  ...hintTexts(runtime, "receiver_thread_ids"),
  ...childKeys.flatMap((key) => traceId(runtime, key) ?? []),
]

/** What a body of `tool_call_runtime_started` adds to an item, and the fact that says it. */
export const runtimeBegan = (
  thread: TraceThread,
  item: OpenItem,
  runtime: Fields,
): { readonly item: OpenItem; readonly what: Fact } => {
  const words = hintTexts(runtime, "command")
  const changes = hintFields(runtime, "changes")
  const files = Object.keys(changes ?? {})
  const cwd = hintText(runtime, "cwd")
  const isChange = item.kind === "command" && files.length > 0
  const next: OpenItem = {
    ...item,
    kind: isChange ? "file_change" : item.kind,
    title: (files.length > 0 ? oneLine(files.join(", ")) : oneLine(commandLine(words))) ?? item.title,
    data: {
      ...item.data,
      ...(words.length === 0 ? {} : { command: commandLine(words) }),
      ...(cwd === undefined ? {} : { cwd }),
      ...(changes === undefined ? {} : { changes: changesOf(changes) }),
    },
    children: [...new Set([...item.children, ...childrenIn(runtime)])].slice(0, 100),
  }
  const { data, title } = next
  const update = { title, processId: hintText(runtime, "process_id"), data }
  return { item: next, what: fact("item.updated", update, nativeOf(thread, item)) }
}

/** Members of a runtime's end that stand elsewhere in the event, or say what its beginning said. */
const placed = [
  "call_id",
  "turn_id",
  "process_id",
  "command",
  "cwd",
  "parsed_cmd",
  "source",
  "started_at_ms",
  "completed_at_ms",
  "stdout",
  "stderr",
  "aggregated_output",
  "formatted_output",
  "exit_code",
  "duration",
  "changes",
  "success",
  "status",
]

/** What a body of `tool_call_runtime_ended` says. @param status the event's own */
export const readRuntimeEnd = (status: string, runtime: Fields): RuntimeEnd => {
  const changes = hintFields(runtime, "changes")
  const output = runtime.aggregated_output
  const both = [hintText(runtime, "stdout"), hintText(runtime, "stderr")].filter((text) => text !== undefined)
  return {
    status: hintText(runtime, "status") ?? status,
    text: typeof output === "string" ? output : both.length === 0 ? undefined : both.join("\n"),
    exitCode: hintNumber(runtime, "exit_code"),
    durationMs: durationOf(runtime),
    data: { ...rest(runtime, placed), ...(changes === undefined ? {} : { changes: changesOf(changes) }) },
  }
}

/** An item with what its runtime said at its end. */
export const withRuntimeEnd = (item: OpenItem, runtime: RuntimeEnd, body: Fields): OpenItem => ({
  ...item,
  kind: item.kind === "command" && runtime.data.changes !== undefined ? "file_change" : item.kind,
  data: { ...item.data, ...runtime.data },
  children: [...new Set([...item.children, ...childrenIn(body)])].slice(0, 100),
  runtime,
})

/** What is said of the end of an item that had ended before: a process that outlived its call. */
export const runtimeAfterEnd = (
  thread: TraceThread,
  itemId: string,
  turnId: string | undefined,
  end: RuntimeEnd,
): Fact => {
  const { data, exitCode, status, text } = end
  const said = { ...data, processStatus: status, processExitCode: exitCode ?? null, processOutput: text ?? null }
  return fact("item.updated", { data: said }, nativeOf(thread, { itemId, turnId }))
}

const isRejected = /\brejected by user\b/i

/** The end of an item in our words. A call that a person refused ends `failed` or `cancelled` in Codex's. */
const endOf = (status: string, said: string, runtime: RuntimeEnd | undefined): ItemEnd => {
  if (status === "completed") return "completed"
  if (runtime?.status === "declined" || isRejected.test(said)) return "declined"
  return status === "failed" ? "failed" : "interrupted"
}

/** What a body of `tool_call_ended` says as text, and the exit code in it. */
const resultOf = (result: Fields | undefined) => {
  if (result === undefined) return { text: undefined, exitCode: undefined }
  const error = hintText(result, "error")
  if (error !== undefined) return { text: error, exitCode: undefined }
  const { exitCode, text } = outputOf((hintFields(result, "response_item") ?? result).output)
  return { text, exitCode }
}

/** The fact that an item ended. @param result the body that the event names, where it is there */
export const itemEnded = (thread: TraceThread, item: OpenItem, status: string, result: Fields | undefined): Fact => {
  const { children, kind, name, runtime, title } = item
  const said = resultOf(result)
  const end = endOf(status, said.text ?? "", runtime)
  const isCommand = kind === "command"
  const output = runtime?.text ?? (end === "declined" ? undefined : said.text)
  const data = isCommand || said.text === undefined ? item.data : { ...item.data, result: said.text }
  const payload = {
    kind,
    nativeKind: name,
    title,
    status: end,
    text: isCommand ? (output ?? null) : null,
    exitCode: isCommand ? (runtime?.exitCode ?? said.exitCode) : undefined,
    durationMs: runtime?.durationMs,
    childNativeThreadIds: children.length === 0 ? undefined : children,
    data: Object.keys(data).length === 0 ? undefined : data,
  }
  return fact("item.completed", payload, nativeOf(thread, item))
}

/** The item of a code cell: a script of the model that calls tools. */
export const cellItem = (payload: Fields, itemId: string, turnId: string | undefined): OpenItem => {
  const source = hintText(payload, "source_js")
  return {
    itemId,
    turnId,
    kind: "tool_call",
    name: "code_cell",
    title: oneLine(source) ?? "code cell",
    data: { source: source ?? null, runtimeCellId: hintText(payload, "runtime_cell_id") ?? null },
    children: [],
    runtime: undefined,
  }
}

/** The item of an attempt to compact the history. */
export const compactionItem = (payload: Fields, itemId: string, turnId: string | undefined): OpenItem => ({
  itemId,
  turnId,
  kind: "compaction",
  name: "compaction_request",
  title: hintText(payload, "model"),
  data: {
    compactionId: hintText(payload, "compaction_id") ?? null,
    model: hintText(payload, "model") ?? null,
    provider: hintText(payload, "provider_name") ?? null,
  },
  children: [],
  runtime: undefined,
})

/** The fact that an attempt to compact ended. */
export const compactionEnded = (
  thread: TraceThread,
  item: OpenItem,
  status: ItemEnd,
  error: string | undefined,
): Fact => {
  const { kind, name, title } = item
  const data = error === undefined ? item.data : { ...item.data, error }
  return fact("item.completed", { kind, nativeKind: name, title, status, text: null, data }, nativeOf(thread, item))
}

/** How many items a checkpoint of a compaction had before, and has after. */
export const checkpointSizes = (checkpoint: Fields | undefined) =>
  checkpoint === undefined
    ? undefined
    : {
        inputItems: hintArray(checkpoint, "input_history").length,
        replacementItems: hintArray(checkpoint, "replacement_history").length,
      }
