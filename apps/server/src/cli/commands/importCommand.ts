/** `threadfold import SOURCE FILE…`: a command for each kind of recording that can be read. */
import { Args, Command, Options } from "@effect/cli"
import type { ImportReport } from "@threadfold/contracts"
import type { Problem } from "@threadfold/contracts/problem"
import type { ReadingOptions, Recognized } from "@threadfold/imports"
import { type RecordingSource, recordingSources } from "@threadfold/imports/sources"
import { Array as Arr, Effect, Option } from "effect"
import { placeOf, type Server } from "../../offline/Place.js"
import { toProblem } from "../../problems/toProblem.js"
import { usageProblem } from "../failures.js"
import { currentLook, progressEnd, progressLine, write, writeJson } from "../output.js"
import { importPage } from "../pages/reportPages.js"
import { dataDir, directoryOf, json } from "../sharedOptions.js"
import { counted } from "../text/words.js"
import { importBundleCommand } from "./bundleCommands.js"

const leaveOpen = Options.boolean("leave-open").pipe(
  Options.withDescription("Leave sessions open whose process the recording has not seen exit: the file may grow."),
)

const filesOf = ({ form }: RecordingSource) =>
  Args.text({ name: "FILE" }).pipe(Args.withDescription(`A recording: ${form}.`), Args.atLeast(1))

type Importing = (recognized: readonly Recognized[], options: ReadingOptions) => Effect.Effect<ImportReport, Problem>

/** The server of a data directory; null: the directory is free, or new, or its owner serves nothing. */
const servedBy = (directory: string): Effect.Effect<Server | null, Problem> =>
  placeOf({ db: Option.none(), directory }).pipe(
    Effect.map((place) => (place.kind === "owned" ? place.server : null)),
    Effect.catchTag("NoDatabaseIn", () => Effect.succeed(null)),
    Effect.mapError(toProblem),
  )

/** Loaded on demand, as in `reading.ts`: only this command needs the readers and the writer of the log. */
const loadImports = Effect.promise(() => import("../../imports/importFiles.js"))

const importBy = (server: Server): Effect.Effect<Importing> =>
  Effect.map(
    Effect.promise(() => import("../../imports/importThrough.js")),
    ({ importThrough }): Importing =>
      (recognized, options) =>
        importThrough(server, recognized, options),
  )

const importOf = (kind: RecordingSource) =>
  Command.make(kind.source, { files: filesOf(kind), leaveOpen, dataDir, json }, (options) =>
    Effect.gen(function* () {
      const directory = yield* directoryOf(options.dataDir)
      const { importAlone, recognizeFiles } = yield* loadImports
      const recognized = yield* recognizeFiles(options.files, kind.source)
      const server = yield* servedBy(directory)
      const alone: Importing = (taken, options) => importAlone(directory, taken, options)
      const importing = server === null ? alone : yield* importBy(server)
      const show = progressLine()
      const report = yield* importing(recognized, {
        leaveOpen: options.leaveOpen,
        onProgress: (name, line, events) => show(`${name}:${line}, ${counted(events, "event")} added`),
      }).pipe(Effect.ensuring(Effect.sync(progressEnd)))
      yield* options.json ? writeJson(report) : write(importPage(yield* currentLook, report))
    }),
  ).pipe(Command.withDescription(`Import recordings of ${kind.title} connections. The same file again adds nothing.`))

export const importCommand = Command.make("import", {}, () =>
  usageProblem(
    `Name what to import: ${recordingSources.map(({ source }) => `threadfold import ${source} FILE…`).join(", ")}`,
  ),
).pipe(
  Command.withDescription("Read recordings into the log."),
  Command.withSubcommands([importBundleCommand, ...Arr.map(recordingSources, importOf)]),
)
