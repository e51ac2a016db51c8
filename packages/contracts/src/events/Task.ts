/** Background tasks: work that may outlive its turn. */
import { Schema } from "effect"
import { Json, maybe } from "./Common.js"

/** `task.started`: an opening event. */
export const TaskStarted = Schema.Struct({
  /** The provider's word for its kind. */
  kind: maybe(Schema.String),
  /** One line for a list. */
  title: maybe(Schema.String),
  /** Process id, where it is one process. */
  processId: maybe(Schema.String),
})
/** `task.progress`: a sign of life. */
export const TaskProgress = Schema.Struct({
  /** One line for a person. */
  message: maybe(Schema.String),
  /** Anything else in the provider's words. */
  data: maybe(Json),
})
/** `task.completed`: the task's own terminal. */
export const TaskCompleted = Schema.Struct({
  /** How it ended. */
  status: Schema.Literal("completed", "failed", "interrupted"),
  /** One line for a person. */
  message: maybe(Schema.String),
})
