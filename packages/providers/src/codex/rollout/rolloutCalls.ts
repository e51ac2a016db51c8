/** Calls of tools in a rollout file: response items that begin and end them, and events that say more of their end. */
import type { ItemEnd, ItemKind } from "@threadfold/contracts"
import { readWireJson } from "@threadfold/contracts"
import { type Fact, fact } from "../../runtime/Fact.js"
import {
  type Fields,
  hintArray,
  hintFields,
  hintNumber,
  hintText,
  isFields,
  oneLine,
  rest,
} from "../../runtime/readFields.js"
import type { Call, RolloutThread } from "./RolloutThread.js"
import { changesOf, commandLine, commandOf, durationOf } from "./storedItem.js"

/** How many calls may wait for their end. Beyond that the oldest is forgotten; its turn's end closes its item. */
const mostCalls = 1_024

const argumentsOf = (call: Fields): Fields => {
  const text = hintText(call, "arguments")
  const value = text === undefined ? undefined : readWireJson(text)
  return isFields(value) ? value : (hintFields(call, "arguments") ?? {})
}

const shellTools: ReadonlySet<string> = new Set([
  "shell",
  "shell_command",
  "exec_command",
  "local_shell",
  "container.exec",
  "unified_exec",
])
/** Calls that go on with what another call began; that call's item shows their effect. */
const continuing: ReadonlySet<string> = new Set(["write_stdin", "send_input", "wait", "wait_agent", "wait_for_agents"])
/** The tool that sets the to-do list. */
const planTool = "update_plan"

