/** Background tasks: work that may outlive its turn. */
import { Schema } from "effect"
import { field, listed, maybe, shape } from "../fields.js"
import { Json } from "./Common.js"

/** `task.started` */
export const TaskStarted = shape("TaskStarted", "An opening event.", {
  kind: maybe(Schema.String, "The provider's word for its kind."),
  title: maybe(Schema.String, "One line for a list."),
  processId: maybe(Schema.String, "Process id, where it is one process."),
})
/** `task.progress` */
export const TaskProgress = shape("TaskProgress", "A sign of life.", {
  message: maybe(Schema.String, "One line for a person."),
  data: maybe(Json, "Anything else in the provider's words."),
})
/** How a background task ended. */
export const TaskOutcome = listed("TaskOutcome", "How a background task ended.", "completed", "failed", "interrupted")
export type TaskOutcome = typeof TaskOutcome.Type

/** `task.completed` */
export const TaskCompleted = shape("TaskCompleted", "The task's own terminal.", {
  status: field(TaskOutcome, "How it ended."),
  message: maybe(Schema.String, "One line for a person."),
})
