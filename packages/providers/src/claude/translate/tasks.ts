/**
 * Work beside the main thread: subagents and commands in the background. What a subagent says never becomes text of the main
 * thread; it belongs to the call that started it, and once it works in the background, to a task, which may outlive its turn.
 */
import type { PayloadOf } from "@threadfold/contracts"
import { type Fact, fact } from "../../runtime/Fact.js"
import { type Fields, hintFields, hintText, isFields, needFields, needText, oneLine } from "../../runtime/readFields.js"
import { nativeOf, type Session, type Task } from "./ClaudeSession.js"
import { toolTitle } from "./claudeTools.js"

const nativeOfTask = (session: Session, task: Task) => nativeOf(session, task.turnId, { taskId: task.nativeId })

const told = (session: Session, task: Task): Fact => {
  task.isTold = true
  const native = { ...nativeOfTask(session, task), ...(task.toolUseId === undefined ? {} : { itemId: task.toolUseId }) }
  return fact("task.started", { kind: task.kind, title: task.title }, native)
}

/** A task was registered. One in the foreground is its call; housekeeping is nobody's work. */
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
    isTold: false,
    isOver: false,
  }
  session.tasks.set(id, task)
  return said.is_backgrounded === false ? [] : [told(session, task)]
}

/** A sentence about work that goes on: of the task, where it is one, else of the call that it is. */
const progress = (
  session: Session,
  task: Task | undefined,
  toolUseId: string | undefined,
  line: string,
): readonly Fact[] => {
  if (task?.isTold === true) {
    return task.isOver ? [] : [fact("task.progress", { message: oneLine(line) }, nativeOfTask(session, task))]
  }
  const tool = toolUseId === undefined ? undefined : session.tools.get(toolUseId)
  if (tool?.isOpen !== true) return []
  const native = nativeOf(session, tool.turnId, { itemId: tool.id })
  // Each is a sentence of its own, so it is no piece of a longer text.
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

/** The end of a task is told twice, with different words; the first one counts. */
const over = (session: Session, task: Task, status: string, message: string | undefined): readonly Fact[] => {
  const end = ends.get(status)
  if (end === undefined || task.isOver) return []
  task.isOver = true
  return task.isTold
    ? [fact("task.completed", { status: end, message: oneLine(message) }, nativeOfTask(session, task))]
    : []
}

/** `task_updated`: it went to the background, or it ended. */
export const taskUpdated = (session: Session, said: Fields): readonly Fact[] => {
  const task = session.tasks.get(needText(said, "task_id"))
  const patch = needFields(said, "patch")
  if (task === undefined) return []
  const moved = patch.is_backgrounded === true && !task.isTold && !task.isOver ? [told(session, task)] : []
  return [...moved, ...over(session, task, hintText(patch, "status") ?? "", hintText(patch, "error"))]
}

/** `task_notification`: it ended. */
export const taskNotified = (session: Session, said: Fields): readonly Fact[] => {
  const task = session.tasks.get(needText(said, "task_id"))
  return task === undefined ? [] : over(session, task, needText(said, "status"), hintText(said, "summary"))
}

/** What a block of a subagent says in a sentence; its prompt and the results that it works with are its own affair. */
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
