/** Every job by its name. */

import type { Problem } from "@threadfold/contracts/problem"
import { Cause, Effect } from "effect"
import { toProblem } from "../../problems/toProblem.js"
import { databaseProblem } from "../databaseProblem.js"
import { backupJob, restoreJob } from "./backupJobs.js"
import { bisectJob } from "./bisectJob.js"
import { checkJob } from "./checkJob.js"
import { compactJob } from "./compactJob.js"
import { exportJob } from "./exportJob.js"
import type { Job, JobSurroundings } from "./Job.js"
import { atJob, diffJob, stepJob } from "./momentJobs.js"
import { rebuildBesideJob, rebuildJob } from "./rebuildJob.js"
import { bundleSealsJob, retentionJob } from "./retentionJobs.js"
import { salvageJob } from "./salvageJob.js"
import { purgeSizeJob, statsJob } from "./statsJob.js"
import { verifyJob } from "./verifyJob.js"
import { whatIfJob, whyJob } from "./whyJobs.js"

export const jobs = {
  check: checkJob,
  verify: verifyJob,
  at: atJob,
  diff: diffJob,
  bisect: bisectJob,
  step: stepJob,
  why: whyJob,
  whatif: whatIfJob,
  stats: statsJob,
  export: exportJob,
  backup: backupJob,
  restore: restoreJob,
  compact: compactJob,
  rebuild: rebuildJob,
  rebuildBeside: rebuildBesideJob,
  purgeSize: purgeSizeJob,
  salvage: salvageJob,
  retention: retentionJob,
  bundleSeals: bundleSealsJob,
}

export type JobName = keyof typeof jobs
export type JobReport<N extends JobName> = Effect.Effect.Success<ReturnType<(typeof jobs)[N]["start"]>>

/** The same with each report beside its name, so that one can be started by a name that is known later. */
const byName: { readonly [N in JobName]: Pick<Job<unknown, JobReport<N>>, "start"> } = jobs

/** Does a job in the thread that calls: plain synchronous work on a handle of its own. What it dies of is a problem as well. */
export const jobWork = <N extends JobName>(
  { file, name, options }: { readonly name: N; readonly file: string; readonly options: unknown },
  surroundings: JobSurroundings,
): Effect.Effect<JobReport<N>, Problem> =>
  byName[name].start(file, options, surroundings).pipe(
    Effect.mapError(toProblem),
    Effect.catchAllCause((cause) => Effect.fail(databaseProblem(Cause.squash(cause), file))),
  )
