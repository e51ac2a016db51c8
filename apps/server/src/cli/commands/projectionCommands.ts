/** `threadfold verify` and `rebuild`: whether the projections are what the log leads to, and making them so. */
import { existsSync } from "node:fs"
import { Command, Options } from "@effect/cli"
import type { Client } from "@threadfold/client"
import { type RebuildReport, tableNames, uuidV7Pattern, type VerifyReport } from "@threadfold/contracts"
import type { JobState, RebuildView } from "@threadfold/contracts/api"
import { Problem, type ProblemDetails, slugOf } from "@threadfold/contracts/problem"
import { acquireOwnership, databaseFile } from "@threadfold/event-log"
import { Effect, Option, Schema, type Scope } from "effect"
import { requirePlatform } from "../../config/platform.js"
import { version } from "../../installed.js"
import type { JobProgress } from "../../offline/jobs/Job.js"
import { placeOf, type Server } from "../../offline/Place.js"
import { toProblem } from "../../problems/toProblem.js"
import { usageProblem } from "../failures.js"
import { ask, loadClient } from "../live.js"
import { runWatched, tell } from "../longWork.js"
import { type NamedThread, namedThread, optionalThread } from "../namedThread.js"
import { progressEnd, progressLine, write, writeJson } from "../output.js"
import { rebuildPage, verifyPage } from "../pages/reportPages.js"
import {
  fileForWork,
  type Named,
  openReader,
  placeNamed,
  remoteReader,
  threadForWork,
  threadNamed,
} from "../reading.js"
import { dataDir, db, directoryOf, json, saying } from "../sharedOptions.js"
import { count, counted, span } from "../text/words.js"

/** How far work is that folds. */
const folded = ({ events, streams, totalEvents }: JobProgress, etaMs: number | null = null): string => {
  const isPart = totalEvents !== undefined && totalEvents >= events
  const done = isPart ? `${count(events)} of ${counted(totalEvents, "event")}` : counted(events, "event")
  return `${counted(streams, "stream")}, ${done} folded again${etaMs === null ? "" : `, ${span(0, etaMs)} left`}`
}

/** Work of a server as its API shows it. */
interface Shown<Report> {
  readonly state: JobState | string
  readonly streams: number
  readonly events: number
  readonly totalEvents: number | null
  readonly etaMs: number | null
  readonly problem: ProblemDetails | null
  readonly report: Report | null
}

/** How often a server is asked how far its work is, ms. */
const ASK_MS = 200

/** Has a server work, and shows how far it is until its end. An interruption ends the work, too. */
const through = <Report>(
  server: Server,
  calls: {
    readonly begin: (api: Client) => Effect.Effect<Shown<Report>, unknown>
    readonly look: (api: Client) => Effect.Effect<Shown<Report>, unknown>
    readonly cancel: (api: Client) => Effect.Effect<unknown, unknown>
  },
): Effect.Effect<Report, Problem> =>
  Effect.gen(function* () {
    const { makeThreadfold } = yield* loadClient
    const threadfold = yield* makeThreadfold(server)
    const show = progressLine()
    const ended = Effect.gen(function* () {
      for (;;) {
        yield* Effect.sleep(ASK_MS)
        const { etaMs, events, problem, report, state, streams, totalEvents } = yield* ask(threadfold, calls.look)
        show(folded({ events, streams, ...(totalEvents === null ? {} : { totalEvents }) }, etaMs))
        if (state === "running") continue
        if (report !== null) return report
        if (problem !== null) {
          return yield* new Problem({ slug: slugOf(problem.type) ?? "internal", detail: problem.detail })
        }
        return yield* new Problem({ slug: "job-cancelled", detail: "It was ended by another call." })
      }
    })
    yield* ask(threadfold, calls.begin)
    return yield* Effect.onInterrupt(ended, () => Effect.ignore(ask(threadfold, calls.cancel)))
  }).pipe(Effect.ensuring(Effect.sync(progressEnd)))

