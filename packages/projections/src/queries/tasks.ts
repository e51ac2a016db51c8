/** Background tasks of a thread, by their time-ordered ids, newest first. */

import type { TaskView } from "@threadfold/contracts"
import { taskView } from "@threadfold/core/model"
import type { Effect } from "effect"
import type { ThreadListError } from "./Errors.js"
import type { Page, PageQuery } from "./Page.js"
import type { ReadSql } from "./ReadSql.js"
import { each, type ThreadList, threadPage } from "./read.js"

export const taskList: ThreadList<"tasks", TaskView> = {
  name: "tasks",
  table: "tasks",
  order: "desc",
  columns: [{ sql: "task_id", type: "string", value: ({ taskId }) => taskId }],
  view: each(taskView),
}

/** A page of them. */
export const tasks = (
  sql: ReadSql,
  threadId: string,
  query: PageQuery = {},
): Effect.Effect<Page<TaskView>, ThreadListError> => threadPage(sql, taskList, threadId, query)
