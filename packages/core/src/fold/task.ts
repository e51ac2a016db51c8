/** Background tasks that the provider names itself. Commands that outlive their turn become tasks in `closures.ts`. */

import type { PayloadOf, TaskRow } from "@threadfold/contracts"
import { turnOf } from "./openRows.js"
import { refuseEnded, type Step } from "./Step.js"
import { nativeSubject, taskSubject } from "./subjects.js"

const taskOf = (step: Step): TaskRow | null => {
  const { taskId } = step.event
  if (taskId === null) return null
  return step.find("tasks", taskId)
}

const unknown = (step: Step): void =>
  step.note("task-unknown", nativeSubject("task", step.event.native?.taskId, step.event.sessionId))

/** `task.started`. */
export const taskStarted = (step: Step, payload: PayloadOf<"task.started">): void => {
  const { event } = step
  if (event.taskId === null) return unknown(step)
  if (refuseEnded(step)) return
  if (taskOf(step) !== null) return step.note("task-duplicate", taskSubject(event.taskId))
  step.putTask({
    taskId: event.taskId,
    threadId: step.threadId,
    sessionId: event.sessionId,
    turnId: turnOf(step, event.turnId)?.turnId ?? null,
    itemId: event.itemId,
    nativeTaskId: event.native?.taskId ?? null,
    kind: payload.kind ?? null,
    title: payload.title ?? null,
    processId: payload.processId ?? null,
    status: "running",
    outcome: null,
    cause: null,
    evidence: null,
    startedAt: step.at,
    endedAt: null,
    sequence: step.sequence,
  })
}

/** `task.progress`: the task continues. Only the sequence of the row changes: it shows when the last event came. */
export const taskProgress = (step: Step): void => {
  const task = taskOf(step)
  if (task === null) return unknown(step)
  if (task.status === "running") step.putTask(task)
}

/** `task.completed`. */
export const taskCompleted = (step: Step, payload: PayloadOf<"task.completed">): void => {
  const task = taskOf(step)
  if (task === null) return unknown(step)
  if (task.evidence === "observed") {
    return step.note("task-terminal-duplicate", taskSubject(task.taskId))
  }
  step.putTask({
    ...task,
    status: "ended",
    outcome: payload.status,
    cause: "provider",
    evidence: "observed",
    endedAt: step.at,
  })
}
