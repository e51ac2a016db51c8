/** `at` and `diff`: a thread as it was, and what changed between two moments. */
import { Schema } from "effect"
import { Moment, threadAt, threadDiff } from "../moments.js"
import { logJob } from "./Job.js"

const at = Schema.Struct({ threadId: Schema.String, moment: Moment })
export const atJob = logJob(at, (driver, { moment, threadId }, onEvents) =>
  threadAt(driver, threadId, moment, onEvents),
)

const diff = Schema.Struct({ threadId: Schema.String, from: Moment, to: Moment })
export const diffJob = logJob(diff, (driver, { from, threadId, to }, onEvents) =>
  threadDiff(driver, threadId, from, to, onEvents),
)
