/** The thread of {@link runJob}: plain synchronous work on a handle of its own. */
// Before all that is loaded below.
import "./giveWay.js"
import { parentPort, workerData } from "node:worker_threads"
import { Problem } from "@threadfold/contracts/problem"
import { Effect } from "effect"
import { jobWork } from "./jobs/index.js"
import type { Ask, JobAnswer, JobProgress, TellProgress } from "./jobs/Job.js"
import type { JobMessage, JobReply, JobThreadData } from "./runJob.js"

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

// Both ends are of one build.
const { beside, ...request }: JobThreadData = workerData
const { flush, tell } = progressTeller()

Effect.runPromise(
  Effect.match(jobWork(request, { progress: beside ? withRests(tell) : tell, ask }), {
    onSuccess: (report) => {
      flush()
      send({ kind: "done", report })
    },
    onFailure: ({ detail, slug }) => send({ kind: "failed", slug, detail }),
  }),
)
