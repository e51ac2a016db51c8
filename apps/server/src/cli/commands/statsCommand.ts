/** `threadfold stats`: figures about the database, and what its log consists of. */
import { Command, Options } from "@effect/cli"
import { Effect } from "effect"
import { runWatched } from "../longWork.js"
import { currentLook, write, writeJson } from "../output.js"
import { statsPage } from "../pages/statsPage.js"
import { fileForWork, placeNamed, readerOf } from "../reading.js"
import { dataDir, db, json } from "../sharedOptions.js"
import { counted } from "../text/words.js"

const part = (name: string, description: string) => Options.boolean(name).pipe(Options.withDescription(description))

const options = {
  byType: part("by-type", "Also count the events of each type (reads the whole log)."),
  types: part("types", "Also sizes by event type, and rates. This and the next three walk through the log."),
  threads: part("threads", "Also the largest threads."),
  gaps: part("gaps", "Also numbers of sources that are missing, and what came twice."),
  skew: part("skew", "Also how the clocks of sources differ from ours."),
  dataDir,
  db,
  json,
}

export const statsCommand = Command.make("stats", options, ({ byType, gaps, skew, threads, types, ...given }) =>
  Effect.gen(function* () {
    const place = yield* placeNamed(given)
    const parts = { types, threads, gaps, skew }
    const isLong = types || threads || gaps || skew
    const isServed = place.kind === "owned" && place.server !== null
    const stats = yield* (yield* readerOf(place)).stats(isLong ? { byType, ...parts } : { byType })
    const walk = Effect.flatMap(fileForWork(given), (file) =>
      runWatched({ name: "stats", file, options: parts }, ({ events }) => `${counted(events, "event")} counted`),
    )
    const whole = isLong && !isServed ? { ...stats, log: yield* walk } : stats
    yield* given.json ? writeJson(whole) : write(statsPage(yield* currentLook, whole))
  }).pipe(Effect.scoped),
).pipe(Command.withDescription("Print figures about the database, and what its log consists of."))