/** The stream that a text names: a whole id, which may be a connection's, or a thread by whatever names it. */
const streamOf = (
  text: Option.Option<string>,
  reader: Parameters<typeof threadNamed>[0],
): Effect.Effect<string | null, Problem> =>
  Option.match(text, {
    onNone: () => Effect.succeed(null),
    onSome: (id) => (uuidV7Pattern.test(id) ? Effect.succeed(id) : threadNamed(reader, id)),
  })

const verifyThrough = (
  server: Server,
  thread: Option.Option<string>,
  bytes: boolean,
): Effect.Effect<VerifyReport, Problem> =>
  Effect.gen(function* () {
    const threadId = yield* streamOf(thread, yield* remoteReader(server))
    return yield* through<VerifyReport>(server, {
      begin: ({ projections }) =>
        projections.verify({ payload: { bytes, ...(threadId === null ? {} : { threadId }) } }),
      look: ({ projections }) => projections.verification(),
      cancel: ({ projections }) => projections.cancelVerification(),
    })
  })

/** The file to verify, and the stream in it. */
const verifiedFile = (
  named: Named & { readonly thread: NamedThread },
  thread: Option.Option<string>,
): Effect.Effect<{ readonly file: string; readonly threadId: string | null }, Problem, Scope.Scope> =>
  Option.isSome(thread) && !uuidV7Pattern.test(thread.value)
    ? threadForWork(named)
    : Effect.map(fileForWork(named), (file) => ({ file, threadId: Option.getOrNull(thread) }))

const bytes = Options.boolean("bytes").pipe(
  Options.withDescription("Read every native message too, and compare it with what was received."),
)

/** The stream that is worked on; all of them where none is named. */
const onlyThread = namedThread(
  "Only this thread",
  "its id, the beginning of it, or the provider's id; or the id of a connection",
)

export const verifyCommand = Command.make("verify", { thread: onlyThread, dataDir, db, json, bytes }, (options) =>
  Effect.gen(function* () {
    const { bytes } = options
    const thread = yield* optionalThread(options.thread)
    const place = yield* placeNamed(options)
    const report =
      place.kind === "owned" && place.server !== null
        ? yield* verifyThrough(place.server, thread, bytes)
        : yield* Effect.flatMap(verifiedFile(options, thread), ({ file, threadId }) =>
            runWatched({ name: "verify", file, options: { bytes, threadId } }, (progress) => folded(progress)),
          )
    yield* tell(report, verifyPage, options.json)
  }).pipe(Effect.scoped),
).pipe(
  Command.withDescription(
    "Compare the log with its digests, fold it again and compare with the stored rows. Exit 1 where they differ.",
  ),
)

const resume = Options.boolean("resume").pipe(
  Options.withDescription("Go on where a rebuild that was stopped left off."),
)
const cancel = Options.boolean("cancel").pipe(
  Options.withDescription("End the rebuild that the server runs. Exit 1 where none runs."),
)
const projection = Options.text("projection").pipe(
  Options.withPseudoName("TABLE"),
  Options.withSchema(
    Schema.Literal(...tableNames).annotations({
      message: saying(`--projection takes one of ${tableNames.join(", ")}`),
    }),
  ),
  Options.withDescription("Write only the rows of this table."),
  Options.optional,
)

interface RebuildOptions {
  readonly resume: boolean
  readonly thread: Option.Option<string>
  readonly projection: Option.Option<(typeof tableNames)[number]>
  readonly dataDir: Option.Option<string>
}

const rebuildThrough = (
  server: Server,
  { projection, resume, thread }: RebuildOptions,
): Effect.Effect<RebuildReport, Problem> =>
  Effect.gen(function* () {
    const threadId = yield* streamOf(thread, yield* remoteReader(server))
    const payload = {
      resume,
      ...(threadId === null ? {} : { threadId }),
      ...Option.match(projection, { onNone: () => ({}), onSome: (table) => ({ projection: table }) }),
    }
    return yield* through<RebuildReport>(server, {
      begin: ({ projections }) => projections.rebuild({ payload }),
      look: ({ projections }) => projections.rebuilding(),
      cancel: ({ projections }) => projections.cancelRebuild(),
    })
  })

