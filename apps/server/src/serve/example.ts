/** A recorded session that comes with the program, so that a first look has something to look at. */
import type { Problem } from "@threadfold/contracts"
import { Engine } from "@threadfold/engine"
import { Effect, Layer } from "effect"
import { importCodexAppServer } from "../import/CodexAppServer.js"
import { exampleRecording } from "../installed.js"

/**
 * Imports the example into an empty log; a log with anything in it stays as it is. The caller owns the data directory
 * and has no engine open on it. Returns how many events were added.
 */
export const loadExample = (file: string): Effect.Effect<number, Problem> =>
  Effect.gen(function* () {
    const engine = yield* Engine
    const head = yield* Effect.orDie(engine.log.head)
    if (head > 0) return 0
    return (yield* importCodexAppServer({ files: [exampleRecording] }, Layer.succeed(Engine, engine))).events
  }).pipe(Effect.provide(Engine.layerInProcess({ file, owner: "held" })))
