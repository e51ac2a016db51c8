/** Every job by its name. */
import { checkJob } from "./checkJob.js"
import { atJob, diffJob } from "./momentJobs.js"
import { rebuildJob } from "./rebuildJob.js"
import { salvageJob } from "./salvageJob.js"
import { verifyJob } from "./verifyJob.js"

export const jobs = {
  check: checkJob,
  verify: verifyJob,
  at: atJob,
  diff: diffJob,
  rebuild: rebuildJob,
  salvage: salvageJob,
}
