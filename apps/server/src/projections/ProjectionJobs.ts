/** Work over the projections of a running server: comparing them with the log, and making them anew, beside the work of the server. */
import type { CheckReport, RebuildReport, VerifyReport } from "@threadfold/contracts"
import type {
  CheckRequest,
  CheckView,
  ProjectionWork,
  RebuildRequest,
  RebuildView,
  VerifyRequest,
  VerifyView,
} from "@threadfold/contracts/api"
import { Problem } from "@threadfold/contracts/problem"
import { Engine } from "@threadfold/engine"
import { databaseFile } from "@threadfold/event-log"
import { Ids } from "@threadfold/orchestrator"
import { Projections, type RebuildPoint } from "@threadfold/projections"
import { Clock, Context, Effect, Layer, type Stream } from "effect"
import { ImportSettings } from "../imports/ImportSettings.js"
import type { Ask, JobProgress, JobSurroundings } from "../offline/jobs/Job.js"
import { runJob } from "../offline/runJob.js"
import { type ServiceError, toProblem } from "../problems/toProblem.js"
import { JobSlot } from "./JobSlot.js"

/** One kind of work. */
interface Work<Request, View> {
  /** Begins it. Fails with `job-running` while some is under way, and with `thread-not-found`. */
  readonly begin: (request: Request) => Effect.Effect<View, Problem>
  /** What runs, or ran last. Fails with `job-not-found`. */
  readonly current: Effect.Effect<View, Problem>
  /** The same again and again until it ends. */
  readonly progress: Effect.Effect<Stream.Stream<View>, Problem>
  /** Ends what runs. */
  readonly cancel: Effect.Effect<View, Problem>
}

export interface ProjectionJobsService {
  /** The work of every kind that runs, or the last one of it. */
  readonly all: Effect.Effect<ProjectionWork>
  readonly check: Work<CheckRequest, CheckView>
  readonly verify: Work<VerifyRequest, VerifyView>
  readonly rebuild: Work<RebuildRequest, RebuildView>
}

/** What is shown of a rebuild that the end of the server interrupted. */
const interrupted = ({ events, streams, table }: RebuildPoint, jobId: string, at: number): RebuildView => ({
  jobId,
  state: "interrupted",
  threadId: null,
  projection: table,
  streams,
  events,
  totalEvents: null,
  etaMs: null,
  startedAt: at,
  endedAt: at,
  problem: null,
  report: null,
})

