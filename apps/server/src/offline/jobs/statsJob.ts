/** `stats --types --threads --gaps --skew`: what a log consists of, as of one moment. */
import { purgeSize } from "@threadfold/engine"
import { Schema } from "effect"
import { logStats, StatsParts } from "../logStats.js"
import { readingJob } from "./Job.js"

export const statsJob = readingJob(StatsParts, (handle, { options, progress }) => {
  let events = 0
  const onEvents = (count: number): void => {
    events += count
    progress(0, events)
  }
  return handle.transaction(() => logStats(handle, options, onEvents)).deferred()
})

const ofThread = Schema.Struct({ threadId: Schema.String })

/** `purge --dry-run`: what a purge of a thread would remove, as of one moment. */
export const purgeSizeJob = readingJob(ofThread, (handle, { options: { threadId } }) =>
  handle.transaction(() => purgeSize(handle, threadId)).deferred(),
)