const isPatch = (command: string): boolean => /(^|[\s;&'"])apply_patch\b/.test(command)

/** Reads a call: a function of the model, a custom tool or the older shell call. Undefined: the item begins no call of its own. */
export const readCall = (item: Fields): Omit<Call, "id" | "turnId"> | undefined => {
  const type = hintText(item, "type")
  if (type === "local_shell_call") {
    const action = hintFields(item, "action") ?? {}
    const title = commandOf(action)
    return {
      kind: "command",
      name: "local_shell",
      title: oneLine(title),
      data: { command: title, cwd: hintText(action, "working_directory") ?? null },
    }
  }
  const name = hintText(item, "name")
  if (name === undefined || continuing.has(name) || name === planTool) return undefined
  if (type === "custom_tool_call") {
    const input = hintText(item, "input") ?? ""
    const isChange = name === "apply_patch"
    return {
      kind: isChange ? "file_change" : "tool_call",
      name,
      title: isChange ? patchTitle(input) : name,
      data: { input },
    }
  }
  const given = argumentsOf(item)
  const command = shellTools.has(name) ? (commandOf(given) ?? commandOf(given, "cmd")) : undefined
  if (command !== undefined) {
    const cwd = hintText(given, "workdir") ?? null
    return isPatch(command)
      ? { kind: "file_change", name, title: patchTitle(command), data: { command, cwd } }
      : { kind: "command", name, title: oneLine(command), data: { command, cwd } }
  }
  if (name === "apply_patch") {
    const input = hintText(given, "input") ?? ""
    return { kind: "file_change", name, title: patchTitle(input), data: { input } }
  }
  const owner = hintText(item, "namespace")
  const plain = owner === undefined ? name : `${owner}.${name}`
  return {
    kind: name === "spawn_agent" ? "subagent" : "tool_call",
    name: plain,
    title: oneLine(plain),
    data: { arguments: given },
  }
}

/** The files that a patch in Codex's form changes. */
const patchTitle = (text: string): string | undefined => {
  const files = [...text.matchAll(/^\*\*\* (?:Add|Update|Delete) File: (.+)$/gm)].map(([, path]) => path ?? "")
  return oneLine(files.join(", "))
}

const native = (thread: RolloutThread, turnId: string | undefined, itemId: string) => ({
  threadId: thread.id,
  turnId,
  itemId,
})

/** The to-do list of a call of `update_plan`. */
const planFacts = (thread: RolloutThread, turnId: string | undefined, given: Fields): readonly Fact[] => {
  const steps = hintArray(given, "plan").flatMap((entry) => {
    const step = isFields(entry) ? hintText(entry, "step") : undefined
    if (step === undefined || !isFields(entry)) return []
    const status = hintText(entry, "status") ?? "pending"
    return [{ step, status: status === "in_progress" ? "inProgress" : status }]
  })
  if (steps.length === 0) return []
  return [
    fact("turn.plan.updated", { explanation: hintText(given, "explanation"), steps }, { threadId: thread.id, turnId }),
  ]
}

/** The facts of a response item that begins a call. */
export const callStarted = (thread: RolloutThread, turnId: string | undefined, item: Fields): readonly Fact[] => {
  const id = hintText(item, "call_id") ?? hintText(item, "id")
  if (id === undefined) return []
  if (hintText(item, "name") === planTool) return planFacts(thread, turnId, argumentsOf(item))
  const read = readCall(item)
  if (read === undefined || thread.calls.has(id)) return []
  const [oldest] = thread.calls.keys()
  if (thread.calls.size >= mostCalls && oldest !== undefined) thread.calls.delete(oldest)
  thread.calls.set(id, { ...read, id, turnId })
  const { data, kind, name, title } = read
  return [fact("item.started", { kind, nativeKind: name, title, data }, native(thread, turnId, id))]
}

/** How a call ended. */
interface CallEnd {
  readonly status: ItemEnd
  readonly text: string | null
  readonly exitCode?: number | undefined
  readonly durationMs?: number | undefined
  readonly title?: string | undefined
  readonly data?: unknown
}

const ended = (thread: RolloutThread, call: Call, end: CallEnd): Fact => {
  thread.calls.delete(call.id)
  const { data = call.data, durationMs, exitCode, status, text, title = call.title } = end
  const described = { kind: call.kind, nativeKind: call.name, title, data }
  return fact(
    "item.completed",
    { ...described, status, text, exitCode, durationMs },
    native(thread, call.turnId, call.id),
  )
}

const stillRuns = /^Process running with session ID/m
const exitLine = /^(?:Exit code:|Process exited with code) (-?\d+)$/m
const outputLine = /^Output:\n/m

/** The output of a call: a text, an object that holds one, or the text of a JSON object with the exit code beside it. */
export const outputOf = (
  output: unknown,
): { readonly text: string; readonly exitCode: number | undefined; readonly failed: boolean } => {
  const said = isFields(output) ? (hintText(output, "content") ?? "") : textOf(output)
  const failed = isFields(output) && output.success === false
  const whole = said.startsWith("{") ? readWireJson(said) : undefined
  if (isFields(whole) && typeof whole.output === "string") {
    return { text: whole.output, exitCode: hintNumber(hintFields(whole, "metadata") ?? {}, "exit_code"), failed }
  }
  const code = exitLine.exec(said)?.[1]
  const start = code === undefined ? null : outputLine.exec(said)
  const text = start === null ? said : said.slice(start.index + start[0].length)
  return { text, exitCode: code === undefined ? undefined : Number(code), failed }
}

const textOf = (output: unknown): string => {
  if (typeof output === "string") return output
  if (!Array.isArray(output)) return ""
  return output.flatMap((part) => (isFields(part) && typeof part.text === "string" ? [part.text] : [])).join("\n")
}

/** What Codex answers to a call that was not made. */
const refusedCall = /^(?:unsupported call|exec_command failed|failed to parse|apply_patch verification failed)/

/** The facts of a response item that holds the output of a call. None: nothing waits for it, or the command goes on. */
export const callEnded = (thread: RolloutThread, item: Fields): readonly Fact[] => {
  const call = thread.calls.get(hintText(item, "call_id") ?? "")
  if (call === undefined) return []
  const { exitCode, failed, text } = outputOf(item.output)
  if (call.kind === "command" && exitCode === undefined && stillRuns.test(text)) return []
  const isRefused = /rejected by user/i.test(text) && refusedCall.test(text)
  const isFailed = failed || (exitCode ?? 0) !== 0 || refusedCall.test(text)
  const status: ItemEnd = isRefused ? "declined" : isFailed ? "failed" : "completed"
  if (call.kind === "command") return [ended(thread, call, { status, text: isRefused ? null : text, exitCode })]
  const data = { ...(isFields(call.data) ? call.data : {}), result: text }
  return [ended(thread, call, { status, text: null, data })]
}

const statusOf = (event: Fields, success: boolean): ItemEnd => {
  const status = hintText(event, "status")
  return status === "declined" || status === "failed" || status === "completed"
    ? status
    : success
      ? "completed"
      : "failed"
}

/** The call that an event tells the end of: one that began before, or one that only this event shows. */
const callOf = (thread: RolloutThread, turnId: string | undefined, id: string, kind: ItemKind, name: string): Call =>
  thread.calls.get(id) ?? { id, turnId, kind, name, title: undefined, data: undefined }

type CallEvent = (thread: RolloutThread, turnId: string | undefined, event: Fields, id: string) => readonly Fact[]

/** Members of an end that stand elsewhere in its event. */
const placed = [
  "type",
  "call_id",
  "turn_id",
  "status",
  "duration",
  "stdout",
  "stderr",
  "aggregated_output",
  "formatted_output",
  "exit_code",
  "success",
  "changes",
  "command",
  "thread_id",
  "completed_at_ms",
  "started_at_ms",
]

/** The events that tell the end of a call, by their types. */
export const callEvents: ReadonlyMap<string, CallEvent> = new Map<string, CallEvent>([
  [
    "exec_command_end",
    (thread, turnId, event, id) => {
      const words = hintArray(event, "command").filter((word) => typeof word === "string")
      const title = words.length === 0 ? undefined : commandLine(words)
      const exitCode = hintNumber(event, "exit_code")
      const both = [hintText(event, "stdout"), hintText(event, "stderr")]
        .filter((text) => text !== undefined)
        .join("\n")
      const text = typeof event.aggregated_output === "string" ? event.aggregated_output : both
      const status = statusOf(event, (exitCode ?? 0) === 0)
      const data = rest(
        { ...event, command: title ?? null },
        placed.filter((name) => name !== "command"),
      )
      const call = callOf(thread, turnId, id, "command", "exec_command")
      return [
        ended(thread, call, { status, text, exitCode, durationMs: durationOf(event), title: oneLine(title), data }),
      ]
    },
  ],
  [
    "patch_apply_end",
    (thread, turnId, event, id) => {
      const changes = changesOf(hintFields(event, "changes") ?? {})
      const title = oneLine(changes.map(({ path }) => String(path)).join(", "))
      const call = { ...callOf(thread, turnId, id, "file_change", "apply_patch"), kind: "file_change" as const }
      const data = { changes, stdout: hintText(event, "stdout") ?? null, stderr: hintText(event, "stderr") ?? null }
      return [ended(thread, call, { status: statusOf(event, event.success === true), text: null, title, data })]
    },
  ],
  [
    "mcp_tool_call_end",
    (thread, turnId, event, id) => {
      const called = hintFields(event, "invocation") ?? {}
      const title = oneLine(`${hintText(called, "server") ?? ""}.${hintText(called, "tool") ?? ""}`)
      const result = hintFields(event, "result") ?? {}
      const isFailed = Object.hasOwn(result, "Err") || hintFields(result, "Ok")?.is_error === true
      const data = { invocation: called, result: event.result ?? null }
      const call = callOf(thread, turnId, id, "tool_call", "mcp_tool_call")
      return [
        ended(thread, call, {
          status: isFailed ? "failed" : "completed",
          text: null,
          durationMs: durationOf(event),
          title,
          data,
        }),
      ]
    },
  ],
  ["web_search_end", other("web_search", "web_search", "query")],
  ["view_image_tool_call", other("tool_call", "view_image", "path")],
  ["image_generation_end", other("tool_call", "image_generation", "revised_prompt")],
  ["dynamic_tool_call_response", other("tool_call", "dynamic_tool", "tool")],
])

function other(kind: ItemKind, name: string, titleKey: string): CallEvent {
  return (thread, turnId, event, id) => {
    const call = callOf(thread, turnId, id, kind, name)
    const title = oneLine(hintText(event, titleKey)) ?? call.title
    // The picture itself is in the line, which is kept.
    const data = rest(event, [...placed, "result"])
    return [ended(thread, call, { status: statusOf(event, event.success !== false), text: null, title, data })]
  }
}
