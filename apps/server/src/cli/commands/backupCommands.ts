/** `threadfold backup` and `threadfold restore-backup`. */
import { existsSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { Args, Command, Options } from "@effect/cli"
import type { BackupReport, RestoreReport } from "@threadfold/contracts"
import { Problem } from "@threadfold/contracts/problem"
import { acquireOwnership, databaseFile } from "@threadfold/event-log"
import { Effect } from "effect"
import { requirePlatform } from "../../config/platform.js"
import { version } from "../../installed.js"
import { privateCopy } from "../../offline/privateCopy.js"
import { toProblem } from "../../problems/toProblem.js"
import { usageProblem } from "../failures.js"
import { runWatched } from "../longWork.js"
import { currentLook, write, writeJson } from "../output.js"
import { placeNamed } from "../reading.js"
import { dataDir, db, directoryOf, json } from "../sharedOptions.js"
import type { Look } from "../text/Look.js"
import { bytes as byteText, counted } from "../text/words.js"

const backupPage = (look: Look, { events, file, fileBytes, hash, verified }: BackupReport): string =>
  [
    `${look.good("Backed up")} to ${file}, ${byteText(fileBytes)}`,
    `  ${counted(events, "event")}, hash ${hash}`,
    verified
      ? look.good("  Verified: it is what its log leads to.")
      : look.dim("  Read through; --verify folds it again and compares every byte."),
    "",
  ].join("\n")

const restorePage = (look: Look, report: RestoreReport): string =>
  [
    `${look.good("Restored")} to ${report.database}`,
    `  ${counted(report.events, "event")}; the log has the new id ${report.logId}`,
    report.settled === 0 && report.retired === 0
      ? `  hash ${report.hash}, as in the backup`
      : `  ${counted(report.settled, "event")} settle what lived, ${counted(report.retired, "call")} to agents that were due will not be made`,
    "",
  ].join("\n")

const target = Args.text({ name: "FILE" }).pipe(Args.withDescription("Path of the backup; there must be nothing yet."))
const verify = Options.boolean("verify").pipe(
  Options.withDescription("Compare every byte with the digests of the log, and fold the backup again."),
)

export const backupCommand = Command.make("backup", { target, verify, dataDir, db, json }, (options) =>
  Effect.gen(function* () {
    const to = resolve(options.target)
    if (existsSync(to)) return yield* usageProblem(`${to} exists already; name a file that does not.`)
    if (!existsSync(dirname(to))) return yield* usageProblem(`There is no folder ${dirname(to)}.`)
    const place = yield* placeNamed(options)
    // A named file is left as it is. In a data directory a reader beside the writer makes none wait.
    const file = place.kind === "file" ? yield* privateCopy(place.file) : place.file
    if (!existsSync(file)) return yield* new Problem({ slug: "database-not-found", detail: `${file} is not there.` })
    const report = yield* runWatched(
      { name: "backup", file, options: { to, verify: options.verify } },
      ({ events, streams }) => `${events} of ${counted(streams, "page")} copied`,
    )
    yield* options.json ? writeJson(report) : write(backupPage(yield* currentLook, report))
  }).pipe(Effect.scoped),
).pipe(Command.withDescription("Copy the database of one moment to a file, also while a server writes to it."))

const backup = Args.text({ name: "FILE" }).pipe(Args.withDescription("A backup, or any database of Threadfold."))

export const restoreBackupCommand = Command.make("restore-backup", { backup, dataDir, json }, (options) =>
  Effect.gen(function* () {
    yield* Effect.mapError(requirePlatform, toProblem)
    const named = resolve(options.backup)
    const file = yield* privateCopy(named)
    const directory = yield* directoryOf(options.dataDir)
    if (existsSync(databaseFile(directory))) {
      return yield* usageProblem(
        `${databaseFile(directory)} is there already; name an empty data directory with --data-dir.`,
      )
    }
    const owned = yield* Effect.mapError(acquireOwnership(directory, { version }), toProblem)
    const report = yield* runWatched(
      { name: "restore", file, options: { directory: owned.directory, named } },
      ({ events, streams }) => `${events} of ${counted(streams, "page")} copied`,
    )
    yield* options.json ? writeJson(report) : write(restorePage(yield* currentLook, report))
  }).pipe(Effect.scoped),
).pipe(
  Command.withDescription(
    "Make a data directory of a backup. It is verified, its log gets a new id, and nothing that lived then goes on by itself.",
  ),
)
