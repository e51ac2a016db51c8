/** `threadfold import SOURCE FILE…`: a command for each kind of recording that can be read. */
import { Args, Command, Options } from "@effect/cli"
import { type RecordingReader, readers } from "@threadfold/imports"
import { Array as Arr, Effect } from "effect"
import { importAlone, recognizeFiles } from "../../imports/importFiles.js"
import { usageProblem } from "../failures.js"
import { dataDir, directoryOf, json } from "../options.js"
import { currentLook, progressEnd, progressLine, write, writeJson } from "../output.js"
import { importPage } from "../pages/reports.js"
import { counted } from "../text/words.js"

const leaveOpen = Options.boolean("leave-open").pipe(
  Options.withDescription("Leave sessions open whose process the recording has not seen exit: the file may grow."),
)

const filesOf = ({ form }: RecordingReader) =>
  Args.text({ name: "FILE" }).pipe(Args.withDescription(`A recording: ${form}.`), Args.atLeast(1))

const importOf = (reader: RecordingReader) =>
  Command.make(reader.source, { files: filesOf(reader), leaveOpen, dataDir, json }, (options) =>
    Effect.gen(function* () {
      const directory = directoryOf(options.dataDir)
      const show = progressLine(false)
      const recognized = yield* recognizeFiles(options.files, reader)
      const report = yield* importAlone(directory, recognized, {
        leaveOpen: options.leaveOpen,
        onProgress: (name, line, events) => show(`${name}:${line}, ${counted(events, "event")} added`),
      }).pipe(Effect.ensuring(Effect.sync(progressEnd)))
      yield* options.json ? writeJson(report) : write(importPage(yield* currentLook, report))
    }),
  ).pipe(Command.withDescription(`Import recordings of ${reader.title} connections. The same file again adds nothing.`))

export const importCommand = Command.make("import", {}, () =>
  usageProblem(`Name what to import: ${readers.map(({ source }) => `threadfold import ${source} FILE…`).join(", ")}`),
).pipe(Command.withDescription("Read recordings into the log."), Command.withSubcommands(Arr.map(readers, importOf)))
