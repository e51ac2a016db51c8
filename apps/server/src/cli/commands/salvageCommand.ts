/** `threadfold salvage`: what can be read of a damaged file. */
import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { Args, Command, Options } from "@effect/cli"
import { Problem } from "@threadfold/contracts/problem"
import { Effect } from "effect"
import { requirePlatform } from "../../config/platform.js"
import { toProblem } from "../../problems/toProblem.js"
import { runWatched, tell } from "../longWork.js"
import { salvagePage } from "../pages/reportPages.js"
import { json } from "../sharedOptions.js"
import { counted } from "../text/words.js"

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
