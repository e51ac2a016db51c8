/** The imports of a running server: how many at a time, how far each is, and what came of the last ones. */
import { type ImportReport, unknownName } from "@threadfold/contracts"
import type { ImportView } from "@threadfold/contracts/api"
import { Problem, problemDetails } from "@threadfold/contracts/problem"
import { Engine } from "@threadfold/engine"
import { databaseFile } from "@threadfold/event-log"
import { reportOf } from "@threadfold/imports"
import { recordingSources } from "@threadfold/imports/sources"
import { Projections } from "@threadfold/projections"
import { Cause, Clock, Context, Effect, Exit, Layer, Option, RcMap, type Scope } from "effect"
import { toProblem } from "../problems/toProblem.js"
import { bundleSource } from "./bundles.js"
import type { OpenedRecording } from "./fileRecording.js"
import { ImportSettings } from "./ImportSettings.js"
import { openReading } from "./openReading.js"

/** An import that is asked for. */
export interface ImportJob {
  readonly importId: string
  readonly name: string
  /** Kind of the recording; null: found out. */
  readonly source: string | null
  readonly leaveOpen: boolean
  /** Of a bundle: the text that the ids of copies follow from; null: the threads keep their ids. */
  readonly asCopy: string | null
}

export interface ImportJobsService {
  /**
   * Runs an import to its end; interruption stops it after the commit that is under way. The recording is opened when there is a
   * place, and closed with the import. Fails with `too-many-requests`, `import-conflict`, `invalid-request`, `not-a-recording`,
   * or what the engine refuses.
   */
  readonly run: <R>(
    job: ImportJob,
    recording: Effect.Effect<OpenedRecording, Problem, R>,
  ) => Effect.Effect<ImportReport, Problem, Exclude<R, Scope.Scope>>
  /** Fails with `import-not-found`. */
  readonly get: (importId: string) => Effect.Effect<ImportView, Problem>
  /** The latest first. */
  readonly list: Effect.Effect<readonly ImportView[]>
}

/** How many imports are kept in the list; those that run always are. */
const remembered = 100

/** What is known of imports, by their ids, in the order in which they began. */
class Known {
  private readonly views = new Map<string, ImportView>()

  get(importId: string): ImportView | undefined {
    return this.views.get(importId)
  }

  list(): readonly ImportView[] {
    return [...this.views.values()].reverse()
  }

  begin({ importId, name, source }: ImportJob, startedAt: number): void {
    this.views.delete(importId)
    this.views.set(importId, {
      importId,
      name,
      source,
      state: "running",
      lines: 0,
      events: 0,
      startedAt,
      endedAt: null,
      report: null,
      problem: null,
    })
    for (const [id, { state }] of this.views) {
      if (this.views.size <= remembered) return
      if (state !== "running") this.views.delete(id)
    }
  }

  change(importId: string, change: Partial<ImportView>): void {
    const before = this.views.get(importId)
    if (before !== undefined) this.views.set(importId, { ...before, ...change })
  }
}

const notTaken = (parameter: string, why: string): Problem =>
  new Problem({ slug: "invalid-request", detail: `${parameter} is not taken here: ${why}.` })

/** The problem of a kind that no recording has; null: there is such a kind. */
const unknownSource = (source: string): Problem | null => {
  const kinds = [...recordingSources.map((kind) => kind.source), bundleSource]
  return kinds.includes(source)
    ? null
    : new Problem({ slug: "invalid-request", detail: `source: ${unknownName("value", source, kinds)}.` })
}

/** What an import that ended so is shown as. */
const endOf = (exit: Exit.Exit<ImportReport, Problem>): Partial<ImportView> =>
  Exit.match(exit, {
    onSuccess: (report) => ({ state: "completed", report, events: report.events }),
    onFailure: (cause) => {
      const { detail, slug } = Option.getOrElse(
        Cause.failureOption(cause),
        () =>
          new Problem(
            Cause.isInterruptedOnly(cause)
              ? {
                  slug: "invalid-request",
                  detail: "The call ended before the import did. The same one again adds what is missing.",
                }
              : { slug: "internal", detail: "The import failed." },
          ),
      )
      return { state: "failed", problem: problemDetails(slug, detail) }
    },
  })

