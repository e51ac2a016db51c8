/** `threadfold retain`. */
import { existsSync, statSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { Command, Options } from "@effect/cli"
import { Clock, Effect, Option } from "effect"
import { placeOf } from "../../offline/Place.js"
import { toProblem } from "../../problems/toProblem.js"
import type { ArchivePlace } from "../../retention/archiveThreads.js"
import { usageProblem } from "../failures.js"
import { asProblem, openServer } from "../live.js"
import { tell } from "../longWork.js"
import { progressEnd, progressLine } from "../output.js"
import { retainPage } from "../pages/retainPage.js"
import { fileOf } from "../reading.js"
import { DurationText, dataDir, directoryOf, durationMs, json, saying } from "../sharedOptions.js"
import { counted } from "../text/words.js"

const message = saying("--older takes a whole number and a unit: s, min, h, d, w or y, such as 90d")

const older = Options.text("older").pipe(
  Options.withPseudoName("DURATION"),
  Options.withSchema(DurationText.annotations({ message })),
  Options.withDescription("Take threads in which nothing has happened for longer than this, such as 12h, 90d, 2w, 1y."),
)
const into = Options.text("into").pipe(
  Options.withPseudoName("DIR|FILE"),
  Options.withDescription("A folder, for a bundle of each thread; or a file, for one bundle of all of them."),
  Options.optional,
)
const dryRun = Options.boolean("dry-run").pipe(
  Options.withDescription("Write and remove nothing: say which threads would be archived, and why the others stay."),
)
const yes = Options.boolean("yes").pipe(
  Options.withAlias("y"),
  Options.withDescription("Archive them. Without it nothing is done, as with --dry-run."),
)

/** The place that --into names, which must be there to write to. */
const archivePlace = (text: string): ArchivePlace | string => {
  const path = resolve(text)
  const stats = statSync(path, { throwIfNoEntry: false })
  if (stats?.isDirectory() === true) return { kind: "folder", path }
  if (stats !== undefined && !stats.isFile()) return `${path} is neither a folder nor a file.`
  const folder = /[\\/]$/.test(text) ? path : dirname(path)
  return stats === undefined && !(existsSync(folder) && statSync(folder).isDirectory())
    ? `There is no folder ${folder}.`
    : { kind: "file", path }
}

export const retainCommand = Command.make("retain", { older, into, dryRun, yes, dataDir, json }, (options) =>
  Effect.gen(function* () {
    const isDone = options.yes && !options.dryRun
    if (options.yes && options.dryRun) return yield* usageProblem("--dry-run and --yes exclude each other.")
    if (isDone && Option.isNone(options.into)) return yield* usageProblem("Say where the bundles go: --into DIR|FILE.")
    const place = Option.match(options.into, { onNone: () => null, onSome: archivePlace })
    if (typeof place === "string") return yield* usageProblem(place)
    const { threadfold } = yield* openServer(options.dataDir)
    const directory = yield* directoryOf(options.dataDir)
    const file = yield* fileOf(yield* Effect.mapError(placeOf({ db: Option.none(), directory }), toProblem))
    const { archiveThreads } = yield* Effect.promise(() => import("../../retention/archiveThreads.js"))
    const show = progressLine()
    const report = yield* archiveThreads({
      file,
      into: isDone ? place : null,
      olderMs: durationMs(options.older),
      now: yield* Clock.currentTimeMillis,
      purge: (threadId, ifVersion) => Effect.mapError(threadfold.purgeThread(threadId, { ifVersion }), asProblem),
      onThread: (archived) => show(`${counted(archived, "thread")} archived`),
    }).pipe(Effect.ensuring(Effect.sync(progressEnd)))
    yield* tell(report, retainPage, options.json)
  }).pipe(Effect.scoped),
).pipe(
  Command.withDescription(
    "Move threads that have rested for long into bundles, and leave a tombstone of each. A thread is removed once its bundle was read " +
      "from the disk and found whole. Needs the running server of the data directory.",
  ),
)
