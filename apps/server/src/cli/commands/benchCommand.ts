/** `threadfold bench ingest`, `live`, `open`, `http`, `gateway`, `moments`, `replay`, `rebuild` and `import`. */
import { Args, Command, Options } from "@effect/cli"
import { recordingSources } from "@threadfold/imports/sources"
import { Effect } from "effect"
import { requirePlatform } from "../../config/platform.js"
import { benchPrograms, exampleRecording, programFile } from "../../installed.js"
import { toProblem } from "../../problems/toProblem.js"
import { usageProblem } from "../failures.js"
import { writeJson } from "../output.js"
import { wholeNumber } from "../sharedOptions.js"

/** Loaded on demand: no other command needs them. They write data directories of their own. */
const loadBenchmarks = Effect.zipRight(
  Effect.mapError(requirePlatform, toProblem),
  Effect.promise(() => import("@threadfold/bench")),
)

const events = wholeNumber("events", 10_000).pipe(
  Options.withDefault(40_000),
  Options.withDescription("Events of the throughput run: 100000 adds the long thread, 1000000 the large start."),
)

const ingest = Command.make("ingest", { events }, (options) =>
  Effect.gen(function* () {
    const { benchIngest } = yield* loadBenchmarks
    const { events } = options
    yield* writeJson(
      yield* Effect.mapError(benchIngest({ events, recording: exampleRecording, program: programFile }), toProblem),
    )
  }),
).pipe(Command.withDescription("Measure the write path beside a bare loop of the same rows; prints JSON."))

const whole = (name: string, [least, most]: readonly [number, number?], byDefault: number, means: string) =>
  wholeNumber(name, least, most).pipe(
    Options.withDefault(byDefault),
    Options.withDescription(`${means} Default: ${byDefault}.`),
  )

const liveOptions = {
  threads: whole("threads", [1, 200], 50, "Threads that stream at the same time."),
  perSecond: whole("events", [1], 2_000, "Pieces that the agent tells per second, all threads together."),
  seconds: whole("seconds", [1], 20, "How long it is measured; the seconds in which the programs warm up come before."),
}

const live = Command.make("live", liveOptions, (options) =>
  Effect.gen(function* () {
    const { benchLive } = yield* loadBenchmarks
    yield* writeJson(
      yield* Effect.mapError(benchLive({ ...options, program: programFile, ...benchPrograms }), toProblem),
    )
  }),
).pipe(Command.withDescription("Measure commands and delivery while an agent streams in many threads; prints JSON."))

const open = Command.make(
  "open",
  { size: whole("size", [10, 10_000], 600, "Open rows of the smaller thread; the larger one has ten times as many.") },
  ({ size }) =>
    Effect.gen(function* () {
      const { benchOpen } = yield* loadBenchmarks
      yield* writeJson(yield* Effect.mapError(benchOpen(size), toProblem))
    }),
).pipe(Command.withDescription("Measure what the open rows of a thread cost, n beside 10n; prints JSON."))

const http = Command.make(
  "http",
  { calls: whole("calls", [100, 20_000], 1_000, "Calls that are measured of each kind, of each server.") },
  ({ calls }) =>
    Effect.gen(function* () {
      const { benchHttp } = yield* loadBenchmarks
      const { bareHttpServer } = benchPrograms
      const options = { calls, recording: exampleRecording, program: programFile, bareHttpServer }
      yield* writeJson(yield* Effect.mapError(benchHttp(options), toProblem))
    }),
).pipe(Command.withDescription("Measure calls over HTTP beside a bare server of the same statements; prints JSON."))

