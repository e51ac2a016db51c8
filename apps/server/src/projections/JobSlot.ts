/** One kind of work of which one runs at a time: how far it is, what came of the last one, and its end on demand. */
import type { JobState } from "@threadfold/contracts/api"
import { Problem, type ProblemDetails, problemDetails } from "@threadfold/contracts/problem"
import { Cause, Clock, Effect, Exit, Fiber, Option, type Scope, Stream } from "effect"
import type { JobProgress } from "../offline/jobs/Job.js"

/** What all such work shows. */
export interface JobView<Report> {
  readonly jobId: string
  readonly state: JobState
  readonly threadId: string | null
  readonly streams: number
  readonly events: number
  readonly totalEvents: number | null
  readonly etaMs: number | null
  readonly startedAt: number
  readonly endedAt: number | null
  readonly problem: ProblemDetails | null
  readonly report: Report | null
}

/** What a caller names the work by. */
export interface JobSubject {
  readonly jobId: string
  readonly threadId: string | null
}

/** How often a stream tells how far the work is, ms. */
const TELL_MS = 200

/** Time that is left at the rate so far, ms; null: nothing to tell it by. */
const etaOf = (elapsed: number, before: number, { events, totalEvents = 0 }: JobProgress): number | null => {
  const done = events - before
  return done <= 0 || totalEvents <= 0 ? null : Math.round((elapsed / done) * Math.max(0, totalEvents - events))
}

/** What work that ended so is shown as. */
const endOf = <Report>(exit: Exit.Exit<Report, Problem>): Pick<JobView<Report>, "state" | "report" | "problem"> =>
  Exit.match(exit, {
    onSuccess: (report) => ({ state: "completed", report, problem: null }),
    onFailure: (cause) => {
      if (Cause.isInterruptedOnly(cause)) return { state: "cancelled", report: null, problem: null }
      const { detail, slug } = Option.getOrElse(
        Cause.failureOption(cause),
        () => new Problem({ slug: "internal", detail: "The work failed." }),
      )
      return { state: "failed", report: null, problem: problemDetails(slug, detail) }
    },
  })

export class JobSlot<Report, View extends JobView<Report>> {
  private view: View | null
  private fiber: Fiber.RuntimeFiber<void> | null = null

  constructor(
    /** Its name in a sentence. */
    private readonly name: string,
    /** Where its fibers live. */
    private readonly scope: Scope.Scope,
    /** What an earlier run of the server has left. */
    left: View | null = null,
  ) {
    this.view = left
  }

  /** Begins work, unless some is under way: then it fails with `job-running`. */
  begin(
    begun: (subject: JobView<Report>) => View,
    { jobId, threadId }: JobSubject,
    work: (onProgress: (progress: JobProgress) => void) => Effect.Effect<Report, Problem>,
  ): Effect.Effect<View, Problem> {
    return Effect.gen(this, function* () {
      const startedAt = yield* Clock.currentTimeMillis
      const running = this.view
      if (running?.state === "running") {
        const what = running.threadId === null ? "everything" : `stream ${running.threadId}`
        return yield* new Problem({
          slug: "job-running",
          detail: `${this.name} ${running.jobId} of ${what} runs since ${new Date(running.startedAt).toISOString()}.`,
        })
      }
      const blank = {
        streams: 0,
        events: 0,
        totalEvents: null,
        etaMs: null,
        endedAt: null,
        problem: null,
        report: null,
      }
      const view = begun({ jobId, threadId, state: "running", startedAt, ...blank })
      this.view = view
      const clock = yield* Clock.clockWith(Effect.succeed)
      let first: number | null = null
      const onProgress = (progress: JobProgress): void => {
        first ??= progress.events
        const { events, streams, totalEvents = null } = progress
        const etaMs = etaOf(clock.unsafeCurrentTimeMillis() - startedAt, first, progress)
        this.change(jobId, { streams, events, totalEvents, etaMs })
      }
      const ending = Effect.suspend(() => work(onProgress)).pipe(
        Effect.onExit((exit) =>
          Effect.map(Clock.currentTimeMillis, (endedAt) =>
            this.change(jobId, { ...endOf(exit), etaMs: null, endedAt }),
          ),
        ),
        Effect.ignore,
      )
      this.fiber = yield* Effect.forkIn(ending, this.scope)
      return view
    })
  }

  private change(jobId: string, change: Partial<JobView<Report>>): void {
    if (this.view?.jobId === jobId) this.view = { ...this.view, ...change }
  }

  /** The work that runs, or the last one; null: there was none. */
  get last(): View | null {
    return this.view
  }

  /** The work that runs, or the last one. Fails with `job-not-found`. */
  readonly current: Effect.Effect<View, Problem> = Effect.suspend(() =>
    this.view === null
      ? new Problem({
          slug: "job-not-found",
          detail: `There was no ${this.name.toLowerCase()} in this run of the server.`,
        })
      : Effect.succeed(this.view),
  )

  /** Ends the work that runs and waits for its end. Fails with `job-not-found`. */
  readonly cancel: Effect.Effect<View, Problem> = Effect.zipRight(
    this.current,
    Effect.suspend(() => (this.fiber === null ? Effect.void : Fiber.interrupt(this.fiber))),
  ).pipe(Effect.zipRight(this.current))

  /** How far the work is, several times a second, until its end. Fails with `job-not-found` at its beginning only. */
  readonly progress: Effect.Effect<Stream.Stream<View>, Problem> = Effect.map(this.current, (first) =>
    Stream.concat(
      Stream.succeed(first),
      first.state === "running"
        ? Stream.repeatEffect(Effect.zipRight(Effect.sleep(TELL_MS), Effect.orDie(this.current)))
        : Stream.empty,
    ).pipe(Stream.takeUntil(({ state }) => state !== "running")),
  )
}
