/** `threadfold import SOURCE FILE…`: a command for each kind of recording that can be read. */
import { existsSync, statSync } from "node:fs"
import { join } from "node:path"
import { Args, Command, Options } from "@effect/cli"
import type { ImportReport } from "@threadfold/contracts"
import type { Problem } from "@threadfold/contracts/problem"
import type { ReadingOptions, Recognized } from "@threadfold/imports"
import {
  claudeSource,
  codexRolloutSource,
  codexTraceSource,
  type RecordingSource,
  recordingSources,
  traceLogName,
  traceManifestName,
} from "@threadfold/imports/sources"
import { Array as Arr, Effect } from "effect"
import type { Server } from "../../offline/Place.js"
import { usageProblem } from "../failures.js"
import { currentLook, progressEnd, write, writeJson } from "../output.js"
import { importPage } from "../pages/reportPages.js"
import { dataDir, directoryOf, json } from "../sharedOptions.js"
import { importBundleCommand } from "./bundleCommands.js"
import { foundCommand } from "./foundCommand.js"
import { servedBy, shownOptions } from "./importOptions.js"

const leaveOpen = Options.boolean("leave-open").pipe(
  Options.withDescription("Leave sessions open whose process the recording has not seen exit: the file may grow."),
)
const follow = Options.boolean("follow").pipe(
  Options.withDescription("Go on as the files grow, until Ctrl+C. The sessions stay open."),
)

const filesOf = ({ form }: RecordingSource) =>
  Args.text({ name: "FILE" }).pipe(Args.withDescription(`A recording: ${form}.`), Args.atLeast(1))
const pathsOf = ({ form }: RecordingSource) =>
  Args.text({ name: "PATH" }).pipe(
    Args.withDescription(`A file or a folder, with all that is below it: ${form}.`),
    Args.atLeast(1),
  )

const bundlesOf = ({ form }: RecordingSource) =>
  Args.text({ name: "BUNDLE" }).pipe(Args.withDescription(`A bundle or a folder of bundles: ${form}.`), Args.atLeast(1))

type Importing = (recognized: readonly Recognized[], options: ReadingOptions) => Effect.Effect<ImportReport, Problem>

/** Loaded on demand, as in `reading.ts`: only this command needs the readers and the writer of the log. */
const loadImports = Effect.promise(() => import("../../imports/importFiles.js"))
const loadSessions = Effect.promise(() => import("../sessions/runSessions.js"))

const importBy = (server: Server): Effect.Effect<Importing> =>
  Effect.map(
    Effect.promise(() => import("../../imports/importThrough.js")),
    ({ importThrough }): Importing =>
      (recognized, options) =>
        importThrough(server, recognized, options),
  )

const show = (report: ImportReport, asJson: boolean) =>
  asJson ? writeJson(report) : Effect.flatMap(currentLook, (look) => write(importPage(look, report)))

/** Imports files. One that is none of the kind refuses the whole call before anything is stored. */
const importFiles = (directory: string, files: readonly string[], source: string, options: ReadingOptions) =>
  Effect.gen(function* () {
    const { importAlone, recognizeFiles } = yield* loadImports
    const recognized = yield* recognizeFiles(files, source)
    const server = yield* servedBy(directory)
    const alone: Importing = (taken, options) => importAlone(directory, taken, options)
    const importing = server === null ? alone : yield* importBy(server)
    return yield* importing(recognized, options)
  })

const importOf = (kind: RecordingSource) =>
  Command.make(kind.source, { files: filesOf(kind), leaveOpen, dataDir, json }, (options) =>
    Effect.gen(function* () {
      const directory = yield* directoryOf(options.dataDir)
      const report = yield* importFiles(directory, options.files, kind.source, shownOptions(options.leaveOpen)).pipe(
        Effect.ensuring(Effect.sync(progressEnd)),
      )
      yield* show(report, options.json)
    }),
  ).pipe(Command.withDescription(`Import recordings of ${kind.title} connections. The same file again adds nothing.`))

const sessionsOf = (kind: RecordingSource) =>
  Command.make(kind.source, { paths: pathsOf(kind), follow, leaveOpen, dataDir, json }, (options) =>
    Effect.gen(function* () {
      const directory = yield* directoryOf(options.dataDir)
      const reading = shownOptions(options.leaveOpen || options.follow)
      const { namesFolder, runSessions } = yield* loadSessions
      const server = yield* servedBy(directory)
      const isSome = options.follow || (yield* namesFolder(options.paths))
      const importing = isSome
        ? runSessions({ directory, server, source: kind.source, paths: options.paths, follow: options.follow }, reading)
        : importFiles(directory, options.paths, kind.source, reading)
      yield* show(yield* Effect.ensuring(importing, Effect.sync(progressEnd)), options.json)
    }),
  ).pipe(Command.withDescription(`Import ${kind.title}: files, or folders of them. The same again adds nothing.`))

/** Whether a path is a bundle of a trace, or the log in one, and not a folder of bundles. */
const isBundle = (path: string): boolean => !existsSync(path) || !statSync(path).isDirectory() || hasLog(path)
const hasLog = (folder: string): boolean =>
  [traceManifestName, traceLogName].some((file) => existsSync(join(folder, file)))

const traces = (kind: RecordingSource) =>
  Command.make(kind.source, { paths: bundlesOf(kind), follow, leaveOpen, dataDir, json }, (options) =>
    Effect.gen(function* () {
      const directory = yield* directoryOf(options.dataDir)
      const reading = shownOptions(options.leaveOpen || options.follow)
      const { follow, paths } = options
      const importing =
        !follow && paths.every(isBundle)
          ? importFiles(directory, paths, kind.source, reading)
          : Effect.gen(function* () {
              const { runSessions } = yield* loadSessions
              const server = yield* servedBy(directory)
              return yield* runSessions({ directory, server, source: kind.source, paths, follow }, reading)
            })
      yield* show(yield* Effect.ensuring(importing, Effect.sync(progressEnd)), options.json)
    }),
  ).pipe(Command.withDescription(`Import ${kind.title}: bundles, or folders of them. The same again adds nothing.`))

/** Sources whose files agents leave in folders of their own. */
const ofFolders: readonly RecordingSource[] = [codexRolloutSource, claudeSource]

export const importCommand = Command.make("import", {}, () =>
  usageProblem(
    `Name what to import: threadfold import found, threadfold import threadfold FILE (a bundle), ${recordingSources.map(({ source }) => `threadfold import ${source} FILE…`).join(", ")}.`,
  ),
).pipe(
  Command.withDescription("Read recordings and session files into the log."),
  Command.withSubcommands([
    foundCommand,
    importBundleCommand,
    ...Arr.map(recordingSources, (kind) => {
      if (kind === codexTraceSource) return traces(kind)
      return ofFolders.includes(kind) ? sessionsOf(kind) : importOf(kind)
    }),
  ]),
)
