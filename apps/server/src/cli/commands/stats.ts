/** `threadfold stats`. */
import { Command, Options } from "@effect/cli"
import { Effect } from "effect"
import { dataDir, db, json } from "../options.js"
import { currentLook, write, writeJson } from "../output.js"
import { statsPage } from "../pages/stats.js"
import { openReader } from "../reading.js"

const byType = Options.boolean("by-type").pipe(
  Options.withDescription("Also count the events of each type (reads the whole log)."),
)

export const statsCommand = Command.make("stats", { byType, dataDir, db, json }, (options) =>
  Effect.gen(function* () {
    const stats = yield* (yield* openReader(options)).stats({ byType: options.byType })
    yield* options.json ? writeJson(stats) : write(statsPage(yield* currentLook, stats))
  }).pipe(Effect.scoped),
).pipe(Command.withDescription("Print figures about the database."))