const make = Effect.gen(function* () {
  const engine = yield* Engine
  const projections = yield* Projections
  const ids = yield* Ids
  const { directory } = yield* ImportSettings
  const scope = yield* Effect.scope
  const file = databaseFile(directory)
  // Where the writer is in this thread, as in tests, the work is, too.
  const hasThreads = yield* Effect.scoped(Effect.map(engine.openPort, (port) => port !== null))
  const newId = Effect.map(Clock.currentTimeMillis, (now) => ids.next(now))

  const ask: Ask = (question) =>
    Effect.mapError(
      question.kind === "refold"
        ? engine.refold(question.streamId, question.table)
        : Effect.as(engine.noteRebuild(question.point), { rows: 0, refused: null }),
      toProblem,
    )

  type Jobs = typeof import("../offline/jobs/index.js")["jobs"]

  const here = <Report>(
    start: (jobs: Jobs, surroundings: JobSurroundings) => Effect.Effect<Report, ServiceError | Problem>,
    onProgress: (progress: JobProgress) => void,
  ): Effect.Effect<Report, Problem> => {
    const progress = (streams: number, events: number, totalEvents = 0): void =>
      onProgress({ streams, events, totalEvents })
    return Effect.promise(() => import("../offline/jobs/index.js")).pipe(
      Effect.flatMap(({ jobs }) => start(jobs, { progress, ask })),
      Effect.mapError(toProblem),
    )
  }

  /** An id that no invariant has is a mistake of the caller, too. */
  const requireKnown = (ids: readonly string[]): Effect.Effect<void, Problem> =>
    ids.length === 0
      ? Effect.void
      : Effect.promise(() => import("../offline/check.js")).pipe(
          Effect.flatMap(({ requireInvariants }) =>
            Effect.try({
              try: () => requireInvariants(ids),
              catch: (error) =>
                error instanceof Problem ? error : new Problem({ slug: "internal", detail: String(error) }),
            }),
          ),
        )

  /** A stream that nothing is known of is a mistake of the caller. */
  const requireStream = (streamId: string | undefined): Effect.Effect<void, Problem> =>
    streamId === undefined
      ? Effect.void
      : Effect.flatMap(Effect.mapError(projections.knowsStream(streamId), toProblem), (isKnown) =>
          isKnown
            ? Effect.void
            : new Problem({ slug: "thread-not-found", detail: `No stream has the id ${streamId}.` }),
        )

  const left = yield* Effect.orDie(projections.rebuildPoint())
  const view = left === null ? null : interrupted(left, yield* newId, yield* Clock.currentTimeMillis)
  const verifying = new JobSlot<VerifyReport, VerifyView>("Verification", scope)
  const checking = new JobSlot<CheckReport, CheckView>("Check", scope)
  const rebuilding = new JobSlot<RebuildReport, RebuildView>("Rebuild", scope, view)

  return ProjectionJobs.of({
    all: Effect.sync(() => ({ verify: verifying.last, check: checking.last, rebuild: rebuilding.last })),
    verify: {
      begin: ({ bytes = false, threadId }) =>
        Effect.gen(function* () {
          yield* requireStream(threadId)
          const subject = { jobId: yield* newId, threadId: threadId ?? null }
          const options = { bytes, threadId: subject.threadId }
          return yield* verifying.begin(
            (common) => common,
            subject,
            (onProgress) =>
              hasThreads
                ? runJob({ name: "verify", file, options }, onProgress, { beside: true })
                : here((jobs, around) => jobs.verify.start(file, options, around), onProgress),
          )
        }),
      current: verifying.current,
      progress: verifying.progress,
      cancel: verifying.cancel,
    },
    check: {
      begin: ({ invariants = [], threadId }) =>
        Effect.gen(function* () {
          yield* requireKnown(invariants)
          yield* requireStream(threadId)
          const subject = { jobId: yield* newId, threadId: threadId ?? null }
          const options = { invariants, streamId: subject.threadId }
          return yield* checking.begin(
            (common) => ({ ...common, invariants }),
            subject,
            (onProgress) =>
              hasThreads
                ? runJob({ name: "check", file, options }, onProgress, { beside: true })
                : here((jobs, around) => jobs.check.start(file, options, around), onProgress),
          )
        }),
      current: checking.current,
      progress: checking.progress,
      cancel: checking.cancel,
    },
    rebuild: {
      begin: ({ projection = null, resume = false, threadId }) =>
        Effect.gen(function* () {
          yield* requireStream(threadId)
          const subject = { jobId: yield* newId, threadId: threadId ?? null }
          const options = { resume, table: projection, threadId: subject.threadId }
          return yield* rebuilding.begin(
            (common) => ({ ...common, projection }),
            subject,
            (onProgress) =>
              hasThreads
                ? runJob({ name: "rebuildBeside", file, options }, onProgress, { ask, beside: true })
                : here((jobs, around) => jobs.rebuildBeside.start(file, options, around), onProgress),
          )
        }),
      current: rebuilding.current,
      progress: rebuilding.progress,
      cancel: rebuilding.cancel,
    },
  })
})

/** Verifications, checks and rebuilds of a running server. */
export class ProjectionJobs extends Context.Tag("@threadfold/server/ProjectionJobs")<
  ProjectionJobs,
  ProjectionJobsService
>() {
  static readonly layer: Layer.Layer<ProjectionJobs, never, Engine | ImportSettings | Projections> = Layer.scoped(
    ProjectionJobs,
    make,
  )
}
