/** `threadfold verify`. */
import { Command, Options } from "@effect/cli"
import { Effect } from "effect"
import { runJob } from "../../offline/Job.js"
import { Finding } from "../failures.js"
import { dataDir, db, json } from "../options.js"
import { currentLook, progressEnd, progressLine, write, writeJson } from "../output.js"
import { verifyPage } from "../pages/reports.js"
import { fileForWork } from "../reading.js"
import { counted } from "../text/words.js"

const bytes = Options.boolean("bytes").pipe(
  Options.withDescription("Read every native message too, and compare it with what was received."),
)

export const verifyCommand = Command.make("verify", { dataDir, db, json, bytes }, (options) =>
  Effect.gen(function* () {
    const file = yield* fileForWork(options)
    const show = progressLine(false)
    const report = yield* runJob({ name: "verify", file, options: { bytes: options.bytes } }, ({ events, streams }) =>
      show(`${counted(streams, "stream")}, ${counted(events, "event")} folded again`),
    ).pipe(Effect.ensuring(Effect.sync(progressEnd)))
    yield* options.json ? writeJson(report) : write(verifyPage(yield* currentLook, report))
    if (!report.ok) yield* new Finding()
  }).pipe(Effect.scoped),
).pipe(
  Command.withDescription(
    "Compare the log with its digests, fold it again and compare with the stored rows. Exit 1 where they differ.",
  ),
)