const gateway = Command.make(
  "gateway",
  {
    calls: whole("calls", [100, 20_000], 1_000, "Calls of which the first byte is measured, of each way."),
    streams: whole("streams", [1, 500], 50, "Streams at a time."),
  },
  ({ calls, streams }) =>
    Effect.gen(function* () {
      yield* Effect.mapError(requirePlatform, toProblem)
      const { benchGateway } = yield* Effect.promise(() => import("../../gateway/bench/benchGateway.js"))
      yield* writeJson(yield* benchGateway({ calls, streams, program: benchPrograms.gatewayLoad }))
    }).pipe(Effect.scoped),
).pipe(
  Command.withDescription("Measure calls of a model through the inference gateway beside direct ones; prints JSON."),
)

const moments = Command.make(
  "moments",
  {
    events: whole(
      "events",
      [1_000, 1_000_000],
      50_000,
      "Events of the longer thread; a tenth of them is measured, too.",
    ),
  },
  ({ events }) =>
    Effect.gen(function* () {
      const { benchMoments } = yield* loadBenchmarks
      yield* writeJson(yield* Effect.mapError(benchMoments({ events, recording: exampleRecording }), toProblem))
    }),
).pipe(
  Command.withDescription("Measure looks at earlier moments of a thread, with and without checkpoints; prints JSON."),
)

const replay = Command.make(
  "replay",
  {
    events: whole("events", [10_000, 2_000_000], 100_000, "Events of the log; half of them are one thread."),
    threads: whole("threads", [0, 1_000], 200, "How many threads share the other half; 0: all events are one thread."),
  },
  ({ events, threads }) =>
    Effect.gen(function* () {
      const { benchReplay } = yield* loadBenchmarks
      const options = { events, threads, recording: exampleRecording }
      yield* writeJson(yield* Effect.mapError(benchReplay(options), toProblem))
    }),
).pipe(Command.withDescription("Measure verify, rebuild and bisect beside a bare loop of reads; prints JSON."))

const rebuildOptions = {
  events: whole("events", [10_000, 2_000_000], 60_000, "Events of the log that is rebuilt."),
  perSecond: whole("calls", [10, 1_000], 100, "Calls per second, half of them pushes."),
  seconds: whole("seconds", [1], 4, "Length of each stretch, with and without a rebuild."),
  rounds: whole("rounds", [1], 5, "Stretches of each kind."),
}

const rebuild = Command.make("rebuild", rebuildOptions, (options) =>
  Effect.gen(function* () {
    const { benchRebuild } = yield* loadBenchmarks
    const all = { ...options, recording: exampleRecording, program: programFile }
    yield* writeJson(yield* Effect.mapError(benchRebuild(all), toProblem))
  }),
).pipe(Command.withDescription("Measure reads and pushes with and without a rebuild beside them; prints JSON."))

const imports = Command.make(
  "import",
  {
    source: Args.text({ name: "SOURCE" }).pipe(
      Args.withDescription(`Kind of the recordings: ${recordingSources.map(({ source }) => source).join(", ")}.`),
    ),
    files: Args.text({ name: "FILE" }).pipe(Args.withDescription("A recording; it is only read."), Args.atLeast(1)),
  },
  ({ files, source }) =>
    Effect.gen(function* () {
      const { benchImport } = yield* loadBenchmarks
      const { recognizeFiles } = yield* Effect.promise(() => import("../../imports/importFiles.js"))
      const recognized = yield* recognizeFiles(files, source)
      yield* writeJson(yield* Effect.mapError(benchImport(recognized), toProblem))
    }),
).pipe(
  Command.withDescription(
    "Measure an import of these files beside a bare loop that writes the same rows; prints JSON.",
  ),
)

export const benchCommand = Command.make("bench", {}, () =>
  usageProblem(
    "Name what to measure: threadfold bench ingest, threadfold bench live, threadfold bench open, threadfold bench http, threadfold bench gateway, threadfold bench moments, threadfold bench replay, threadfold bench rebuild, threadfold bench import SOURCE FILE…",
  ),
).pipe(
  Command.withDescription("Measure this machine."),
  Command.withSubcommands([ingest, live, open, http, gateway, moments, replay, rebuild, imports]),
)
