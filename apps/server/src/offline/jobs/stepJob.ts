/** `step` without a terminal: the steps of a thread from a sequence on. */
import { Schema } from "effect"
import { threadSteps } from "../threadSteps.js"
import { logJob } from "./Job.js"

const StepOptions = Schema.Struct({ threadId: Schema.String, from: Schema.Number, limit: Schema.Number })

export const stepJob = logJob(StepOptions, (driver, options, onEvents) => threadSteps(driver, options, onEvents))
