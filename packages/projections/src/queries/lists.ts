/** The lists of a thread that have no filter and no other query. */
import type { QueueView } from "@threadfold/contracts"
import { delegationView, inferenceView, queueView, realtimeRunView, taskView } from "@threadfold/core/model"
import { each, newestFirst, pagesOf, type ThreadList } from "./read.js"

/** Inference attempts. */
export const inferenceList = newestFirst(
  { name: "inferences", table: "inferences", id: "inference_id" },
  ({ inferenceId }) => inferenceId,
  inferenceView,
)

/** Voice runs. */
export const realtimeRunList = newestFirst(
  { name: "realtimeRuns", table: "realtime_runs", id: "realtime_id" },
  ({ realtimeId }) => realtimeId,
  realtimeRunView,
)

/** Tasks that the voice handed to the coding agent. */
export const delegationList = newestFirst(
  { name: "delegations", table: "delegations", id: "delegation_id" },
  ({ delegationId }) => delegationId,
  delegationView,
)

/** Background tasks. */
export const taskList = newestFirst({ name: "tasks", table: "tasks", id: "task_id" }, ({ taskId }) => taskId, taskView)

/** Messages that wait for their turn, in the order in which they run. */
export const queueList: ThreadList<"queue", QueueView> = {
  name: "queue",
  table: "queue",
  order: "asc",
  columns: [
    { sql: "position", type: "number", value: ({ position }) => position },
    { sql: "message_id", type: "string", value: ({ messageId }) => messageId },
  ],
  view: each(queueView),
}

export const inferences = pagesOf(inferenceList)
export const realtimeRuns = pagesOf(realtimeRunList)
export const delegations = pagesOf(delegationList)
export const tasks = pagesOf(taskList)
export const queue = pagesOf(queueList)
