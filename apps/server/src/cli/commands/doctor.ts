/** `threadfold doctor`. */
import { resolve } from "node:path"
import { Command } from "@effect/cli"
import { Effect, Option } from "effect"
import { Finding } from "../failures.js"
import { config, dataDir, directoryOf, json } from "../options.js"
import { currentLook, write, writeJson } from "../output.js"
import { doctorPage } from "../pages/doctor.js"

export const doctorCommand = Command.make("doctor", { config, dataDir, json }, (options) =>
  Effect.gen(function* () {
    // Loaded on demand: it knows the drivers of all agents.
    const { examine } = yield* Effect.promise(() => import("../../doctor/doctor.js"))
    const report = yield* examine(resolve(yield* directoryOf(options.dataDir)), Option.getOrNull(options.config))
    yield* options.json ? writeJson(report) : write(doctorPage(yield* currentLook, report))
    if (!report.ok) yield* new Finding()
  }),
).pipe(
  Command.withDescription(
    "Say what is installed, in which version, what is missing and how to get it. Exit 1 where something must be corrected.",
  ),
)
