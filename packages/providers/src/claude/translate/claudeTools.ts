/**
 * Tools: the item and the request of a call, and how its result ends it. The provider's own tools are known by name. All
 * others (of a tool server, of a later version) are plain tool calls.
 */
import type { ItemEnd, ItemKind, RequestKind } from "@threadfold/contracts"
import { type Fact, fact } from "../../runtime/Fact.js"
import { type Fields, hintArray, hintFields, hintText, isFields, oneLine, rest } from "../../runtime/readFields.js"
import { nativeOf, type Session, type Tool } from "./ClaudeSession.js"

interface Reading {
  readonly kind: ItemKind
  readonly request: RequestKind
  /** One line for a person. Default: the tool's name and its main argument. */
  readonly title?: (input: Fields) => string | undefined
  /** The text of the item that the input holds. */
  readonly text?: (input: Fields) => string | undefined
}

const path = (input: Fields): string | undefined => hintText(input, "file_path") ?? hintText(input, "notebook_path")

const change: Reading = { kind: "file_change", request: "file_change_approval", title: path }
const shell: Reading = { kind: "command", request: "command_approval", title: (input) => hintText(input, "command") }
const search: Reading = { kind: "web_search", request: "permissions", title: (input) => hintText(input, "query") }
const subagent: Reading = {
  kind: "subagent",
  request: "permissions",
  title: (input) => hintText(input, "description") ?? hintText(input, "subagent_type"),
}
const anyTool: Reading = { kind: "tool_call", request: "permissions" }

/** A step of the agent's to-do list. */
export interface Todo {
  readonly step: string
  readonly status: string
}

/** The to-do list that a call of `TodoWrite` sets. */
export const todosOf = (input: Fields): readonly Todo[] =>
  hintArray(input, "todos").flatMap((todo): readonly Todo[] => {
    const step = isFields(todo) ? hintText(todo, "content") : undefined
    if (step === undefined || !isFields(todo)) return []
    const status = hintText(todo, "status") ?? "pending"
    return [{ step, status: status === "in_progress" ? "inProgress" : status }]
  })

const boxes: ReadonlyMap<string, string> = new Map([
  ["completed", "[x]"],
  ["inProgress", "[-]"],
])

const todoText = (input: Fields): string | undefined => {
  const todos = todosOf(input)
  return todos.length === 0
    ? undefined
    : todos.map(({ status, step }) => `${boxes.get(status) ?? "[ ]"} ${step}`).join("\n")
}

/** The tool that sets the to-do list. */
export const todoTool = "TodoWrite"
/** The tool that asks for consent to a plan. */
export const planTool = "ExitPlanMode"
/** The tool that asks the user. */
export const questionTool = "AskUserQuestion"

const readings: ReadonlyMap<string, Reading> = new Map<string, Reading>([
  ["Bash", shell],
  ["PowerShell", shell],
  ["Edit", change],
  ["MultiEdit", change],
  ["Write", change],
  ["NotebookEdit", change],
  ["WebSearch", search],
  ["web_search", search],
  ["Task", subagent],
  ["Agent", subagent],
  [todoTool, { kind: "plan", request: "permissions", text: todoText }],
  [planTool, { kind: "plan", request: "permissions", text: (input) => hintText(input, "plan") }],
  [
    questionTool,
    {
      kind: "tool_call",
      request: "user_input",
      title: (input) =>
        hintArray(input, "questions")
          .flatMap((question) => (isFields(question) ? [hintText(question, "question")] : []))
          .find((question) => question !== undefined),
    },
  ],
])

const readingOf = (name: string): Reading => readings.get(name) ?? anyTool

/** The arguments that describe a call best, the best first. */
const mainArguments = ["file_path", "path", "pattern", "url", "query", "command", "description", "skill"]

/** The name of a tool. `mcp__server__tool` is the tool of a server. */
const plainName = (name: string): string => {
  const [prefix, server, ...tool] = name.split("__")
  return prefix === "mcp" && server !== undefined && tool.length > 0 ? `${server}.${tool.join("__")}` : name
}

/** One line for a person. Without an input only the tool is known. */
export const toolTitle = (name: string, input: Fields | undefined): string | undefined => {
  const reading = readingOf(name)
  if (input === undefined) return reading.title === undefined ? oneLine(plainName(name)) : undefined
  const own = reading.title?.(input)
  if (own !== undefined) return oneLine(own)
  const argument = mainArguments.map((key) => hintText(input, key)).find((value) => value !== undefined)
  return oneLine(argument === undefined ? plainName(name) : `${plainName(name)} ${argument}`)
}

/** The kind of a request for permission to use the tool. */
export const requestKind = (name: string): RequestKind => readingOf(name).request

/** The kind of item of a call of the tool. */
export const toolKind = (name: string): ItemKind => readingOf(name).kind

const described = (tool: Tool, data: Fields) => ({
  kind: toolKind(tool.name),
  nativeKind: tool.name,
  title: toolTitle(tool.name, tool.input),
  data: rest(data, []),
})

const itemOf = (session: Session, tool: Tool) => nativeOf(session, tool.turnId, { itemId: tool.id })

/** The facts of a started call. `input` is undefined while the model still writes it. */
export const toolStarted = (session: Session, id: string, name: string, input: Fields | undefined): readonly Fact[] => {
  const tool: Tool = { id, name, turnId: session.running?.id, input, isOpen: true, isDenied: false }
  session.tools.set(id, tool)
  const started = fact("item.started", described(tool, { input: input ?? null }), itemOf(session, tool))
  return [started, ...planOf(session, tool)]
}

