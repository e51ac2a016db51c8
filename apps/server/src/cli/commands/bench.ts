/** `threadfold bench ingest`. */
import { Command, Options } from "@effect/cli"
import { Effect } from "effect"
import { benchPrograms, exampleRecording, programFile } from "../../installed.js"
import { usageProblem } from "../failures.js"
import { writeJson } from "../output.js"

const events = Options.integer("events").pipe(
  Options.withDefault(40_000),
  Options.withDescription("Events of the throughput run: 100000 adds the long thread, 1000000 the large start."),
)

const ingest = Command.make("ingest", { events }, (options) =>
  Effect.gen(function* () {
    if (options.events < 10_000) return yield* usageProblem("--events: at least 10000")
    // Loaded on demand: no other command needs it.
    const { benchIngest } = yield* Effect.promise(() => import("../../bench/ingest.js"))
    const { events } = options
    yield* writeJson(yield* benchIngest({ events, recording: exampleRecording, program: programFile }))
  }),
).pipe(Command.withDescription("Measure the write path beside a bare loop of the same rows; prints JSON."))

const whole = (name: string, unless: number, means: string) =>
  Options.integer(name).pipe(Options.withDefault(unless), Options.withDescription(means))

const liveOptions = {
  threads: whole("threads", 50, "Threads that stream at the same time."),
  perSecond: whole("events", 2_000, "Pieces that the agent tells per second, all threads together."),
  seconds: whole("seconds", 20, "How long it is measured; the seconds in which the programs warm up come before."),
}

const live = Command.make("live", liveOptions, (options) =>
  Effect.gen(function* () {
    const { perSecond, seconds, threads } = options
    if (threads < 1 || threads > 200) return yield* usageProblem("--threads: 1 to 200")
    if (perSecond < 1 || seconds < 1) return yield* usageProblem("--events and --seconds: at least 1")
    const { benchLive } = yield* Effect.promise(() => import("../../bench/live/live.js"))
    yield* writeJson(yield* benchLive({ ...options, program: programFile, ...benchPrograms }))
  }),
).pipe(Command.withDescription("Measure commands and delivery while an agent streams in many threads; prints JSON."))

const open = Command.make(
  "open",
  { size: whole("size", 600, "Open rows of the smaller thread; the larger one has ten times as many.") },
  ({ size }) =>
    Effect.gen(function* () {
      if (size < 10 || size > 10_000) return yield* usageProblem("--size: 10 to 10000")
      const { benchOpen } = yield* Effect.promise(() => import("../../bench/open/open.js"))
      yield* writeJson(yield* benchOpen(size))
    }),
).pipe(Command.withDescription("Measure what the open rows of a thread cost, n beside 10n; prints JSON."))

export const benchCommand = Command.make("bench", {}, () =>
  usageProblem("Name what to measure: threadfold bench ingest, threadfold bench live, threadfold bench open"),
).pipe(Command.withDescription("Measure this machine."), Command.withSubcommands([ingest, live, open]))
