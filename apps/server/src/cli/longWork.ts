/** Long work, as a command line shows it: how far it is, on standard error, and how a command ends with its report. */
import type { Problem } from "@threadfold/contracts/problem"
import { Clock, Effect } from "effect"
import type { JobName, JobReport } from "../offline/jobs/index.js"
import type { JobProgress } from "../offline/jobs/Job.js"
import { type JobRequest, runJob } from "../offline/runJob.js"
import { asFinding } from "./failures.js"
import { currentLook, note, progressEnd, progressLine, write, writeJson } from "./output.js"
import type { Look } from "./text/Look.js"

/** Runs a job in a thread of its own; `words` says how far it is. */
export const runWatched = <N extends JobName>(
  request: JobRequest<N>,
  words: (progress: JobProgress) => string,
): Effect.Effect<JobReport<N>, Problem> =>
  Effect.suspend(() => {
    const show = progressLine()
    return runJob(request, (progress) => show(words(progress)))
  }).pipe(Effect.ensuring(Effect.sync(progressEnd)))

/** Between two looks at the work of a server. */
const pause = "250 millis"

/**
 * Looks at the work of a server until it is over, and gives what was seen last.
 *
 * @param countOf how far it is; null: it is over
 * @param words says how far it is
 * @param patienceMs work that has not gone on for so long, ms, is waited for no longer
 */
export const watchServer = <A, E>(
  look: Effect.Effect<A, E>,
  countOf: (seen: A) => number | null,
  words: (count: number) => string,
  patienceMs: number,
): Effect.Effect<A, E> => {
  const next = (before: number, since: number): Effect.Effect<A, E> =>
    Effect.gen(function* () {
      const seen = yield* look
      const count = countOf(seen)
      if (count === null) return seen
      const now = yield* Clock.currentTimeMillis
      const goesOn = count > before
      if (!goesOn && now - since > patienceMs) return seen
      if (goesOn && before >= 0) yield* note(words(count))
      yield* Effect.sleep(pause)
      return yield* next(count, goesOn ? now : since)
    })
  return Effect.flatMap(Clock.currentTimeMillis, (now) => next(-1, now))
}

/** Prints the report of work on a database, and ends as a finding where it is not well. */
export const tell = <Report extends { readonly ok: boolean }>(
  report: Report,
  page: (look: Look, report: Report) => string,
  asJson: boolean,
) => Effect.flatMap(currentLook, (look) => asFinding(asJson ? writeJson(report) : write(page(look, report)), report.ok))