/** The facts of a call whose whole input is known. */
export const toolCalled = (session: Session, id: string, name: string, input: Fields): readonly Fact[] => {
  const tool = session.tools.get(id)
  if (tool === undefined) return toolStarted(session, id, name, input)
  if (tool.input !== undefined) return []
  tool.input = input
  const { data, title } = described(tool, { input })
  return [fact("item.updated", { title, data }, itemOf(session, tool)), ...planOf(session, tool)]
}

/** The facts of a call that concern the turn as a whole: a to-do list, or a plan that waits for consent. */
const planOf = (session: Session, tool: Tool): readonly Fact[] => {
  if (tool.input === undefined) return []
  const native = nativeOf(session, tool.turnId)
  if (tool.name === todoTool) {
    const steps = todosOf(tool.input)
    return steps.length === 0 ? [] : [fact("turn.plan.updated", { steps }, native)]
  }
  const plan = tool.name === planTool ? hintText(tool.input, "plan") : undefined
  return plan === undefined ? [] : [fact("turn.proposed.completed", { text: plan }, native)]
}

/** The text of content that is a string or a list of blocks. */
export const textOf = (content: unknown): string | undefined => {
  if (typeof content === "string") return content
  if (!Array.isArray(content)) return undefined
  const texts = content.flatMap((part) =>
    isFields(part) && part.type === "text" && typeof part.text === "string" ? [part.text] : [],
  )
  return texts.length === 0 ? undefined : texts.join("\n\n")
}

/** The result of a call, with what its message adds. */
export interface Result {
  readonly content: unknown
  readonly isError: boolean
  /** The tool's own output, where the provider adds it. */
  readonly output: unknown
  /** The provider's data about the permission of the call. */
  readonly permission: Fields | undefined
}

/** Reads the result of the call `id` from a user message of the agent. */
export const readResult = (message: Fields, id: string, block: Fields): Result => ({
  content: block.content,
  isError: block.is_error === true,
  output: message.tool_use_result,
  permission: hintArray(message, "tool_result_meta").find((meta): meta is Fields => isFields(meta) && meta.id === id),
})

/**
 * How the call ended. A refused call has an error as its result. So has a call that an interrupt stopped, or that waited for
 * permission when the interrupt came; that call was not refused.
 */
const endOf = (tool: Tool, { isError, permission = {} }: Result): ItemEnd => {
  if (!isError) return "completed"
  if (tool.isDenied || hintFields(permission, "permission_decision")?.decision === "reject") return "declined"
  switch (permission.non_execution_kind) {
    case undefined:
      return "failed"
    case "permission-rule":
      return "declined"
    case "user-rejected":
      return "interrupted"
    default:
      return "failed"
  }
}

/** The beginning of the result of a failed command. Its output follows. */
const exitLine = /^Exit code (\d+)\n?/

/**
 * The output of a command: both of its streams, or the text that the model got where the provider does not have the streams.
 * For a command that did not run to its end, that text is no output.
 */
const outputOf = ({ content, output }: Result, end: ItemEnd): string | null => {
  if (end === "declined" || end === "interrupted") return null
  if (isFields(output) && typeof output.stdout === "string" && typeof output.stderr === "string") {
    return [output.stdout, output.stderr].filter((text) => text !== "").join("\n")
  }
  return textOf(content)?.replace(exitLine, "") ?? null
}

const exitCodeOf = ({ content, isError }: Result): number | undefined => {
  const code = isError ? exitLine.exec(textOf(content) ?? "")?.[1] : undefined
  return code === undefined ? undefined : Number(code)
}

/** Members of a tool's output that repeat the call's input or the file. */
const saidElsewhere = ["content", "originalFile", "oldString", "newString", "replaceAll", "questions"]

const resultData = (tool: Tool, { content, output }: Result): unknown => {
  const text = textOf(content)
  switch (toolKind(tool.name)) {
    case "command":
      return null
    case "file_change":
      return isFields(output) ? (rest(output, saidElsewhere) ?? null) : (text ?? null)
    default:
      return text ?? content ?? null
  }
}

/** The facts of an ended call. */
export const toolEnded = (session: Session, tool: Tool, result: Result): readonly Fact[] => {
  tool.isOpen = false
  const isCommand = toolKind(tool.name) === "command"
  const status = endOf(tool, result)
  const input = tool.input ?? {}
  return [
    fact(
      "item.completed",
      {
        ...described(tool, { input: tool.input ?? null, result: resultData(tool, result) }),
        status,
        text: isCommand ? outputOf(result, status) : (readingOf(tool.name).text?.(input) ?? null),
        exitCode: isCommand ? exitCodeOf(result) : undefined,
      },
      itemOf(session, tool),
    ),
  ]
}

/** The fact of a call that is not made, because the model's message broke off before the call was complete. */
export const toolDropped = (session: Session, tool: Tool): Fact => {
  tool.isOpen = false
  return fact("item.completed", { ...described(tool, {}), status: "interrupted" }, itemOf(session, tool))
}

/** Forgets the ended calls: no later message names them. */
export const forgetEnded = ({ tools }: Session): void => {
  for (const [id, { isOpen }] of tools) {
    if (!isOpen) tools.delete(id)
  }
}
