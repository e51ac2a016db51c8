/** The lists of a thread that have no filter and no other query, and all of its lists together. */
import type { InferenceView, QueueView, Values } from "@threadfold/contracts"
import { delegationView, inferenceView, queueView, realtimeRunView, taskView } from "@threadfold/core/model"
import { anomalyList } from "./anomalies.js"
import { type MadeQuery, madeIn, valuesIn } from "./filters.js"
import { itemList } from "./items.js"
import type { PageQuery } from "./Page.js"
import { each, newestFirst, pagesOf, type ThreadList } from "./read.js"
import { requestList } from "./requests.js"
import type { Condition } from "./select.js"
import { sessionList } from "./sessions.js"
import { turnList } from "./turns.js"

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

/** What inference attempts are chosen by, in one thread or in all. */
export interface InferenceFilter extends MadeQuery {
  readonly status?: Values | undefined
  /** The model that the attempt asked for. */
  readonly calledModel?: Values | undefined
}

export const inferenceFilters = ({ calledModel, status, ...made }: InferenceFilter): readonly Condition[] => [
  ...valuesIn({ status, model: calledModel }),
  ...madeIn("inference_id", made),
]

export const inferences = pagesOf<"inferences", InferenceView, PageQuery & InferenceFilter>(
  inferenceList,
  inferenceFilters,
)
export const realtimeRuns = pagesOf(realtimeRunList)
export const delegations = pagesOf(delegationList)
export const tasks = pagesOf(taskList)
export const queue = pagesOf(queueList)

/** All lists of a thread. */
export const threadLists = [
  sessionList,
  turnList,
  itemList,
  requestList,
  inferenceList,
  realtimeRunList,
  delegationList,
  taskList,
  queueList,
  anomalyList,
] as const

/**
 * Cursors of a snapshot that leaves nothing out: null for every list.
 *
 * @param without the list of which the snapshot has no pages
 */
export const noMore = (without: (typeof threadLists)[number]): { readonly [list: string]: null } =>
  Object.fromEntries(threadLists.filter((list) => list !== without).map(({ name }) => [name, null]))
