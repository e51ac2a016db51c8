/**
 * Work beside the main thread: subagents and commands in the background. The words of a subagent never become text of the main
 * thread. They are progress of the call that started it. In the background they are progress of a task, which may outlive its
 * turn.
 */
import type { PayloadOf } from "@threadfold/contracts"
import { type Fact, fact } from "../../runtime/Fact.js"
import { type Fields, hintFields, hintText, isFields, needFields, needText, oneLine } from "../../runtime/readFields.js"
import { nativeOf, type Session, type Task } from "./ClaudeSession.js"
import { toolTitle } from "./claudeTools.js"

const nativeOfTask = (session: Session, task: Task) => nativeOf(session, task.turnId, { taskId: task.nativeId })

const started = (session: Session, task: Task): Fact => {
  task.isInBackground = true
  const native = { ...nativeOfTask(session, task), ...(task.toolUseId === undefined ? {} : { itemId: task.toolUseId }) }
  return fact("task.started", { kind: task.kind, title: task.title }, native)
}

/** `task_started`. A task in the foreground is shown as its call. Housekeeping of the agent is not shown. */
export const taskStarted = (session: Session, said: Fields): readonly Fact[] => {
  const id = needText(said, "task_id")
  if (said.ambient === true || said.skip_transcript === true) return []
  const toolUseId = hintText(said, "tool_use_id")
  const run = hintText(said, "run_id")
  const task: Task = {
    nativeId: session.tasks.has(id) && run !== undefined ? `${id}#${run}` : id,
    toolUseId,
    turnId: (toolUseId === undefined ? undefined : session.tools.get(toolUseId)?.turnId) ?? session.running?.id,
    kind: hintText(said, "task_type"),
    title: oneLine(hintText(said, "description")),
    isInBackground: false,
    isOver: false,
  }
  session.tasks.set(id, task)
  return said.is_backgrounded === false ? [] : [started(session, task)]
}

/** A progress message: of the task in the background, else of the call. */
const progress = (
  session: Session,
  task: Task | undefined,
  toolUseId: string | undefined,
  line: string,
): readonly Fact[] => {
  if (task?.isInBackground === true) {
    return task.isOver ? [] : [fact("task.progress", { message: oneLine(line) }, nativeOfTask(session, task))]
  }
  const tool = toolUseId === undefined ? undefined : session.tools.get(toolUseId)
  if (tool?.isOpen !== true) return []
  const native = nativeOf(session, tool.turnId, { itemId: tool.id })
  // Each message is a sentence of its own, so the messages are not merged.
  return [fact("content.delta", { stream: "progress", delta: line, frames: 1 }, native)]
}

/** `task_progress`. */
export const taskProgress = (session: Session, said: Fields): readonly Fact[] => {
  const line = hintText(said, "summary") ?? hintText(said, "description")
  const task = session.tasks.get(needText(said, "task_id"))
  return line === undefined ? [] : progress(session, task, hintText(said, "tool_use_id"), line)
}

type TaskEnd = PayloadOf<"task.completed">["status"]

const ends: ReadonlyMap<string, TaskEnd> = new Map<string, TaskEnd>([
  ["completed", "completed"],
  ["failed", "failed"],
  ["killed", "interrupted"],
  ["stopped", "interrupted"],
])

/** The end of a task. It is reported twice, in different messages; the first one counts. */
const over = (session: Session, task: Task, status: string, message: string | undefined): readonly Fact[] => {
  const end = ends.get(status)
  if (end === undefined || task.isOver) return []
  task.isOver = true
  return task.isInBackground
    ? [fact("task.completed", { status: end, message: oneLine(message) }, nativeOfTask(session, task))]
    : []
}

/** `task_updated`: the task went to the background, or ended. */
export const taskUpdated = (session: Session, said: Fields): readonly Fact[] => {
  const task = session.tasks.get(needText(said, "task_id"))
  const patch = needFields(said, "patch")
  if (task === undefined) return []
  const moved = patch.is_backgrounded === true && !task.isInBackground && !task.isOver ? [started(session, task)] : []
  return [...moved, ...over(session, task, hintText(patch, "status") ?? "", hintText(patch, "error"))]
}

/** `task_notification`: the task ended. */
export const taskNotified = (session: Session, said: Fields): readonly Fact[] => {
  const task = session.tasks.get(needText(said, "task_id"))
  return task === undefined ? [] : over(session, task, needText(said, "status"), hintText(said, "summary"))
}

/** A block of a subagent's message as a sentence. Its prompt and its results are not shown. */
const sentence = (block: unknown): string | undefined => {
  if (!isFields(block)) return undefined
  if (block.type === "text") return hintText(block, "text")
  return block.type === "tool_use"
    ? toolTitle(hintText(block, "name") ?? "tool", hintFields(block, "input") ?? {})
    : undefined
}

/** A message of the subagent that the call `toolUseId` started. */
export const subagentSaid = (session: Session, toolUseId: string, wrapper: Fields): readonly Fact[] => {
  if (wrapper.type !== "assistant") return []
  const { content } = needFields(wrapper, "message")
  const agentId = hintText(wrapper, "agent_id")
  const task = agentId === undefined ? undefined : session.tasks.get(agentId)
  const lines = Array.isArray(content) ? content.map(sentence).filter((line) => line !== undefined) : []
  return lines.flatMap((line) => progress(session, task, toolUseId, line))
}
