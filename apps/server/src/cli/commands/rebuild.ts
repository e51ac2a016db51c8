/** `threadfold rebuild`. */
import { existsSync } from "node:fs"
import { Command, Options } from "@effect/cli"
import { Problem } from "@threadfold/contracts/problem"
import { acquireOwnership, databaseFile } from "@threadfold/event-log"
import { Effect } from "effect"
import { requirePlatform } from "../../config/platform.js"
import { runJob } from "../../offline/Job.js"
import { toProblem } from "../../problems/toProblem.js"
import { version } from "../../version.js"
import { Finding } from "../failures.js"
import { dataDir, directoryOf, json } from "../options.js"
import { currentLook, progressEnd, progressLine, write, writeJson } from "../output.js"
import { rebuildPage } from "../pages/reports.js"
import { counted } from "../text/words.js"

const resume = Options.boolean("resume").pipe(
  Options.withDescription("Go on where a rebuild that was stopped left off."),
)

export const rebuildCommand = Command.make("rebuild", { resume, dataDir, json }, (options) =>
  Effect.gen(function* () {
    yield* Effect.mapError(requirePlatform, toProblem)
    const directory = yield* directoryOf(options.dataDir)
    const file = databaseFile(directory)
    if (!existsSync(file)) {
      return yield* new Problem({ slug: "database-not-found", detail: `There is no database in ${directory}.` })
    }
    yield* Effect.mapError(acquireOwnership(directory, { version }), toProblem)
    const show = progressLine(true)
    const report = yield* runJob(
      { name: "rebuild", file, options: { resume: options.resume } },
      ({ events, streams }) => show(`${counted(streams, "stream")}, ${counted(events, "event")} folded again`),
    ).pipe(Effect.ensuring(Effect.sync(progressEnd)))
    yield* options.json ? writeJson(report) : write(rebuildPage(yield* currentLook, report))
    if (!report.ok) yield* new Finding()
  }).pipe(Effect.scoped),
).pipe(Command.withDescription("Make the projections anew from the log. Needs the data directory to itself."))
