/** A recorded session that comes with the program, so that a first look has something to look at. */
import type { Problem } from "@threadfold/contracts/problem"
import { Engine } from "@threadfold/engine"
import { codexAppServer, importRecording, recognize } from "@threadfold/imports"
import { Effect } from "effect"
import { fileRecording } from "../imports/fileRecording.js"
import { exampleRecording } from "../installed.js"
import { toProblem } from "../problems/toProblem.js"

/**
 * Imports the example into an empty log; a log with anything in it stays as it is. The caller owns the data directory
 * and has no engine open on it. Returns how many events were added.
 */
export const loadExample = (file: string): Effect.Effect<number, Problem> =>
  Effect.gen(function* () {
    const engine = yield* Engine
    const head = yield* Effect.orDie(engine.log.head)
    if (head > 0) return 0
    const recognized = yield* recognize(fileRecording(exampleRecording), codexAppServer)
    return (yield* importRecording(recognized)).events
  }).pipe(Effect.provide(Engine.layerInProcess({ file, owner: "held" })), Effect.mapError(toProblem))
