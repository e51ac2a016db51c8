/** `at`, `diff` and `step`: a thread as it was, what changed between two moments, and its steps one after the other. */
import { Schema } from "effect"
import { Moment, threadAt, threadDiff } from "../moments.js"
import { threadSteps } from "../threadSteps.js"
import { logJob } from "./Job.js"

const at = Schema.Struct({ threadId: Schema.String, moment: Moment })
export const atJob = logJob(at, (driver, { moment, threadId }, onEvents) =>
  threadAt(driver, threadId, moment, onEvents),
)

const diff = Schema.Struct({ threadId: Schema.String, from: Moment, to: Moment })
export const diffJob = logJob(diff, (driver, { from, threadId, to }, onEvents) =>
  threadDiff(driver, threadId, from, to, onEvents),
)

const step = Schema.Struct({ threadId: Schema.String, from: Schema.Number, limit: Schema.Number })
export const stepJob = logJob(step, (driver, options, onEvents) => threadSteps(driver, options, onEvents))
