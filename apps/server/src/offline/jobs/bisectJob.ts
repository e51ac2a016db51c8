/** `bisect`: the first event of a thread after which an expression is true. */
import { Effect, Schema } from "effect"
import { bisectLog } from "../bisectLog.js"
import { loadFold } from "../foldModule.js"
import { makeJob, overLog } from "./Job.js"

const BisectOptions = Schema.Struct({
  threadId: Schema.String,
  where: Schema.String,
  from: Schema.Number,
  to: Schema.Number,
  monotone: Schema.Boolean,
  /** Path of a module that exports a fold; null: the fold of this program. */
  fold: Schema.NullOr(Schema.String),
})

export const bisectJob = makeJob(BisectOptions, (call) =>
  Effect.gen(function* () {
    const path = call.options.fold
    const fold = path === null ? null : (yield* Effect.promise(() => loadFold(path))).fold
    return yield* overLog(call, (driver, onEvents) => bisectLog(driver, { ...call.options, fold }, onEvents))
  }),
)
