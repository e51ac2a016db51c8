/** `threadfold verify`. */
import { Command } from "@effect/cli"
import { Effect } from "effect"
import { runJob } from "../../offline/Job.js"
import { Finding } from "../failures.js"
import { dataDir, db, json } from "../options.js"
import { currentLook, progressEnd, progressLine, write, writeJson } from "../output.js"
import { verifyPage } from "../pages/reports.js"
import { fileForWork } from "../reading.js"
import { counted } from "../text/words.js"

export const verifyCommand = Command.make("verify", { dataDir, db, json }, (options) =>
  Effect.gen(function* () {
    const file = yield* fileForWork(options)
    const show = progressLine(false)
    const report = yield* runJob({ name: "verify", file, options: {} }, ({ events, streams }) =>
      show(`${counted(streams, "stream")}, ${counted(events, "event")} folded again`),
    ).pipe(Effect.ensuring(Effect.sync(progressEnd)))
    yield* options.json ? writeJson(report) : write(verifyPage(yield* currentLook, report))
    if (!report.ok) yield* new Finding()
  }).pipe(Effect.scoped),
).pipe(Command.withDescription("Fold the log again and compare with the stored rows. Exit 1 where they differ."))
