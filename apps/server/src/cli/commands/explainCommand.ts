/** `threadfold explain`: what a thread does now, what it waits for, and what follows by itself. */
import { Command } from "@effect/cli"
import { Effect, Option } from "effect"
import { currentLook, write, writeJson } from "../output.js"
import { explainPage } from "../pages/explainPage.js"
import { openReader, threadNamed } from "../reading.js"
import { config, dataDir, db, directoryOf, json, threadArg } from "../sharedOptions.js"

/** Loaded on demand: the policy stands beside the services that go by it. */
const loadSettings = Effect.promise(() => import("../../offline/explainSettings.js"))

export const explainCommand = Command.make("explain", { id: threadArg, config, dataDir, db, json }, (options) =>
  Effect.gen(function* () {
    const { explainSettings } = yield* loadSettings
    const directory = Option.isSome(options.db) ? null : yield* directoryOf(options.dataDir)
    const settings = yield* explainSettings({ directory, config: Option.getOrNull(options.config) })
    const reader = yield* openReader(options)
    const report = yield* reader.explain(yield* threadNamed(reader, options.id), settings)
    yield* options.json ? writeJson(report) : write(explainPage(yield* currentLook, report))
  }).pipe(Effect.scoped),
).pipe(
  Command.withDescription(
    "Say in sentences what a thread does, what it waits for, and what reaper, watchdog and queue will do next.",
  ),
)
