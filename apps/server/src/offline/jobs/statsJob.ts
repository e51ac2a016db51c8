/** `stats --types --threads --gaps --skew`: what a log consists of, as of one moment. */
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
