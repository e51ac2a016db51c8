/** `threadfold check`. */
import { Command } from "@effect/cli"
import { Effect } from "effect"
import { runJob } from "../../offline/Job.js"
import { Finding } from "../failures.js"
import { dataDir, db, json } from "../options.js"
import { currentLook, progressEnd, progressLine, write, writeJson } from "../output.js"
import { checkPage } from "../pages/reports.js"
import { fileForWork } from "../reading.js"
import { counted } from "../text/words.js"

export const checkCommand = Command.make("check", { dataDir, db, json }, (options) =>
  Effect.gen(function* () {
    const file = yield* fileForWork(options)
    const show = progressLine(false)
    const report = yield* runJob({ name: "check", file, options: {} }, ({ events }) =>
      show(`${counted(events, "event")} checked`),
    ).pipe(Effect.ensuring(Effect.sync(progressEnd)))
    yield* options.json ? writeJson(report) : write(checkPage(yield* currentLook, report))
    if (!report.ok) yield* new Finding()
  }).pipe(Effect.scoped),
).pipe(
  Command.withDescription("Check the invariants of log and rows; a violation names the event. Exit 1 at a finding."),
)
