/** Every job by its name. */

import { backupJob, restoreJob } from "./backupJobs.js"
import { bisectJob } from "./bisectJob.js"
import { checkJob } from "./checkJob.js"
import { exportJob } from "./exportJob.js"
import { atJob, diffJob } from "./momentJobs.js"
import { rebuildBesideJob, rebuildJob } from "./rebuildJob.js"
import { salvageJob } from "./salvageJob.js"
import { statsJob } from "./statsJob.js"
import { stepJob } from "./stepJob.js"
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
  rebuild: rebuildJob,
  rebuildBeside: rebuildBesideJob,
  salvage: salvageJob,
}
