/**
 * Long work over a database, in a thread of its own: the main thread stays free for signals, so that a long `verify` or
 * `rebuild` can be stopped at any moment.
 */
import { Worker } from "node:worker_threads"
import { Problem } from "@threadfold/contracts/problem"
import { Context, Effect, type Schema } from "effect"
import type { JobName, JobReport, jobs } from "./jobs/index.js"
import type { Ask, JobAnswer, JobProgress, JobQuestion } from "./jobs/Job.js"

type JobOptions<N extends JobName> = Schema.Schema.Type<(typeof jobs)[N]["options"]>

/** What is asked for. */
export interface JobRequest<N extends JobName = JobName> {
  readonly name: N
  readonly file: string
  readonly options: JobOptions<N>
}

/** What the thread is started with. */
export interface JobThreadData extends JobRequest {
  readonly beside: boolean
}

/** What the thread gets for a question. */
export type JobReply =
  | { readonly ok: true; readonly answer: JobAnswer }
  | { readonly ok: false; readonly slug: Problem["slug"]; readonly detail: string }

/** What the thread sends. */
export type JobMessage<N extends JobName = JobName> =
  | { readonly kind: "progress"; readonly progress: JobProgress }
  | { readonly kind: "ask"; readonly question: JobQuestion }
  | { readonly kind: "done"; readonly report: JobReport<N> }
  | { readonly kind: "failed"; readonly slug: Problem["slug"]; readonly detail: string }

/** How a job runs beside a server. */
export interface BesideOptions {
  /** What answers its questions. */
  readonly ask?: Ask
  /** True: the threads of the server have the processors first. */
  readonly beside?: boolean
}

const refuseQuestions: Ask = () => new Problem({ slug: "internal", detail: "This job has no writer to ask." })

type StartJob = <N extends JobName>(
  request: JobRequest<N>,
  onProgress: (progress: JobProgress) => void,
  options: Required<BesideOptions>,
) => Effect.Effect<JobReport<N>, Problem>

const startThread: StartJob = <N extends JobName>(
  request: JobRequest<N>,
  onProgress: (progress: JobProgress) => void,
  { ask, beside }: Required<BesideOptions>,
) =>
  Effect.async<JobReport<N>, Problem>((resume) => {
    const data: JobThreadData = { ...request, beside }
    const worker = new Worker(new URL("./jobThread.js", import.meta.url), { workerData: data })
    const reply = (answer: JobReply): void => worker.postMessage(answer)
    const lost = (detail: string) => resume(Effect.fail(new Problem({ slug: "internal", detail })))
    worker.on("message", (message: JobMessage<N>) => {
      switch (message.kind) {
        case "progress":
          return onProgress(message.progress)
        case "ask":
          return void Effect.runFork(
            Effect.match(ask(message.question), {
              onSuccess: (answer) => reply({ ok: true, answer }),
              onFailure: ({ detail, slug }) => reply({ ok: false, slug, detail }),
            }),
          )
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

/** What starts jobs: a thread for each, where nothing else is given. Tests give one that works in the thread that calls. */
export class JobStarter extends Context.Reference<JobStarter>()("@threadfold/server/JobStarter", {
  defaultValue: (): { readonly start: StartJob } => ({ start: startThread }),
}) {}

/** Does the work. Interruption ends the thread; what it had not committed is as if it had never begun. */
export const runJob = <N extends JobName>(
  request: JobRequest<N>,
  onProgress: (progress: JobProgress) => void,
  { ask = refuseQuestions, beside = false }: BesideOptions = {},
): Effect.Effect<JobReport<N>, Problem> =>
  Effect.flatMap(JobStarter, ({ start }) => start(request, onProgress, { ask, beside }))
