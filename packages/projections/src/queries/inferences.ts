/** Inference attempts of a thread, by their time-ordered ids, newest first. */

import type { InferenceView } from "@threadfold/contracts"
import { inferenceView } from "@threadfold/core/model"
import type { Effect } from "effect"
import type { ThreadListError } from "./Errors.js"
import type { Page, PageQuery } from "./Page.js"
import type { ReadSql } from "./ReadSql.js"
import { each, type ThreadList, threadPage } from "./read.js"

export const inferenceList: ThreadList<"inferences", InferenceView> = {
  name: "inferences",
  table: "inferences",
  order: "desc",
  columns: [{ sql: "inference_id", type: "string", value: ({ inferenceId }) => inferenceId }],
  view: each(inferenceView),
}

/** A page of them. */
export const inferences = (
  sql: ReadSql,
  threadId: string,
  query: PageQuery = {},
): Effect.Effect<Page<InferenceView>, ThreadListError> => threadPage(sql, inferenceList, threadId, query)
