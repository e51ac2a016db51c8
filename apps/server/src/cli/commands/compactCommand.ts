/** `threadfold compact`: the database file without its free pages. */
import { existsSync, realpathSync, statSync } from "node:fs"
import { dirname } from "node:path"
import { Command, Options } from "@effect/cli"
import type { CompactReport } from "@threadfold/contracts"
import { Problem } from "@threadfold/contracts/problem"
import { acquireOwnership, leavingNothing, lockFile, removeDatabase } from "@threadfold/event-log"
import { Effect, Schedule } from "effect"
import { requirePlatform } from "../../config/platform.js"
import { version } from "../../installed.js"
import { bytesOf, type CompactionPlan, planCompaction } from "../../offline/planCompaction.js"
import { runJob } from "../../offline/runJob.js"
import { toProblem } from "../../problems/toProblem.js"
import { currentLook, note, progressEnd, progressLine, write, writeJson } from "../output.js"
import { placeNamed } from "../reading.js"
import { dataDir, json } from "../sharedOptions.js"
import type { Look } from "../text/Look.js"
import { bytes, counted } from "../text/words.js"

const page = (look: Look, report: CompactReport): string => {
  const { availableBytes, bytesAfter, bytesBefore, file, freedBytes, neededBytes } = report
  const isRoom = availableBytes >= neededBytes
  return [
    report.dryRun
      ? `${look.good("Would free")} at least ${bytes(freedBytes)} of ${bytes(bytesBefore)} of ${file}`
      : `${look.good("Compacted")} ${file}: ${bytes(bytesBefore)}, now ${bytes(bytesAfter)}`,
    report.dryRun
      ? `  needs ${bytes(neededBytes)} on its disk, which has ${bytes(availableBytes)}${isRoom ? "" : ": too little"}`
      : `  ${counted(report.events ?? 0, "event")}, hash ${report.hash} as before`,
    report.releasesPages
      ? look.dim("  Free pages are given back while it is served.")
      : look.dim(
          "  It is of an older version: free pages are given back while it is served only after it is compacted.",
        ),
    "",
  ].join("\n")
}

const compactedFile = Options.text("db").pipe(
  Options.withDescription("The database file that is written anew, in its place; no other process may have it open."),
  Options.optional,
)
const dryRun = Options.boolean("dry-run").pipe(
  Options.withDescription("Only say what it would free and what it needs; also beside a server."),
)

/** How often the size of the new file is looked at, ms. */
const LOOK_MS = 250

const requireRoom = (file: string, { availableBytes, neededBytes }: CompactionPlan): Effect.Effect<void, Problem> =>
  availableBytes >= neededBytes
    ? Effect.void
    : new Problem({
        slug: "disk-full",
        detail: `${file} is written anew beside itself: that needs ${bytes(neededBytes)} (${neededBytes} bytes), and the disk has ${bytes(availableBytes)} (${availableBytes} bytes).`,
      })

/** Path of the new file while it is written: one name, so that a later run removes what a killed one left. */
const draftOf = (file: string): string => `${file}.compacting`

/** Does it, and shows how far it is. */
const compacting = (file: string, plan: CompactionPlan) =>
  Effect.gen(function* () {
    const draft = draftOf(file)
    const show = progressLine()
    const watching = Effect.sync(() => {
      const size = statSync(draft, { throwIfNoEntry: false })?.size ?? 0
      if (size > 0) show(`${bytes(size)} of at most ${bytes(plan.usedBytes)} written`)
    })
    const watched = Effect.repeat(watching, Schedule.spaced(LOOK_MS))
    const work = runJob({ name: "compact", file, options: { draft } }, ({ streams }) =>
      show(`${counted(streams, "stream")} read`),
    )
    return yield* Effect.raceFirst(work, Effect.zipRight(watched, Effect.never))
  }).pipe(
    Effect.ensuring(
      Effect.sync(() => {
        progressEnd()
        removeDatabase(draftOf(file))
      }),
    ),
  )

export const compactCommand = Command.make("compact", { dryRun, dataDir, db: compactedFile, json }, (options) =>
  Effect.gen(function* () {
    yield* Effect.mapError(requirePlatform, toProblem)
    const { file: named } = yield* placeNamed(options)
    if (!existsSync(named)) {
      return yield* new Problem({ slug: "database-not-found", detail: `There is no database at ${named}.` })
    }
    // The file itself is replaced, and not a link to it.
    const file = realpathSync(named)
    if (options.dryRun) {
      const { availableBytes, bytesBefore, neededBytes, releasesPages, usedBytes } = yield* planCompaction(file)
      const bytesAfter = Math.min(bytesBefore, usedBytes)
      const report: CompactReport = {
        ...{ file, dryRun: true, bytesBefore, bytesAfter, freedBytes: bytesBefore - bytesAfter },
        ...{ neededBytes, availableBytes, releasesPages, logId: null, events: null, hash: null },
      }
      return yield* options.json ? writeJson(report) : write(page(yield* currentLook, report))
    }
    // Before anything is made in a directory that may not be ours.
    if (!existsSync(lockFile(dirname(file)))) yield* planCompaction(file)
    yield* Effect.mapError(acquireOwnership(dirname(file), { version }), toProblem)
    const plan = yield* leavingNothing(file, planCompaction(file))
    yield* requireRoom(file, plan)
    const { availableBytes, bytesBefore, neededBytes } = plan
    yield* note(
      `Writing ${file} anew: it needs ${bytes(neededBytes)} beside it, and the disk has ${bytes(availableBytes)}.`,
    )
    const { events, hash, logId } = yield* compacting(file, plan)
    const bytesAfter = bytesOf(file)
    const report: CompactReport = {
      ...{ file, dryRun: false, bytesBefore, bytesAfter, freedBytes: Math.max(0, bytesBefore - bytesAfter) },
      ...{ neededBytes, availableBytes, releasesPages: true, logId, events, hash },
    }
    yield* options.json ? writeJson(report) : write(page(yield* currentLook, report))
  }).pipe(Effect.scoped),
).pipe(
  Command.withDescription(
    "Write the database anew without its free pages, so that its file becomes smaller. Only while no server runs.",
  ),
)