/** Rebuilds in this process, which owns the directory meanwhile. */
const rebuildAlone = (directory: string, options: RebuildOptions): Effect.Effect<RebuildReport, Problem, Scope.Scope> =>
  Effect.gen(function* () {
    const file = databaseFile(directory)
    if (!existsSync(file)) {
      return yield* new Problem({ slug: "database-not-found", detail: `There is no database in ${directory}.` })
    }
    const named = { db: Option.none(), dataDir: Option.some(directory) }
    const threadId = Option.isNone(options.thread)
      ? null
      : yield* Effect.scoped(Effect.flatMap(openReader(named), (reader) => streamOf(options.thread, reader)))
    yield* Effect.mapError(acquireOwnership(directory, { version }), toProblem)
    const { projection, resume } = options
    return yield* runWatched(
      { name: "rebuild", file, options: { resume, threadId, table: Option.getOrNull(projection) } },
      (progress) => folded(progress),
    )
  })

/** Ends the rebuild that a server runs. Fails with `job-not-found` where none runs: one that has ended is no answer to that. */
const cancelAt = (server: Server, directory: string): Effect.Effect<RebuildView, Problem> =>
  Effect.gen(function* () {
    const { makeThreadfold } = yield* loadClient
    const threadfold = yield* makeThreadfold(server)
    const nothing = (last: string) =>
      new Problem({ slug: "job-not-found", detail: `The server of ${directory} runs no rebuild${last}.` })
    const rebuild = (which: (api: Client) => Effect.Effect<RebuildView, unknown>) =>
      Effect.catchIf(
        ask(threadfold, which),
        ({ slug }) => slug === "job-not-found",
        () => nothing(""),
      )
    const { state } = yield* rebuild(({ projections }) => projections.rebuilding())
    if (state !== "running") return yield* nothing(`; the last one is ${state}`)
    const ended = yield* rebuild(({ projections }) => projections.cancelRebuild())
    return ended.state === "cancelled" ? ended : yield* nothing(`; the last one is ${ended.state}`)
  })

export const rebuildCommand = Command.make(
  "rebuild",
  { thread: onlyThread, projection, resume, cancel, dataDir, json },
  (given) =>
    Effect.gen(function* () {
      const options = { ...given, thread: yield* optionalThread(given.thread) }
      yield* Effect.mapError(requirePlatform, toProblem)
      if (options.resume && Option.isSome(options.thread)) {
        return yield* usageProblem("--resume goes on with a rebuild of all threads; leave THREAD out.")
      }
      const directory = yield* directoryOf(options.dataDir)
      const server = yield* placeOf({ db: Option.none(), directory }).pipe(
        Effect.map((place) => (place.kind === "owned" ? place.server : null)),
        Effect.catchTag("NoDatabaseIn", () => Effect.succeed(null)),
        Effect.mapError(toProblem),
      )
      if (options.cancel) {
        if (server === null)
          return yield* new Problem({ slug: "server-not-running", detail: `No server runs for ${directory}.` })
        const ended = yield* cancelAt(server, directory)
        const { events, streams, totalEvents } = ended
        const done = folded({ events, streams, ...(totalEvents === null ? {} : { totalEvents }) })
        return yield* options.json ? writeJson(ended) : write(`The rebuild was ended: ${done}.\n`)
      }
      const report = server === null ? yield* rebuildAlone(directory, options) : yield* rebuildThrough(server, options)
      yield* tell(report, rebuildPage, options.json)
    }).pipe(Effect.scoped),
).pipe(
  Command.withDescription(
    "Make the projections anew from the log: through the server that owns the data directory while it serves, else alone.",
  ),
)
