/** `threadfold reaper`. */
import { Command, Options } from "@effect/cli"
import { Effect } from "effect"
import { asProblem, openServer } from "../live.js"
import { dataDir, json } from "../options.js"
import { currentLook, write, writeJson } from "../output.js"
import { reaperPage } from "../pages/reaper.js"

const sweep = Options.boolean("sweep").pipe(Options.withDescription("Sweep now, and tell what was found and done."))

export const reaperCommand = Command.make("reaper", { sweep, dataDir, json }, (options) =>
  Effect.gen(function* () {
    const { threadfold } = yield* openServer(options.dataDir)
    const findings = yield* Effect.mapError(
      threadfold.call((api) => (options.sweep ? api.reaper.sweep() : api.reaper.findings())),
      asProblem,
    )
    yield* options.json ? writeJson(findings) : write(reaperPage(yield* currentLook, findings))
  }),
).pipe(Command.withDescription("Show which sessions the reaper keeps and which it stops, and why."))