const make = Effect.gen(function* () {
  const { concurrent, directory } = yield* ImportSettings
  const engine = yield* Engine
  const projections = yield* Projections
  const known = new Known()
  const places = yield* Effect.makeSemaphore(concurrent)
  // Two readings of one recording at the same time would report its end differently.
  const readings = yield* RcMap.make({ lookup: (_key: string) => Effect.makeSemaphore(1) })

  /** What a kind of recording does not take, or null. A parameter that means nothing would be taken for obeyed. */
  const unfit = ({ asCopy, leaveOpen }: ImportJob, source: string): Problem | null => {
    if (source === bundleSource) return leaveOpen ? notTaken("leaveOpen", "a bundle is whole") : null
    return asCopy === null ? null : notTaken("asCopy", "only the threads of a bundle can be taken as copies")
  }

  const importing = <R>(job: ImportJob, recording: Effect.Effect<OpenedRecording, Problem, R>) =>
    Effect.gen(function* () {
      const onProgress = (lines: number, events: number): void => known.change(job.importId, { lines, events })
      const { asCopy, leaveOpen, source } = job
      const request = { asCopy, leaveOpen, source, database: databaseFile(directory) }
      const reading = yield* openReading(yield* recording, request, onProgress)
      const fault = unfit(job, reading.source)
      if (fault !== null) return yield* fault
      known.change(job.importId, { source: reading.source })
      const alone = yield* RcMap.get(readings, reading.key)
      const outcome = yield* alone.withPermits(1)(reading.run)
      return yield* reportOf(outcome)
    }).pipe(
      Effect.scoped,
      Effect.mapError(toProblem),
      Effect.provideService(Engine, engine),
      Effect.provideService(Projections, projections),
    )

  const run: ImportJobsService["run"] = (job, recording) =>
    Effect.suspend(() => {
      let hasBegun = false
      return Effect.gen(function* () {
        const fault = job.source === null ? null : (unknownSource(job.source) ?? unfit(job, job.source))
        if (fault !== null) return yield* fault
        if (known.get(job.importId)?.state === "running") {
          return yield* new Problem({ slug: "import-conflict", detail: `Import ${job.importId} has not ended.` })
        }
        known.begin(job, yield* Clock.currentTimeMillis)
        hasBegun = true
        return yield* importing(job, recording)
      }).pipe(
        places.withPermitsIfAvailable(1),
        Effect.flatMap(
          Option.match({
            onNone: () => new Problem({ slug: "too-many-requests", detail: `${concurrent} imports run already.` }),
            onSome: Effect.succeed,
          }),
        ),
        // After its place is free: a caller that sees the end may begin the next import at once.
        Effect.onExit((exit) =>
          hasBegun
            ? Effect.map(Clock.currentTimeMillis, (endedAt) => known.change(job.importId, { ...endOf(exit), endedAt }))
            : Effect.void,
        ),
      )
    })

  return ImportJobs.of({
    run,
    get: (importId) =>
      Effect.suspend(() => {
        const found = known.get(importId)
        return found === undefined
          ? new Problem({ slug: "import-not-found", detail: `No import has the id ${importId}.` })
          : Effect.succeed(found)
      }),
    list: Effect.sync(() => known.list()),
  })
})

export class ImportJobs extends Context.Tag("@threadfold/server/ImportJobs")<ImportJobs, ImportJobsService>() {
  static readonly layer: Layer.Layer<ImportJobs, never, Engine | ImportSettings | Projections> = Layer.scoped(
    ImportJobs,
    make,
  )
}
