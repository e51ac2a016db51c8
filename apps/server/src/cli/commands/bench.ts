/** `threadfold bench ingest`. */
import { fileURLToPath } from "node:url"
import { Command, Options } from "@effect/cli"
import { Effect } from "effect"
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
    const { exampleRecording } = yield* Effect.promise(() => import("../../serve/example.js"))
    const program = fileURLToPath(new URL("../../threadfold.js", import.meta.url))
    yield* writeJson(yield* benchIngest({ events: options.events, recording: exampleRecording, program }))
  }),
).pipe(Command.withDescription("Measure the write path beside a bare loop of the same rows; prints JSON."))

export const benchCommand = Command.make("bench", {}, () =>
  usageProblem("Name what to measure: threadfold bench ingest"),
).pipe(Command.withDescription("Measure this machine."), Command.withSubcommands([ingest]))
