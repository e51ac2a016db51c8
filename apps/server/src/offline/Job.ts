/**
 * Long work over a database, in a thread of its own: the main thread stays free for signals, so that a long `verify` or
 * `rebuild` can be stopped at any moment.
 */
import { Worker } from "node:worker_threads"
import type { CheckReport, SalvageReport, ThreadSnapshot, VerifyReport } from "@threadfold/contracts"
import { Problem } from "@threadfold/contracts/problem"
import type { RebuildReport } from "@threadfold/projections"
import { Effect } from "effect"
import type { Moment, ThreadDiffReport } from "./moments.js"

/** What `rebuild` prints. */
export interface RebuildOutcome extends RebuildReport {
  readonly ok: boolean
  /** Hash of the rows that are there now, as `verify` reports it. */
  readonly hash: string
}

/** Work → its options and its result. */
export interface Jobs {
  /** Reads a database file. */
  readonly check: { readonly options: object; readonly report: CheckReport }
  /** Reads a database file. */
  readonly verify: { readonly options: { readonly bytes: boolean }; readonly report: VerifyReport }
  /** Reads a database file. */
  readonly at: {
    readonly options: { readonly threadId: string; readonly moment: Moment }
    readonly report: ThreadSnapshot
  }
  /** Reads a database file. */
  readonly diff: {
    readonly options: { readonly threadId: string; readonly from: Moment; readonly to: Moment }
    readonly report: ThreadDiffReport
  }
  /** Reads a damaged file and writes a new database. */
  readonly salvage: { readonly options: { readonly to: string }; readonly report: SalvageReport }
  /** Writes a database whose directory the process owns. */
  readonly rebuild: { readonly options: { readonly resume: boolean }; readonly report: RebuildOutcome }
}
export type JobName = keyof Jobs

/** What the thread is started with. */
export interface JobRequest<N extends JobName = JobName> {
  readonly name: N
  readonly file: string
  readonly options: Jobs[N]["options"]
}

/** How far it is. */
export interface JobProgress {
  readonly streams: number
  readonly events: number
}

/** What the thread sends. */
export type JobMessage<N extends JobName = JobName> =
  | { readonly kind: "progress"; readonly progress: JobProgress }
  | { readonly kind: "done"; readonly report: Jobs[N]["report"] }
  | { readonly kind: "failed"; readonly slug: Problem["slug"]; readonly detail: string }

/** Does the work. Interruption ends the thread; what it had not committed is as if it had never begun. */
export const runJob = <N extends JobName>(
  request: JobRequest<N>,
  onProgress: (progress: JobProgress) => void,
): Effect.Effect<Jobs[N]["report"], Problem> =>
  Effect.async<Jobs[N]["report"], Problem>((resume) => {
    const worker = new Worker(new URL("./jobThread.js", import.meta.url), { workerData: request })
    const lost = (detail: string) => resume(Effect.fail(new Problem({ slug: "internal", detail })))
    worker.on("message", (message: JobMessage<N>) => {
      switch (message.kind) {
        case "progress":
          return onProgress(message.progress)
        case "done":
          return resume(Effect.succeed(message.report))
        case "failed":
          return resume(Effect.fail(new Problem({ slug: message.slug, detail: message.detail })))
      }
    })
    worker.on("error", (error) => lost(`${error.message}.`))
    worker.on("exit", () => lost(`The thread of ${request.name} ended early.`))
    return Effect.promise(() => worker.terminate())
  })
