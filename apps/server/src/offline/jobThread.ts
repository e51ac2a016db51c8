/** The thread of {@link runJob}: plain synchronous work on a handle of its own. */
import { readlinkSync } from "node:fs"
import { setPriority } from "node:os"
import { parentPort, workerData } from "node:worker_threads"
import { Problem } from "@threadfold/contracts/problem"
import { isDamage } from "@threadfold/event-log"
import { Cause, Effect, Exit, Schema } from "effect"
import { toProblem } from "../problems/toProblem.js"
import { jobs } from "./jobs/index.js"
import type { Ask, JobAnswer, JobProgress, TellProgress } from "./jobs/Job.js"
import type { JobMessage, JobName, JobReply } from "./runJob.js"

const KnownJob = Schema.String.pipe(Schema.filter((name): name is JobName => name in jobs))
const Request = Schema.Struct({ name: KnownJob, file: Schema.String, options: Schema.Unknown, beside: Schema.Boolean })

const send = (message: JobMessage): void => parentPort?.postMessage(message)

/** Least time between two messages of progress, ms. */
const every = 50

/** Tells how far the job is, not too often; the last word, which `flush` sends, is always told. */
const progressTeller = () => {
  let toldAt = 0
  let untold: JobProgress | null = null
  const flush = (): void => {
    if (untold !== null) send({ kind: "progress", progress: untold })
    untold = null
  }
  const tell = (streams: number, events: number, totalEvents?: number): void => {
    untold = { streams, events, ...(totalEvents === undefined ? {} : { totalEvents }) }
    const now = performance.now()
    if (now - toldAt < every) return
    toldAt = now
    flush()
  }
  return { tell, flush }
}

/** A job asks one question at a time. */
const ask: Ask = (question) =>
  Effect.async<JobAnswer, Problem>((resume) => {
    parentPort?.once("message", (reply: JobReply) =>
      resume(reply.ok ? Effect.succeed(reply.answer) : new Problem({ slug: reply.slug, detail: reply.detail })),
    )
    send({ kind: "ask", question })
  })

/** How much lower than the server's threads this one stands for a processor, in steps of `nice`. */
const LOWER = 10

/**
 * Lets the server's threads have the processors first. Linux counts a priority per thread, under the name that it has in /proc;
 * elsewhere the thread stays as it is.
 */
const yieldToServer = (): void => {
  try {
    const thread = Number(readlinkSync("/proc/thread-self").split("/").at(-1))
    if (Number.isInteger(thread)) setPriority(thread, LOWER)
  } catch {
    // No such place, or not allowed: the work is right all the same.
  }
}

/** Beside a server a job works so long at a time, ms, and then rests as long as it has worked, at most `MOST_REST_MS`. */
const AT_A_TIME_MS = 5
const MOST_REST_MS = 50

const pause = new Int32Array(new SharedArrayBuffer(4))

/** Rests now and then while the job tells its progress, so that a machine with few processors has some for the server. */
const withRests = (tell: TellProgress): TellProgress => {
  let since = performance.now()
  return (...progress) => {
    tell(...progress)
    const worked = performance.now() - since
    if (worked < AT_A_TIME_MS) return
    Atomics.wait(pause, 0, 0, Math.min(worked, MOST_REST_MS))
    since = performance.now()
  }
}

const main = Effect.gen(function* () {
  const { beside, file, name, options } = Schema.decodeUnknownSync(Request)(workerData)
  if (beside) yieldToServer()
  const { flush, tell } = progressTeller()
  const report = yield* jobs[name].start(file, options, { progress: beside ? withRests(tell) : tell, ask })
  flush()
  return report
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
