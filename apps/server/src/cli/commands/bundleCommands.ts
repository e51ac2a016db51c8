/** Logs as files to share: `threadfold export`, `threadfold import threadfold`. */
import { existsSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { Args, Command, Options } from "@effect/cli"
import type { ImportReport } from "@threadfold/contracts"
import type { Problem } from "@threadfold/contracts/problem"
import { Effect, Option } from "effect"
import { placeOf, type Server } from "../../offline/Place.js"
import { toProblem } from "../../problems/toProblem.js"
import { usageProblem } from "../failures.js"
import { runWatched } from "../longWork.js"
import { currentLook, note, progressEnd, progressLine, write, writeJson } from "../output.js"
import { bundlePage, exportPage } from "../pages/bundlePages.js"
import { fileForWork, threadNamed } from "../reading.js"
import { dataDir, db, directoryOf, json, oneOf } from "../sharedOptions.js"
import { counted } from "../text/words.js"

const target = Args.text({ name: "FILE" }).pipe(
  Args.withDescription(
    "Path of the bundle, or of the page with --html; there must be nothing yet. Left out with --preview.",
  ),
  Args.optional,
)

const threadsOf = {
  arguments: Args.text({ name: "THREAD" }).pipe(
    Args.withDescription(
      "The threads to export: their ids, beginnings of them, or the provider's ids. None: everything.",
    ),
    Args.repeated,
  ),
  options: Options.text("thread").pipe(
    Options.withDescription("The same as an argument THREAD; may be given several times."),
    Options.repeated,
    // Only so that help shows it in brackets: none is as good as some.
    Options.withDefault([]),
  ),
}

const redact = oneOf("redact", ["none", "masked", "structure"]).pipe(
  Options.withDescription(
    "masked (default): without what looks like a secret, a user name or an e-mail address; structure: without any text; none: everything.",
  ),
  Options.withDefault("masked" as const),
)

const preview = Options.boolean("preview").pipe(
  Options.withDescription("Write nothing; list what would be taken out, and where."),
)

const blobs = Options.boolean("blobs").pipe(
  Options.withDescription(
    "With --redact masked: take images and files of messages along. They cannot be masked, and are left out otherwise.",
  ),
)

const html = Options.boolean("html").pipe(
  Options.withDescription(
    "Write one HTML file that shows the threads in a browser, without a server or a network: the web page with the bundle in it.",
  ),
)

export const exportCommand = Command.make(
  "export",
  { target, threads: threadsOf, redact, blobs, html, preview, dataDir, db, json },
  (options) =>
    Effect.gen(function* () {
      if (options.blobs && options.redact === "structure") {
        return yield* usageProblem("--blobs goes with --redact masked: the structure of a log has no images and files.")
      }
      const first = Option.map(options.target, (file) => resolve(file))
      if (Option.isNone(first) && !options.preview) {
        return yield* usageProblem("Name the FILE to write, or ask for a --preview.")
      }
      // A preview writes no file: what it is given are threads.
      const to = options.preview ? null : Option.getOrNull(first)
      const threads = [
        ...(options.preview ? Option.toArray(options.target) : []),
        ...options.threads.arguments,
        ...options.threads.options,
      ]
      if (to !== null && existsSync(to)) return yield* usageProblem(`${to} exists already; name a file that does not.`)
      if (to !== null && !existsSync(dirname(to))) return yield* usageProblem(`There is no folder ${dirname(to)}.`)
      const file = yield* fileForWork(options)
      const { openLocalReader } = yield* Effect.promise(() => import("../../offline/LocalReader.js"))
      const reader = yield* openLocalReader(file)
      const named = yield* Effect.forEach(threads, (text) => threadNamed(reader, text))
      const report = yield* runWatched(
        {
          name: "export",
          file,
          options: {
            to,
            redaction: options.redact,
            ...(options.blobs ? { withBlobs: true } : {}),
            ...(options.html ? { html: true } : {}),
            threads: named.length === 0 ? null : named,
          },
        },
        ({ events, streams }) => `${counted(streams, "stream")}, ${counted(events, "event")} exported`,
      )
      yield* options.json ? writeJson(report) : write(exportPage(yield* currentLook, report, options.html))
    }).pipe(Effect.scoped),
).pipe(
  Command.withDescription(
    "Write threads, or the whole log, to a file that another log can take. Secrets are taken out unless asked otherwise.",
  ),
)

const source = Args.text({ name: "FILE" }).pipe(Args.withDescription("A bundle that `threadfold export` made."))

const asCopy = Options.boolean("as-copy").pipe(
  Options.withDescription("Give every thread an id of its own: where it is here already, it is taken beside that one."),
)
const copySeed = Options.text("copy-seed").pipe(
  Options.withDescription(
    "With --as-copy: the text that the ids follow from. Another text gives another copy. Default: copy.",
  ),
  Options.optional,
)

/** The server of a data directory; null: the directory is free, or new, or its owner serves nothing. */
const servedBy = (directory: string): Effect.Effect<Server | null, Problem> =>
  placeOf({ db: Option.none(), directory }).pipe(
    Effect.map((place) => (place.kind === "owned" ? place.server : null)),
    Effect.catchTag("NoDatabaseIn", () => Effect.succeed(null)),
    Effect.mapError(toProblem),
  )

const through = (server: Server, file: string, seed: string | null): Effect.Effect<ImportReport, Problem> =>
  Effect.flatMap(
    Effect.promise(() => import("../../imports/importThrough.js")),
    ({ importBundleThrough }) => importBundleThrough(server, file, seed),
  )

const alone = (
  directory: string,
  file: string,
  seed: string | null,
  onProgress: (events: number) => void,
): Effect.Effect<ImportReport, Problem> =>
  Effect.flatMap(
    Effect.promise(() => import("../../imports/importFiles.js")),
    ({ importBundleAlone }) => importBundleAlone(directory, file, { copySeed: seed, onProgress }),
  )

export const importBundleCommand = Command.make("threadfold", { source, asCopy, copySeed, dataDir, json }, (options) =>
  Effect.gen(function* () {
    if (Option.isSome(options.copySeed) && !options.asCopy) return yield* usageProblem("--copy-seed needs --as-copy.")
    const seed = options.asCopy ? Option.getOrElse(options.copySeed, () => "copy") : null
    if (seed === "") return yield* usageProblem("--copy-seed takes a text.")
    const directory = yield* directoryOf(options.dataDir)
    const server = yield* servedBy(directory)
    const show = progressLine()
    const told = (events: number) => show(`${counted(events, "event")} added`)
    const report = yield* (
      server === null ? alone(directory, options.source, seed, told) : through(server, options.source, seed)
    ).pipe(Effect.ensuring(Effect.sync(progressEnd)))
    if (!options.json && report.bundle?.redaction === "none") {
      yield* note("The bundle holds everything that was said, secrets included.")
    }
    yield* options.json ? writeJson(report) : write(bundlePage(yield* currentLook, report))
  }),
).pipe(
  Command.withDescription(
    "Import a bundle of `threadfold export`. What lived where it comes from is settled; the same bundle again adds nothing.",
  ),
)
