/** The thread of {@link runJob}: plain synchronous work on a handle of its own. */
import { parentPort, workerData } from "node:worker_threads"
import { Problem } from "@threadfold/contracts/problem"
import { isDamage } from "@threadfold/event-log"
import { Cause, Effect, Exit, Schema } from "effect"
import { toProblem } from "../problems/toProblem.js"
import { jobs } from "./jobs/index.js"
import type { JobMessage, JobName } from "./runJob.js"

const KnownJob = Schema.String.pipe(Schema.filter((name): name is JobName => name in jobs))
const Request = Schema.Struct({ name: KnownJob, file: Schema.String, options: Schema.Unknown })

const send = (message: JobMessage): void => parentPort?.postMessage(message)

/** Least time between two messages of progress, ms. */
const every = 50

const progressTeller = () => {
  let toldAt = 0
  return (streams: number, events: number): void => {
    const now = performance.now()
    if (now - toldAt < every) return
    toldAt = now
    send({ kind: "progress", progress: { streams, events } })
  }
}

const main = Effect.gen(function* () {
  const { file, name, options } = Schema.decodeUnknownSync(Request)(workerData)
  return yield* jobs[name].start(file, options, progressTeller())
})

const failure = (error: unknown): JobMessage =>
  error instanceof Problem
    ? { kind: "failed", slug: error.slug, detail: error.detail }
    : {
        kind: "failed",
        slug: isDamage(error) ? "database-damaged" : "database-unreadable",
        detail: `${error instanceof Error ? error.message : String(error)}.`,
      }

Effect.runPromiseExit(Effect.mapError(main, toProblem)).then(
  Exit.match({
    onSuccess: (report) => send({ kind: "done", report }),
    onFailure: (cause) => send(failure(Cause.squash(cause))),
  }),
)
