import { Schema } from "effect"
import { TaskOutcome } from "../events/ItemEvents.js"
import { field, growing, listed, optText, retyped, shape, text } from "../fields.js"
import { ended, sequence, span, threadId } from "./shared.js"
import { truncated } from "./Truncated.js"
import { type RowOf, table } from "./table.js"

/** Where a background task is. */
export const TaskStatus = listed(
  "TaskStatus",
  "Whether a background task runs. `ended`: see `outcome`.",
  "running",
  "ended",
)
export type TaskStatus = typeof TaskStatus.Type

/** Every field of a background task. */
export const Task = shape("TaskRow", "One background task that may outlive its turn.", {
  taskId: text("Our id."),
  threadId,
  sessionId: optText("Session that runs it."),
  turnId: optText("Turn that began it; null: not known."),
  itemId: optText("Item it grew out of; null: none."),
  nativeTaskId: optText("The provider's id; null: it has none."),
  kind: optText("The provider's word for its kind."),
  title: optText("One line for a list."),
  processId: optText("Process id; null: it is no process, or not known."),
  status: field(TaskStatus, "`running` or `ended`: see `outcome`."),
  outcome: field(Schema.NullOr(TaskOutcome), "How it ended; null while it runs."),
  ...ended,
  ...span,
  sequence,
})

/** Its table. */
export const tasks = table("tasks", "One row per background task.", Task, {
  key: ["taskId"],
  derived: ["sequence"],
  lookups: { byNativeInSession: ["sessionId", "nativeTaskId"] },
  lists: { openInThread: { where: { status: ["running"] }, columns: ["threadId"] } },
})
/** A row of `tasks`. */
export type TaskRow = RowOf<typeof tasks>

/** A background task as it is served. */
export const TaskView = shape("Task", "One background task that may outlive its turn.", {
  ...Task.pick(
    "taskId",
    "nativeTaskId",
    "turnId",
    "itemId",
    "kind",
    "title",
    "status",
    "outcome",
    "startedAt",
    "endedAt",
  ).fields,
  outcome: retyped(Task.fields.outcome, Schema.NullOr(growing(TaskOutcome))),
  truncated,
})
export type TaskView = typeof TaskView.Type
