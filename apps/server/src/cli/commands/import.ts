/** `threadfold import codex-app-server FILE…`. */
import { Args, Command, Options } from "@effect/cli"
import type { ImportReport } from "@threadfold/contracts"
import { Engine } from "@threadfold/engine"
import { databaseFile } from "@threadfold/event-log"
import { Effect } from "effect"
import { importCodexAppServer } from "../../import/CodexAppServer.js"
import { countAnomalies } from "../../offline/LocalReader.js"
import { version } from "../../version.js"
import { usageProblem } from "../failures.js"
import { dataDir, directoryOf, json } from "../options.js"
import { currentLook, progressEnd, progressLine, write, writeJson } from "../output.js"
import { importPage } from "../pages/reports.js"
import { counted } from "../text/words.js"

const files = Args.text({ name: "FILE" }).pipe(
  Args.withDescription("A recording: one JSON object a line, {ts, dir, msg | line | event}."),
  Args.atLeast(1),
)

const leaveOpen = Options.boolean("leave-open").pipe(
  Options.withDescription("Leave sessions open whose process the recording has not seen exit: the file may grow."),
)

const codex = Command.make("codex-app-server", { files, leaveOpen, dataDir, json }, (options) =>
  Effect.gen(function* () {
    const file = databaseFile(directoryOf(options.dataDir))
    const show = progressLine(false)
    const outcome = yield* importCodexAppServer(
      {
        files: options.files,
        leaveOpen: options.leaveOpen,
        onProgress: (name, line, events) => show(`${name}:${line}, ${counted(events, "event")} added`),
      },
      Engine.layerInProcess({ file, owner: { version } }),
    ).pipe(Effect.ensuring(Effect.sync(progressEnd)))
    const anomalies = yield* countAnomalies(
      file,
      outcome.threads.map(({ threadId }) => threadId),
    )
    const report: ImportReport = {
      ...outcome,
      threads: outcome.threads.map((thread) => ({ ...thread, anomalies: anomalies.get(thread.threadId) ?? 0 })),
    }
    yield* options.json ? writeJson(report) : write(importPage(yield* currentLook, report))
  }).pipe(Effect.scoped),
).pipe(Command.withDescription("Import recordings of Codex app-server connections. The same file again adds nothing."))

export const importCommand = Command.make("import", {}, () =>
  usageProblem("Name what to import: threadfold import codex-app-server FILE…"),
).pipe(Command.withDescription("Read recordings into the log."), Command.withSubcommands([codex]))
