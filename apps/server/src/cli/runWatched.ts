/** Jobs of the command line, with their progress on standard error. */
import type { Problem } from "@threadfold/contracts/problem"
import { Effect } from "effect"
import type { JobProgress } from "../offline/jobs/Job.js"
import { type JobName, type JobReport, type JobRequest, runJob } from "../offline/runJob.js"
import { progressEnd, progressLine } from "./output.js"

/** Runs a job in a thread of its own; `words` says how far it is. */
export const runWatched = <N extends JobName>(
  request: JobRequest<N>,
  words: (progress: JobProgress) => string,
): Effect.Effect<JobReport<N>, Problem> =>
  Effect.suspend(() => {
    const show = progressLine()
    return runJob(request, (progress) => show(words(progress)))
  }).pipe(Effect.ensuring(Effect.sync(progressEnd)))
