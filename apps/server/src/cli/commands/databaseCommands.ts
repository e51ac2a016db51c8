/** Commands that go through a whole database: `threadfold verify`, `rebuild`, `salvage`. */
import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { Args, Command, Options } from "@effect/cli"
import { Problem } from "@threadfold/contracts/problem"
import { acquireOwnership, databaseFile } from "@threadfold/event-log"
import { Effect } from "effect"
import { requirePlatform } from "../../config/platform.js"
import { version } from "../../installed.js"
import type { JobProgress } from "../../offline/jobs/Job.js"
import { toProblem } from "../../problems/toProblem.js"
import { asFinding } from "../failures.js"
import { currentLook, write, writeJson } from "../output.js"
import { rebuildPage, salvagePage, verifyPage } from "../pages/reportPages.js"
import { fileForWork } from "../reading.js"
import { runWatched } from "../runWatched.js"
import { dataDir, db, directoryOf, json } from "../sharedOptions.js"
import type { Look } from "../text/Look.js"
import { counted } from "../text/words.js"

/** Prints the report of work on a database, and ends as a finding where it is not well. */
export const tell = <Report extends { readonly ok: boolean }>(
  report: Report,
  page: (look: Look, report: Report) => string,
  asJson: boolean,
) => Effect.flatMap(currentLook, (look) => asFinding(asJson ? writeJson(report) : write(page(look, report)), report.ok))

const folded = ({ events, streams }: JobProgress): string =>
  `${counted(streams, "stream")}, ${counted(events, "event")} folded again`

const bytes = Options.boolean("bytes").pipe(
  Options.withDescription("Read every native message too, and compare it with what was received."),
)

export const verifyCommand = Command.make("verify", { dataDir, db, json, bytes }, (options) =>
  Effect.gen(function* () {
    const file = yield* fileForWork(options)
    const report = yield* runWatched({ name: "verify", file, options: { bytes: options.bytes } }, folded)
    yield* tell(report, verifyPage, options.json)
  }).pipe(Effect.scoped),
).pipe(
  Command.withDescription(
    "Compare the log with its digests, fold it again and compare with the stored rows. Exit 1 where they differ.",
  ),
)

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
    const report = yield* runWatched({ name: "rebuild", file, options: { resume: options.resume } }, folded)
    yield* tell(report, rebuildPage, options.json)
  }).pipe(Effect.scoped),
).pipe(Command.withDescription("Make the projections anew from the log. Needs the data directory to itself."))

const from = Options.text("db").pipe(
  Options.withDescription("The damaged database file. It is only read, with the write-ahead log beside it."),
)
const out = Args.text({ name: "OUT" }).pipe(
  Args.withDescription("Path of the new database file; there must be nothing yet."),
)

export const salvageCommand = Command.make("salvage", { db: from, out, json }, (options) =>
  Effect.gen(function* () {
    yield* Effect.mapError(requirePlatform, toProblem)
    const file = resolve(options.db)
    if (!existsSync(file)) return yield* new Problem({ slug: "database-not-found", detail: `${file} is not there.` })
    const request = { name: "salvage", file, options: { to: resolve(options.out) } } as const
    const report = yield* runWatched(
      request,
      ({ events, streams }) => `${counted(streams, "page")} read, ${counted(events, "event")} copied`,
    )
    yield* tell(report, salvagePage, options.json)
  }).pipe(Effect.scoped),
).pipe(
  Command.withDescription(
    "Copy what can be read of a damaged database into a new one, and list what could not. Exit 1 where something is lost.",
  ),
)
