/** What the commands that import have in common. */
import type { Problem } from "@threadfold/contracts/problem"
import type { ReadingOptions } from "@threadfold/imports"
import { Effect, Option } from "effect"
import { placeOf, type Server } from "../../offline/Place.js"
import { toProblem } from "../../problems/toProblem.js"
import { progressLine } from "../output.js"
import { counted } from "../text/words.js"

/** The server of a data directory; null: the directory is free, or new, or its owner serves nothing. */
export const servedBy = (directory: string): Effect.Effect<Server | null, Problem> =>
  placeOf({ db: Option.none(), directory }).pipe(
    Effect.map((place) => (place.kind === "owned" ? place.server : null)),
    Effect.catchTag("NoDatabaseIn", () => Effect.succeed(null)),
    Effect.mapError(toProblem),
  )

/** Options of a reading that show how far it is. */
export const shownOptions = (leaveOpen: boolean): ReadingOptions => {
  const show = progressLine()
  return {
    leaveOpen,
    onProgress: (name, line, events) => show(`${name}:${line}, ${counted(events, "event")} added`),
  }
}
